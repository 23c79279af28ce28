"""Which language a customer writes in: by its letters, or else by its commonest words."""

from __future__ import annotations

import re

_LISTS = {
    "en": """the is are was were have has had does did don't can can't could would what where when which why how my
        your you we they this that there it's i'm i'd and with for from about been not please hello order i to me want
        need""",
    "de": """der die das ist sind war habe hat haben nicht ich wir ihr sie mein meine meinen ihre ein eine einen und
        mit für wie wo wann warum kann können möchte bitte auf noch bei zu wird hallo guten""",
    "fr": """le les est sont je j'ai vous nous mon ma mes votre vos une des du et avec pour dans pas qui où quand
        comment pourquoi peux voudrais c'est n'est bonjour merci commande""",
    "es": """el los las está están soy tengo mi mis su una y con para pero por qué dónde cuándo cómo puedo quiero
        necesito del hola gracias mucho pedido usted""",
    "it": """il gli è sono ho mio mia miei una e con per perché dove quando come posso vorrei del della non che mi
        buongiorno ciao grazie ordine questo""",
    "nl": """het een de is zijn heb heeft mijn jullie ik wij we en met voor maar niet waar wanneer hoe waarom kan wil
        graag naar op nog bestelling goedendag""",
    "pt": """o os é são estou tenho meu minha seu uma e com para não onde quando como posso quero preciso do da
        você olá obrigado obrigada pedido""",
    "pl": """jest są nie się mój moja moje mam chcę na z do czy gdzie kiedy jak dlaczego mogę proszę dzień dobry
        zamówienie jestem już jeszcze""",
    "tr": """bir bu ve ne nerede nasıl neden için değil var yok ben benim siparişim istiyorum lütfen merhaba mı mi
        ile ama çok kargo""",
}
_WORDS = {language: frozenset(words.split()) for language, words in _LISTS.items()}
_LETTERS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)
"""Letters that tell a language; Japanese stands before Chinese, whose letters it uses too."""
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; an apostrophe or hyphen inside a word belongs to it."""
    return _WORD.findall(text.replace("’", "'").casefold())


def language_of(text: str) -> str:
    """The two-letter code of the language a text is in; "" where none stands out."""
    letters = len(re.findall(r"[^\W\d_]", text))
    for language, pattern in _LETTERS:
        if len(pattern.findall(text)) * 4 > letters:
            return language
    words = words_of(text)
    counts = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    best, second = sorted(counts, key=lambda language: counts[language], reverse=True)[:2]
    return best if counts[best] > counts[second] else ""

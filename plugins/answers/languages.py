"""The small words of seven languages: they tell which language a text is in, and are no use in a search."""

from __future__ import annotations

import re

# Left out on purpose: words that carry meaning in another of these languages ("car", "die" alone, "sale", "son").
_LISTS = {
    "en": """a about after again all also am an and any anyone are as at be been before being but by can cannot can't
        could couldn't did didn't do does doesn't doing don't for from get getting give got had has have haven't having
        hello her here hi him his how i i'd i'll i'm i've if in into is isn't it it's its just know let like me might
        my need no not now of on or our out over please possible quite really shall she should so some still such tell
        than thank thanks that that's the their them then there these they this those to too try trying until up us
        very want wanted was wasn't we well were what what's when where where's which who whose why will with won't
        would wouldn't you your yours it'll there's something anything somehow ago already always because ever every
        find give got getting happen many make maybe more most much never one only other right see seen sent soon sure
        take taken think thing things time times told use used using way went without yet
        whats wheres hows whos dont cant im ive doesnt didnt isnt wont youre theres thats""",
    "de": """aber alle als am an auch auf aus bei beim bin bis bitte da das dass dein dem den denn der des die dies
        diese dieser dieses doch du ein eine einem einen einer eines er es etwas euch euer für gibt guten habe haben
        hallo hat hatte ich ihm ihn ihnen ihr ihre ihrem ihren im in ist ja jetzt kann kannst kein keine keinen können
        könnte könnten man mehr mein meine meinem meinen meiner mich mir mit möchte muss nach nicht noch nur ob oder
        ohne schon sehr sein seine sich sie sind so soll über um und uns unser vom von vor wann warum was weil welche
        wenn wer werde werden wie wieder will wir wird wo zu zum zur""",
    "fr": """ai aux avec avez bonjour c'est ce cela ces cet cette comme comment dans de depuis des du elle en est
        est-ce et être fait il ils j'ai je la le les leur lui ma mais mes moi mon n'ai n'est ne nos notre nous on ou où
        par pas peut peux plaît pour pourquoi puis-je qu'est-ce quand que quel quelle quels qui quoi sa sans se ses
        s'il si sont suis sur ta te tu un une votre vos vous voudrais y à ça""",
    "es": """a al algo antes aquí con cómo como cuándo cuando cuál cuánto de del dónde donde el ella ellos en es esta
        está este esto estoy favor gracias ha había hace hay hola la las le lo los me mi mis mucho muy necesito no nos
        o para pero por porque puedo puede qué que quiero se ser si sin sobre son su sus también tengo tiene un una
        usted y ya yo""",
    "it": """a ai al alla anche buongiorno che chi ci ciao come con cosa da dal del della delle dei di dove e ed è gli
        grazie ha hanno ho i il in io la le lo loro ma mi mia mie miei mio nel nella no noi non o per perché posso
        può quale quando quanto questa questo qui se si sono sta su sua suo tra un una vorrei voi""",
    "nl": """aan al alle als ben bij dag dan dat de deze die dit doe door een en er geen goed graag had heb hebben heeft
        hem het hier hij hoe hun ik in is ja je jij jullie kan kunnen kunt maar me mij mijn moet na naar niet nog nu of
        om onze ook op te ter toch tot u uit uw van voor waar waarom wanneer was wat we wel welke wie wij wil worden
        wordt zal ze zijn zo zou""",
    "pt": """a ao aos as até boa bom com como da das de depois do dos e é ela ele em esta está este estou eu foi há
        isso já lhe mais mas me meu meus minha muito na não nas no nos o obrigado olá onde os ou para pela pelo por
        porque posso pode quando qual quanto que quem quero se sem ser seu sua são também tem tenho um uma você""",
}

SMALL_WORDS = {language: frozenset(words.split()) for language, words in _LISTS.items()}
EVERY_SMALL_WORD = frozenset().union(*SMALL_WORDS.values())


def small_words(language: str) -> frozenset[str]:
    """The small words of a language; those of all of them where it is not known."""
    return SMALL_WORDS.get(language, EVERY_SMALL_WORD)


_FIRST_WORDS = """
    how what what's where where's when when's which who whose why can could do does did is are may will would
    wie was wo wann welche welcher welches wer warum wieso kann können gibt haben ist comment où quand quel
    quelle pourquoi combien est-ce puis-je pouvez-vous cómo dónde cuándo cuál cuánto puedo come dove quando
    quale quanto posso hoe waar wanneer welke wat waarom kan mag onde qual como
"""
_ASKING = frozenset(_FIRST_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; an apostrophe or hyphen inside a word belongs to it."""
    return _WORD.findall(text.replace("’", "'").casefold())


def language_of(text: str) -> str:
    """The two-letter code of the language whose small words occur most; "" where none stands out."""
    words = words_of(text)
    counts = {language: sum(word in known for word in words) for language, known in SMALL_WORDS.items()}
    best, second = sorted(counts, key=lambda language: counts[language], reverse=True)[:2]
    return best if counts[best] > counts[second] else ""


def without_small_words(text: str, language: str = "") -> str:
    """`text` in lower case, less the small words of its language, or of all of them where it is not known."""
    small = small_words(language)
    kept = re.findall(r"\w+(?:['-]\w+)*", text.replace("’", "'").casefold())
    return " ".join(word for word in kept if word not in small)


def asks(text: str) -> bool:
    """Whether a sentence is a question: by its mark, or by its first word, since few type the mark in a chat."""
    first = words_of(text)[:1]
    return "?" in text or "？" in text or bool(first and first[0] in _ASKING)

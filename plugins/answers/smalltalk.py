"""Messages that ask nothing: greetings, thanks and nods, in several languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from plugins.answers.languages import words_of


class Kind(StrEnum):
    """What a message without a question is."""

    GREETING = "greeting"
    THANKS = "thanks"
    NOD = "nod"


@dataclass(frozen=True, slots=True)
class Smalltalk:
    """What kind of smalltalk a message is, and in which language (two letters)."""

    kind: Kind
    language: str


GREETINGS = {
    "en": "Hello! How can I help you?",
    "de": "Guten Tag! Wie kann ich Ihnen helfen?",
    "fr": "Bonjour ! Comment puis-je vous aider ?",
    "es": "¡Hola! ¿En qué puedo ayudarle?",
    "it": "Buongiorno! Come posso aiutarla?",
    "nl": "Hallo! Waarmee kan ik u helpen?",
    "pt": "Olá! Em que posso ajudar?",
}
WELCOMES = {
    "en": "You're welcome! Have a nice day.",
    "de": "Gern geschehen! Einen schönen Tag noch.",
    "fr": "Avec plaisir ! Bonne journée.",
    "es": "¡De nada! Que tenga un buen día.",
    "it": "Prego! Buona giornata.",
    "nl": "Graag gedaan! Nog een fijne dag.",
    "pt": "De nada! Tenha um bom dia.",
}

_PHRASES = {
    Kind.GREETING: {
        "en": """hello; hi; hey; hiya; howdy; good morning; good afternoon; good evening; good day; greetings;
            how are you; how are you doing; can you help me; could you help me; can you help; i need help;
            i need some help; i have a question; i've a question; quick question; is anyone there;
            anyone there; anybody there; are you there; help""",
        "de": """hallo; guten tag; guten morgen; guten abend; moin; servus; grüß gott; grüezi; ich habe eine frage;
            ich brauche hilfe; können sie mir helfen; kannst du mir helfen""",
        "fr": """bonjour; bonsoir; salut; coucou; j'ai une question; j'ai besoin d'aide; pouvez-vous m'aider""",
        "es": """hola; buenos días; buenos dias; buenas tardes; buenas noches; buenas; buen día;
            tengo una pregunta; necesito ayuda; puede ayudarme; me puede ayudar""",
        "it": """ciao; buongiorno; buon giorno; buonasera; buona sera; salve; ho una domanda; ho bisogno di aiuto;
            può aiutarmi; mi può aiutare""",
        "nl": """hoi; hallo daar; goedemorgen; goedemiddag; goedenavond; goedendag; dag; ik heb een vraag;
            kunt u mij helpen; kun je me helpen""",
        "pt": """olá; ola; oi; bom dia; boa tarde; boa noite; tenho uma pergunta; tenho uma dúvida;
            preciso de ajuda; pode ajudar-me; pode me ajudar""",
    },
    Kind.THANKS: {
        "en": """thanks; thank you; thank u; thx; ty; cheers; many thanks; much appreciated; appreciate it;
            i appreciate it; that solved it; this solved it; that solved my problem; that solves it; solved;
            problem solved; that worked; it worked; it works; it works now; that works; works now;
            that fixed it; fixed; that helped; that helps; that was helpful; very helpful; helpful;
            that's all; that is all; that's it; that is all i needed; that's all i needed;
            that answers my question; that answered my question; no that's all; nothing else; perfect; great;
            awesome; brilliant; excellent; wonderful; amazing; you're the best; bye; goodbye; have a nice day;
            have a good day; for your help; for the help; for your quick reply; for the info;
            for the information; for the quick answer; no thanks; no thank you""",
        "de": """danke; danke schön; dankeschön; vielen dank; besten dank; herzlichen dank; merci vielmals;
            das hat geholfen; das hat funktioniert; es funktioniert; es funktioniert jetzt; es klappt;
            es klappt jetzt; hat geklappt; problem gelöst; gelöst; erledigt; hat sich erledigt; das war alles;
            das ist alles; das wars; perfekt; wunderbar; prima; klasse; tschüss; auf wiedersehen;
            für die hilfe; für ihre hilfe; für deine hilfe; für die schnelle antwort; schönen tag noch;
            nein danke""",
        "fr": """merci; merci beaucoup; merci bien; mille mercis; c'est réglé; c'est résolu; problème résolu;
            résolu; ça marche; ça fonctionne; cela fonctionne; c'est parfait; parfait; c'est tout; super;
            génial; pour votre aide; pour l'aide; pour votre réponse; bonne journée; bonne soirée; au revoir;
            non merci""",
        "es": """gracias; muchas gracias; mil gracias; muchísimas gracias; solucionado; resuelto;
            problema resuelto; ya funciona; funciona; ya está; eso es todo; perfecto; genial; estupendo;
            excelente; por su ayuda; por tu ayuda; por la ayuda; por la información; adiós;
            que tenga un buen día; no gracias""",
        "it": """grazie; grazie mille; molte grazie; tante grazie; risolto; problema risolto; funziona;
            ora funziona; è tutto; perfetto; ottimo; fantastico; per l'aiuto; per il suo aiuto; arrivederci;
            buona giornata; no grazie""",
        "nl": """bedankt; dank je; dank je wel; dankjewel; dank u; dank u wel; dankuwel; hartelijk dank;
            heel erg bedankt; opgelost; het werkt; het werkt nu; het is gelukt; gelukt; dat was alles;
            dat is alles; top; perfect bedankt; prima bedankt; voor je hulp; voor uw hulp; voor de hulp;
            fijne dag; tot ziens; nee bedankt; nee dank je""",
        "pt": """obrigado; obrigada; muito obrigado; muito obrigada; valeu; resolvido; problema resolvido;
            já funciona; funcionou; é tudo; isso é tudo; perfeito; ótimo; excelente obrigado; pela ajuda;
            pela sua ajuda; tenha um bom dia; tchau; não obrigado; não obrigada""",
    },
    Kind.NOD: {
        "en": "ok; okay; k; alright; all right; got it; i see; understood; sure; fine; will do; noted; ok got it",
        "de": "alles klar; verstanden; in ordnung; gut; ach so; okay gut",
        "fr": "d'accord; entendu; compris; ça va; bien reçu",
        "es": "vale; de acuerdo; entendido; muy bien; está bien; claro",
        "it": "va bene; d'accordo grazie; capito; certo; bene",
        "nl": "oké; begrepen; duidelijk; is goed; prima",
        "pt": "tudo bem; certo; entendi; está bem; combinado",
    },
}
_FILLING = """there team all everyone everybody folks guys sir madam support please again so very much a lot lots really
    now yes oh ah wow and but well zusammen leute liebes bitte sehr nochmal ja jetzt und madame monsieur messieurs
    mesdames s'il vous plaît oui et señor señora por favor sí y gentili signori sì e iedereen allemaal hoor en erg
    a todos tudo sim you too"""
_FILLERS = frozenset(_FILLING.split())
_MOST_WORDS = 14
"""A longer message says more than hello, whatever it is made of."""
_GLAD = re.compile("[👍🙏😊🙂😀😃😄❤🎉👌]")

_TABLE: dict[tuple[str, ...], tuple[Kind, str]] = {}
for _kind, _by_language in _PHRASES.items():
    for _language, _list in _by_language.items():
        for _phrase in _list.split(";"):
            _TABLE.setdefault(tuple(words_of(_phrase)), (_kind, _language))
_LONGEST_PHRASE = max(len(phrase) for phrase in _TABLE)


def smalltalk(text: str) -> Smalltalk | None:
    """What `text` is if it is smalltalk from end to end, else None.

    Thanks outweigh a greeting and a nod, a greeting a nod: "ok, thanks" is thanks. A text that holds any word
    beside the known phrases ("thanks, but it still fails") is not smalltalk, nor is one with a digit in it.
    """
    words = words_of(text)
    if not words:
        return Smalltalk(Kind.THANKS, "") if _GLAD.search(text) else None
    if len(words) > _MOST_WORDS or re.search(r"\d", text):
        return None
    found = _phrases_in(words)
    if not found:
        return None
    for kind in (Kind.THANKS, Kind.GREETING, Kind.NOD):
        languages = [language for known, language in found if known is kind]
        if languages:
            return Smalltalk(kind, languages[0])
    return None


def _phrases_in(words: list[str]) -> list[tuple[Kind, str]]:
    """The phrases that `words` are made of, the longest first; none if a word is left over."""
    found: list[tuple[Kind, str]] = []
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            known = _TABLE.get(tuple(words[place : place + length]))
            if known:
                found.append(known)
                place += length
                break
        else:
            if words[place] not in _FILLERS:
                return []
            place += 1
    return found

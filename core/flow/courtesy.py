"""Messages that tell nothing: greetings, thanks, nods, and a mere request for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.flow.human_request import asks_for_human
from core.flow.language import words_of

_THANKING = """
    thanks thank thx ty cheers appreciated danke dank dankeschön merci gracias grazie bedankt dankjewel obrigado
    obrigada dziękuję dzięki teşekkürler teşekkür شكرا धन्यवाद शुक्रिया спасибо 谢谢 謝謝 ありがとう 감사합니다
"""
_COURTEOUS = """
    hello hi hey hiya good morning afternoon evening day there everyone team sir madam dear ok okay yes no please pls
    help me can you i need have a an question anyone somebody here it works now that solved fixed perfect great super
    all is you're very much so many a lot for your the u
    hallo hi guten tag morgen abend moin servus ja nein bitte hilfe ich brauche habe eine frage jemand da vielen besten
    alles klar gut schön ihre für die es geht jetzt
    bonjour bonsoir salut oui non aide besoin d'aide j'ai une question quelqu'un beaucoup bien s'il vous plaît
    hola buenos buenas días dias tardes noches sí no ayuda necesito tengo una pregunta hay alguien muchas por favor
    ciao buongiorno buonasera salve aiuto ho bisogno di una domanda mille molte per favore
    goedemorgen goedemiddag goedenavond goedendag dag hoi vraag heb nodig hulp een ik wel u je graag
    olá ola oi bom boa dia tarde noite ajuda preciso de uma pergunta muito
    cześć dzień dobry witam proszę pomoc potrzebuję pomocy merhaba selam günaydın lütfen yardım
    مرحبا السلام عليكم من فضلك नमस्ते हैलो कृपया привет здравствуйте добрый день пожалуйста помогите
    你好 您好 请 請 こんにちは すみません 안녕하세요
"""
_THANKS = frozenset(_THANKING.split())
_COURTESIES = _THANKS | frozenset(_COURTEOUS.split())
_LONGEST_REQUEST = 8
"""Words, courtesies left out, that a bare request for a person may take; what is beyond them is about something."""
_ENOUGH = 3
"""Words, besides courtesies, from which on an agent knows what a conversation is about."""
_UNSPACED = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def is_courtesy(text: str) -> bool:
    """Whether a message is a greeting, thanks or a nod from end to end."""
    words = words_of(text)
    return bool(words) and all(word in _COURTESIES for word in words) and not re.search(r"\d", text)


def is_thanks(text: str) -> bool:
    """Whether a message is a courtesy that thanks."""
    return is_courtesy(text) and any(word in _THANKS for word in words_of(text))


def has_substance(texts: Sequence[str]) -> bool:
    """Whether messages say what the customer wants: more than courtesies, a bare request for a person, or a word."""
    return sum(_told(clause) for text in texts for clause in re.split(r"[.,;:!?。、，？！\n]+", text)) >= _ENOUGH


def _told(clause: str) -> int:
    """How many words of a clause tell something. Where words are not set apart, two letters count as one."""
    words = [word for word in re.findall(r"\w+(?:['-]\w+)*", clause.casefold()) if word not in _COURTESIES]
    told = sum(len(word) // 2 if _UNSPACED.search(word) else 1 for word in words)
    return max(0, told - _LONGEST_REQUEST) if asks_for_human(clause) else told

"""Does a customer ask for a person? Patterns of several languages, tried on the customer's words."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2000
"""Characters looked at: whoever asks for a person says so early, and a pasted log must not cost time."""

PERSON = {
    "en": r"(?:real |live |actual |human |support |service |customer )*"
    r"(?:human(?: being)?|person|people|agents?|operator|representative|rep|"
    r"advisor|staff member|someone(?: real)?|somebody|colleague|supervisor|manager)",
    "de": r"(?:echten? |richtigen? |menschlichen? )*(?:mensch(?:en)?|person|mitarbeiter(?:in)?|berater(?:in)?|"
    r"kollegen?|kollegin|jemand(?:em|en)?|kundendienst|support[- ]?mitarbeiter|agenten?|vorgesetzten?)",
    "fr": r"(?:vrai[e]? |reel(?:le)? )*(?:humain[e]?|personne(?: reelle)?|conseiller|conseillere|agent|operateur|"
    r"quelqu.un|responsable|etre humain)",
    "es": r"(?:persona(?: real| de verdad)?|humano|agente|operador[a]?|representante|asesor[a]?|alguien|"
    r"ser humano|supervisor|encargado)",
    "it": r"(?:persona(?: reale| vera)?|umano|operatore|operatrice|agente|qualcuno|essere umano|responsabile)",
    "pt": r"(?:pessoa(?: real| de verdade)?|humano|atendente|agente|operador[a]?|alguem|ser humano|supervisor)",
    "nl": r"(?:echte? )*(?:mens|persoon|medewerker|iemand|collega|agent)",
    "pl": r"(?:czlowiek(?:iem|a)?|konsultant(?:em|a|ka)?|pracownik(?:iem|a)?|zywa osoba|zywym czlowiekiem|kims)",
    "tr": r"(?:gercek )*(?:insan(?:la|a)?|temsilci(?:yle|ye)?|yetkili(?:yle|ye)?|kisi(?:yle)?|biri(?:yle|siyle)?)",
}
"""How each language calls somebody who is no machine; accents are taken off before matching."""

ASKING = {
    "en": [
        r"(?:talk|speak|chat|write|connect(?: me)?|transfer(?: me)?|put me through|pass me|hand me(?: over)?|"
        r"get me|switch(?: me)?|escalate(?: (?:this|me|it))?|forward(?: me)?|switch over) "
        r"(?:to|with|through to)? ?(?:a |an |the |your |one of your |some |another )*{person}\b",
        r"(?:want|need|prefer|like|give me|get me|is there|send me|find me|demand|request|require) "
        r"(?:to have |to get |to see )?(?:a |an |the |some |to )*(?:real |live |actual |human )+"
        r"(?:human|person|people|agent|operator|representative|rep|being|help|support|assistance)\b",
        r"(?:want|need|would like|prefer|get me|give me|i.d like) (?:a |an |the |some )*"
        r"(?:human(?: being)?|person|agent|operator|representative)\b"
        r"(?! (?:fee|fees|resources?|module|account|software))",
        r"(?:real|live|actual|human) (?:person|human|agent|operator|being|representative) ?(?:please|now|!|$)",
        r"(?:can|could|may) (?:a|an|some|any) ?(?:real |human |live )*(?:human|person|agent|one|body) "
        r"(?:please )?(?:help|answer|call|contact|talk|take over)",
        r"{person} (?:that |who |whom )?(?:i|we) (?:can|could|may) (?:talk|speak|chat|write)\b",
        r"who (?:can|could|may|do|should) i (?:talk|speak|chat) (?:to|with)\b",
        r"(?:let me|may i|can i|could i) (?:please )?(?:talk|speak|chat) (?:to|with) {person}\b",
    ],
    "de": [
        r"(?:mit|zu|an) (?:einem|einer|einen|dem|der|den|nem|ner|ihrem|ihrer|eurem)? ?{person}\b.{{0,40}}"
        r"(?:sprechen|reden|schreiben|chatten|verbinden|verbunden|weiterleiten|telefonieren|unterhalten)",
        r"(?:sprechen|reden|verbinden|verbinde|weiterleiten|chatten)\b.{{0,25}}(?:mit|zu|an) "
        r"(?:einem|einer|einen|dem|der|den|ihrem)? ?{person}\b",
        r"(?:will|mochte|moechte|brauche|hatte gern|haette gern|bitte) (?:bitte )?(?:einen|eine|nen|mit einem) "
        r"(?:echten? |richtigen? )*(?:menschen|mitarbeiter|mitarbeiterin|berater|person|ansprechpartner)\b",
        r"(?:echte[rn]?|richtige[rn]?) (?:mensch(?:en)?|person) ?(?:bitte|!|$)",
    ],
    "fr": [
        r"(?:parler|discuter|echanger|communiquer|contacter|joindre) (?:a|avec)? ?(?:une?|un|votre|le)? ?{person}\b",
        r"(?:passez|passer|transferez|transferer|mettez)[- ]?(?:moi)? .{{0,20}}{person}\b",
        r"(?:veux|voudrais|besoin d.|souhaite) ?(?:une?|un)? ?(?:vrai[e]? )?"
        r"(?:humain|personne|conseiller|conseillere)\b",
    ],
    "es": [
        r"(?:hablar|chatear|comunicar(?:me)?|contactar|pasar(?:me)?|conectar(?:me)?|paseme|comuniqueme|paseme) "
        r"(?:con|a)? ?(?:una|un|el|la|su)? ?{person}\b",
        r"(?:quiero|necesito|quisiera|prefiero) (?:a )?(?:una|un) (?:persona|humano|agente|operador|asesor)\b",
    ],
    "it": [
        r"(?:parlare|chattare|comunicare|passatemi|passarmi|mettetemi in contatto) (?:con|a)? ?"
        r"(?:una|un|il|l.)? ?{person}\b",
        r"(?:voglio|vorrei|ho bisogno di) (?:una|un) (?:persona|umano|operatore|operatrice)\b",
    ],
    "pt": [
        r"(?:falar|conversar|transferir|passar|conectar) (?:com|para|a)? ?(?:uma|um|o|a)? ?{person}\b",
        r"(?:quero|preciso de|gostaria de|prefiro) (?:uma|um) (?:pessoa|humano|atendente)\b",
    ],
    "nl": [
        r"(?:met|naar) (?:een|uw|jullie)? ?{person}\b.{{0,30}}(?:spreken|praten|chatten|doorverbinden|doorverbonden)",
        r"(?:spreken|praten|chatten|doorverbinden) met (?:een|uw)? ?{person}\b",
        r"(?:wil|heb) (?:graag )?(?:een )?(?:echte? )?(?:mens|medewerker|persoon)\b(?: nodig| spreken| aan de lijn|$)",
    ],
    "pl": [
        r"(?:rozmawiac|porozmawiac|polaczyc|polacz(?:cie)? mnie|pogadac|skontaktowac) .{{0,10}}z (?:kims )?{person}\b",
        r"(?:chce|potrzebuje|prosze o) (?:zywego )?(?:czlowieka|konsultanta|pracownika)\b",
    ],
    "tr": [
        r"{person} (?:ile )?(?:konusmak|gorusmek|gorusebilir|baglan|yazismak|konusabilir)",
        r"(?:musteri )?temsilci(?:si|siyle|sine)? ?(?:istiyorum|lutfen|baglan\w*|ile)",
    ],
}
"""How each language asks for one; `{person}` stands for the words above."""

OTHER_SCRIPTS = (
    "人工客服",
    "转人工",
    "真人",
    "人工服务",
    "人と話",
    "担当者と話",
    "オペレーター",
    "オペレータに",
    "인간 상담",
    "상담원",
    "التحدث مع شخص",
    "اتحدث مع شخص",
    "أتحدث مع شخص",
    "موظف بشري",
    "التحدث إلى موظف",
    "التحدث الى موظف",
    "इंसान से बात",
    "व्यक्ति से बात",
    "एजेंट से बात",
    "с человеком",
    "с оператором",
    "живой человек",
    "позовите оператора",
)
"""Where words are not set apart by spaces, or inflect little in this phrase, the phrase itself is looked for."""

ALONE = re.compile(
    r"(?:please )?(?:a )?(?:real |live )?(?:human|agent|operator|representative|real person|live agent|humain|humano|"
    r"mensch|mitarbeiter|operatore|operador|agente|atendente|medewerker|konsultant|temsilci|conseiller|persona real|"
    r"speak to agent|customer service representative)"
    r"(?: please| pls| bitte| svp| por favor| per favore| alsjeblieft| lutfen| prosze| now)?"
)
"""A message of nothing but this."""

REFUSING = re.compile(
    r"\b(?:no|not|don.?t|do not|doesn.?t|didn.?t|never|without|rather than|instead of|nicht|kein(?:en|e)?|ohne|pas|"
    r"sans|sin|senza|non|nao|sem|geen|niet|zonder|nie|bez)\b[^.!?,;]{0,30}$"
)
"""What turns the request that follows into its opposite, in the same sentence and close before it."""

TYPOS = {
    re.compile(r"\b(?:humen|humman|hunan|huamn)\b"): "human",
    re.compile(r"\b(?:persn|preson|peson|perosn)\b"): "person",
    re.compile(r"\b(?:agnet|agemt|aegnt)\b"): "agent",
}
"""What these words become under hurried fingers."""

_PATTERNS = [
    re.compile(pattern.format(person=PERSON[language])) for language, patterns in ASKING.items() for pattern in patterns
]
_MENTIONS = re.compile(
    r"user agents?|travel agents?|estate agents?|agent fees?|human resources?|hr module|agents? of|ticket agent"
)


def asks_for_human(text: str) -> bool:
    """Whether the customer asks to be helped by a person (behaviour 108, 109, 111)."""
    shown = text[:LONGEST].casefold()
    if any(phrase in shown for phrase in OTHER_SCRIPTS):
        return True
    plain = _plain(shown)
    for sentence in re.split(r"[.!?\n]+", plain):
        if ALONE.fullmatch(sentence.strip(" ,:;-")):
            return True
        if _asks(_MENTIONS.sub(" ", sentence)):
            return True
    return False


def _asks(sentence: str) -> bool:
    for pattern in _PATTERNS:
        for found in pattern.finditer(sentence):
            if not REFUSING.search(sentence[: found.start()]):
                return True
    return False


def _plain(text: str) -> str:
    """Lower case without accents and with single spaces, so that hurried writing is understood too."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    bare = bare.replace("ł", "l").replace("ı", "i").replace("ß", "ss").replace("’", "'")
    for typo, word in TYPOS.items():
        bare = typo.sub(word, bare)
    lines = (" ".join(line.split()) for line in bare.splitlines())
    return "\n".join(lines)

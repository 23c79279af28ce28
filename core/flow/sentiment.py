"""How a customer feels, told from words, negation, capitals, punctuation and emoji."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.domain import Sentiment
from core.flow.language import words_of

_WORDS = {
    -2.0: """unacceptable outrageous furious angry scam scammers fraud fraudulent terrible horrible awful disgusting
        disgraceful ridiculous worst useless pathetic liars thieves rubbish hate shameful incompetent lawyer
        unverschämt unverschämtheit betrug betrüger wütend schrecklich furchtbar inakzeptabel katastrophe saftladen
        frechheit lächerlich schlimmste anwalt inadmissible scandaleux arnaque furieux furieuse horrible honteux nul
        nulle catastrophe escrocs voleurs inaceptable estafa furioso furiosa terrible horrible vergüenza pésimo pésima
        ridículo estafadores ladrones inaccettabile truffa vergogna pessimo pessima orribile arrabbiato arrabbiata
        ladri onacceptabel oplichting oplichters woedend verschrikkelijk belachelijk schandalig waardeloos boos
        inaceitável golpe péssimo péssima horrível vergonha absurdo ridícula""",
    -1.0: """disappointed disappointing annoyed annoying frustrated frustrating upset unhappy bad poor slow rude
        impossible complaint complain unprofessional joke broken enttäuscht enttäuschend ärgerlich genervt schlecht
        unzufrieden frustriert beschwerde déçu déçue décevant énervé énervée mauvais mécontent mécontente plainte
        decepcionado decepcionada molesto molesta malo mala queja deluso delusa fastidioso scontento scontenta
        reclamo teleurgesteld vervelend slecht ontevreden klacht geïrriteerd desapontado desapontada chateado chateada
        ruim reclamação""",
    0.5: """thanks thank thx danke dank merci gracias grazie bedankt dankjewel obrigado obrigada helpful good nice gut
        bien bueno bene goed bom""",
    1.0: """great perfect awesome excellent wonderful amazing fantastic brilliant love lovely happy glad pleased
        solved super perfekt wunderbar ausgezeichnet großartig zufrieden glücklich klasse parfait génial excellente
        formidable contente ravi ravie perfecto genial estupendo excelente encantado encantada feliz contento
        contenta perfetto ottimo fantastico felice perfetta geweldig blij tevreden fantastisch prachtig perfeito ótimo
        maravilhoso adorei""",
}
_SCORES = {word: score for score, words in _WORDS.items() for word in words.split()}
_NEGATING = """
    not no never neither nor isn't wasn't aren't don't doesn't didn't can't cannot won't hardly without nicht
    kein keine keinen nie ohne pas jamais sans aucun aucune nunca sin non mai senza niet geen nooit zonder não
    nem sem ne
"""
_NEGATIONS = frozenset(_NEGATING.split())
_REACH = 3
"""Words before a word of feeling in which a negation turns it round."""
_ANGRY_SIGNS = re.compile("[😠😡🤬👎😤]")
_HAPPY_SIGNS = re.compile("[😊🙂😀😃😄😍👍🙏❤🎉]|(?<!\\w)[:;]-?\\)")
_ANGRY_FROM = -2.0
_HAPPY_FROM = 1.0
_REMEMBERED = 4
"""The last messages count: what was said before them is past."""


def sentiment_of(texts: Sequence[str]) -> Sentiment:
    """The sentiment of a customer's messages, oldest first; later ones count more, NEUTRAL for none."""
    recent = [text for text in texts if text.strip()][-_REMEMBERED:]
    total = 0.0
    for age, text in enumerate(reversed(recent)):
        total += _score(text) * 0.7**age
    if total <= _ANGRY_FROM:
        return Sentiment.ANGRY
    return Sentiment.HAPPY if total >= _HAPPY_FROM else Sentiment.NEUTRAL


def _score(text: str) -> float:
    """Below nought for anger, above it for joy."""
    # By clause, so that the "no" of "No, it is terrible" turns nothing round.
    score = sum(_clause(words_of(clause)) for clause in re.split(r"[.,;:!?\n]+", text))
    score -= 2.0 * len(_ANGRY_SIGNS.findall(text))
    score += 1.0 * len(_HAPPY_SIGNS.findall(text))
    loud = _shouts(text)
    if "!" in text and score > 0:
        score += 0.5
    elif re.search(r"[!?]{2,}", text) and (score < 0 or loud):
        score -= 1.0
    if loud and score <= 0:
        score -= 1.5
    return score


def _clause(words: Sequence[str]) -> float:
    score = 0.0
    for place, word in enumerate(words):
        value = _SCORES.get(word, 0.0)
        if value and any(before in _NEGATIONS for before in words[max(0, place - _REACH) : place]):
            # "Not good" is a complaint; "not bad" is hardly praise.
            value = -value if value > 0 else -value / 4
        score += value
    return score


def _shouts(text: str) -> bool:
    """Whether most of a text is in capitals; one word such as "VAT" is not shouting."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    capitals = [word for word in words if word.isupper()]
    return len(capitals) >= 3 and len(capitals) * 2 > len(words)

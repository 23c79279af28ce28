"""Tells mail that a machine wrote (out-of-office notices, bounces, mail from no-reply addresses) from a customer's.

Freshdesk shows no header of a mail, so that only its sender, subject and text can tell. To answer a machine begins a
conversation without end; to overlook a customer loses one: each rule is made narrow for the sake of the second.
"""

from __future__ import annotations

import re

LOOKED_AT = 600
"""Characters of a text that are looked at: a notice says in its first lines that it is one."""

_SENDER = re.compile(
    r"(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre|no[-_.]?responder|"
    r"mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|auto[-_.]?reply|auto[-_.]?responder|bounces?)"
    r"(?:[-_.+].*)?@",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:(?:re|aw|fw|fwd|wg|tr|rv)\s{0,3}:\s{0,3})?(?:"
    # Notices of absence: as programs write them, with a colon or nothing behind.
    r"(?:automatic reply|auto[- ]?reply|autoreply|automatische antwort|automatisch antwoord|réponse automatique|"
    r"reponse automatique|respuesta automática|respuesta automatica|resposta automática|risposta automatica|"
    r"automatiskt svar|automatisk svar|automatyczna odpowiedź|automatická odpověď|автоответ)\s*(?::|\Z)|"
    r"(?:out of (?:the )?office|ooo|abwesenheitsnotiz|abwesenheitsbenachrichtigung|abwesend|absence du bureau|"
    r"fuera de (?:la )?oficina|fuori sede|afwezig)\s*(?::.*|-.*|\Z)|"
    r"(?:out of office|abwesenheits)[- ]?(?:auto[- ]?)?reply\b|"
    # Bounces.
    r"undeliverable\s*:|undelivered mail returned to sender|mail delivery (?:failed|failure|system|subsystem)\b|"
    r"delivery status notification\b|returned mail\s*:|failure notice\s*\Z|delivery has failed\b|"
    r"unzustellbar\s*:|non remis\s*:|no se puede entregar\s*:|onbestelbaar\s*:|non recapitabile\s*:|"
    r"não é possível entregar\s*:|message delivery (?:failure|delayed)\b"
    r")",
    re.IGNORECASE,
)
_BOUNCE = re.compile(
    r"this is the mail system at host\b|delivery to the following recipients? (?:has )?failed|"
    r"delivery has failed to these recipients or groups|could not be delivered to one or more (?:of its )?recipients|"
    r"this message was created automatically by mail delivery software|"
    r"(?:address not found|message not delivered)\s+your message (?:wasn't|couldn't)|"
    r"your message wasn't delivered to\b.{0,80}@",
    re.IGNORECASE | re.DOTALL,
)
_ABSENT = re.compile(
    r"\b(?:i am|i['’]m|i will be|we are|currently)\s+(?:currently\s+|now\s+)?"
    r"(?:out of (?:the |my )?office|on (?:annual |parental |maternity |paternity |sick )?leave|on (?:holiday|vacation)|"
    r"away from (?:the office|my desk|my email))|"
    r"\bich bin (?:derzeit|zurzeit|zur zeit|momentan|aktuell|vom|bis|ab|am|im urlaub|nicht im (?:büro|haus)|außer haus|"
    r"abwesend)|"
    r"\bje suis (?:actuellement )?(?:absente?|en congés?|en vacances)\b|"
    r"\b(?:estoy|me encuentro|estaré) (?:actualmente )?(?:fuera de la oficina|de vacaciones|ausente)\b|"
    r"\b(?:estou|estarei) (?:atualmente )?(?:fora do escritório|de férias|ausente)\b|"
    r"\bsono (?:attualmente )?(?:fuori ufficio|assente|in ferie)\b|"
    r"\bik ben (?:momenteel |op dit moment )?(?:afwezig|niet op kantoor|met vakantie)\b|"
    r"\bjag är (?:för närvarande )?(?:på semester|inte på kontoret|tjänstledig)\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"\b(?:limited|no|without|sporadic) access to (?:my )?e-?mails?|"
    r"\b(?:i will|i['’]ll) (?:be back|return|reply|respond|get back)\b|\bback (?:in the office|on)\b|"
    r"\breturn(?:ing)? (?:to the office )?on\b|\b(?:in|for) urgent (?:cases|matters|issues)\b|"
    r"\bif (?:it is|it['’]s|this is|your (?:matter|request) is) urgent\b|"
    r"\be-?mails? (?:will|are) not (?:be )?(?:forwarded|read|monitored)|"
    r"\bin dringenden (?:fällen|angelegenheiten)|\bwende[nt]? sie sich\b|"
    r"\b(?:nicht|werden) (?:weitergeleitet|gelesen)\b|"
    r"\b(?:wieder|zurück) (?:erreichbar|im büro|da|ab|am)\b|"
    r"\bde retour\b|\ben cas d['’]urgence\b|\bà mon retour\b|"
    r"\b(?:a mi regreso|en caso de urgencia|regreso el|para asuntos urgentes)\b|"
    r"\b(?:em caso de urgência|regresso|al mio ritorno|in caso di urgenza|per urgenze)\b|"
    r"\b(?:bij dringende|weer bereikbaar|terug op|vid brådskande|tillbaka den)\b",
    re.IGNORECASE,
)


def is_machine_mail(sender: str, subject: str, text: str) -> bool:
    """Whether a mail was written by a machine, as far as its sender's address, subject and text tell.

    A text tells it by the words of a bounce; or by a sentence of absence together with one on when or where else to
    write, and with no question in it.
    """
    if _SENDER.match(sender.strip()) or _SUBJECT.match(subject.strip()[:300]):
        return True
    head = text[:LOOKED_AT]
    if _BOUNCE.search(head):
        return True
    return "?" not in head and bool(_ABSENT.search(head)) and bool(_INSTEAD.search(head))

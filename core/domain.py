"""The frozen values and enumerations that cross the boundary between core and plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn


class _Nothing(dict[str, Any]):
    """An empty, unchangeable mapping: hashable, as a dataclass wants its defaults, and a dict, so JSON takes it."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __setitem__(self, key: str, value: Any) -> NoReturn:
        raise TypeError("the empty default of a value cannot be changed")


NOTHING: Mapping[str, Any] = _Nothing()


class Secret:
    """A credential that shows as ``***`` wherever it is printed; `reveal` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)


# --------------------------------------------------------------------------------------------- enumerations


class Channel(StrEnum):
    """How the customer came."""

    WEB = "web"
    EMAIL = "email"
    PHONE = "phone"


class Mode(StrEnum):
    """What the AI does on a channel: answer, draft for an agent, only decide, or nothing."""

    AUTOPILOT = "autopilot"
    ASSIST = "assist"
    SHADOW = "shadow"
    OFF = "off"


class SessionStatus(StrEnum):
    OPEN = "open"
    CLOSED_RESOLVED = "closed_resolved"
    CLOSED_UNRESOLVED = "closed_unresolved"


class Owner(StrEnum):
    """Who may speak now."""

    AI = "ai"
    HUMAN = "human"
    NOBODY = "nobody"


class Author(StrEnum):
    CUSTOMER = "customer"
    AI = "ai"
    AGENT = "agent"
    SYSTEM = "system"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class Sentiment(StrEnum):
    ANGRY = "angry"
    NEUTRAL = "neutral"
    HAPPY = "happy"


class EventSource(StrEnum):
    WEBHOOK = "webhook"
    POLL = "poll"
    BACKFILL = "backfill"


class ActionKind(StrEnum):
    """The outbound effects; `reply` and `note` post a message, the others set a value and may be repeated."""

    REPLY = "reply"
    NOTE = "note"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    RESOLVE = "resolve"
    UPDATE = "update"

    @property
    def posts(self) -> bool:
        """Whether performing it twice shows twice at the vendor."""
        return self in (ActionKind.REPLY, ActionKind.NOTE)


class ActionState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    RETRY = "retry"
    UNCERTAIN = "uncertain"
    RECONCILING = "reconciling"
    SENT = "sent"
    FAILED = "failed"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How a turn ended."""

    REPLY = "reply"
    HANDOFF = "handoff"
    RESOLVE = "resolve"
    SILENCE = "silence"


class Reason(StrEnum):
    """Why a turn ended as it did: the reason code of its decision."""

    ANSWERED = "answered"
    EXPLICIT_REQUEST = "explicit_request"
    CANNOT_RESOLVE = "cannot_resolve"
    LOW_CONFIDENCE = "low_confidence"
    FRUSTRATION = "frustration"
    FORBIDDEN_TOPIC = "prohibited_topic"
    TOPIC_NOT_ALLOWED = "topic_not_allowed"
    OUTSIDE_OFFICE_HOURS = "outside_office_hours"
    MISSING_KNOWLEDGE = "missing_knowledge"
    MISSING_TOOL = "missing_tool"
    UNCLEAR_INSTRUCTION = "unclear_instruction"
    DECLINED_HUMAN = "declined_human"
    OFFERED_HELP = "offered_help"
    ASKED_FOR_DETAILS = "asked_for_details"
    ASKED_TO_CLARIFY = "asked_to_clarify"
    RESPONDER_FAILED = "responder_failed"
    NO_RESPONDER = "no_responder"
    RESPONDER_DECIDED = "responder_decided"
    RESOLVED = "resolved"
    ASSUMED_RESOLVED = "assumed_resolved"
    ASSIGNED_TO_HUMAN = "session_assigned_to_human_agent"
    NOT_ASSIGNED_TO_AI = "not_assigned_to_ai"
    CHANNEL_OFF = "channel_off"
    SESSION_CLOSED = "session_closed"
    SUPERSEDED = "superseded"
    CANCELLED = "response_cancelled"
    NOT_USEFUL = "skipping_unuseful_response"
    VETOED = "vetoed"
    CONVERSATION_GONE = "conversation_gone"
    TOO_OLD = "too_old"
    DELIVERY_FAILED = "delivery_failed"
    DISCONNECTED = "disconnected"
    AUTOMATIC_MESSAGE = "automatic_message"
    TOO_MANY_REPLIES = "too_many_replies"


class Priority(StrEnum):
    """Whose turn it is when a connection's budget runs short, most urgent first."""

    LIVE = "live_reply"
    HANDOFF = "handoff"
    SYNC = "sync"
    POLL = "poll"
    DESTINATION = "destination"
    BACKFILL = "backfill"


# ---------------------------------------------------------------------------------------- the stored things


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a connection speaks as: what `Connector.verify` found at the vendor.

    `agent_id` is the vendor's id of the designated agent; `account` names the account for a person;
    `details` holds further JSON values that the connector wants back in `Connection.identity.details`.
    `warnings` are what works less well than it could, each with its mend: shown, and no reason to refuse.
    """

    agent_id: str
    agent_name: str
    agent_email: str
    account: str = ""
    details: Mapping[str, Any] = NOTHING
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """One configured account of a connector.

    `settings` is what the connector's `settings_schema` loaded: plain values, and `Secret` for credentials.
    `identity` is None until the connection has been verified.
    """

    id: int
    name: str
    connector: str
    settings: Mapping[str, Any]
    identity: Identity | None = None
    active: bool = True
    generation: int = 1

    @property
    def inbound(self) -> bool:
        """Whether customers' messages come in by it; one that only writes records hears nothing and answers nobody."""
        return bool(self.settings.get("inbound", True))

    @property
    def agent_id(self) -> str:
        """The designated agent's id at the vendor, "" before the connection is verified."""
        return self.identity.agent_id if self.identity else ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or image of a message; `url` is where the vendor keeps it ("" if it did not say).

    `placeholder` says in words what stands here when the content could not be fetched or read.
    """

    name: str
    url: str = ""
    content_type: str = ""
    size: int | None = None
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person, as one connection knows them; matched by email across connections."""

    external_id: str
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """An entry of a session. `text` is plain text; `id` is ours, `external_id` the vendor's ("" if none yet).

    `automatic` says that a machine wrote it.
    """

    author: Author
    text: str
    at: datetime
    visibility: Visibility = Visibility.PUBLIC
    external_id: str = ""
    author_name: str = ""
    attachments: tuple[Attachment, ...] = ()
    id: int = 0
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation or ticket as Relaydesk keeps it.

    `conversation_id` is the vendor's id; `assignee` and `group` are the vendor's ids of the agent and the group it is
    assigned to ("" for none); `url` leads an operator to the vendor's own thread; `data` are the connector's own JSON
    values (`MessageFact.data` and `VendorState.data`, merged over time).
    """

    id: int
    connection_id: int
    conversation_id: str
    channel: Channel
    status: SessionStatus
    owner: Owner
    contact: Contact | None = None
    assignee: str = ""
    group: str = ""
    url: str = ""
    handed_off: bool = False
    data: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class Event:
    """One stored inbound fact: the vendor's payload, untouched, with what was needed to store it."""

    id: int
    connection_id: int
    external_id: str
    kind: str
    conversation_id: str
    payload: Mapping[str, Any]
    received_at: datetime
    source: EventSource = EventSource.WEBHOOK


@dataclass(frozen=True, slots=True)
class Inbound:
    """What `Connector.split` finds in one webhook body, before it is stored.

    `external_id` is the dedupe key: equal for every delivery of the same fact, however it reaches us
    (for a message use ``message:<vendor id>``). `kind` is the vendor's own name for it.
    `conversation_id` is "" where the payload names none; `at` is when it happened, None if that is not known.
    A `hint` only says that something happened in the conversation: what it was, core reads at the vendor. Each one
    counts, so that its `external_id` is "".
    """

    external_id: str
    kind: str
    conversation_id: str
    payload: Mapping[str, Any]
    at: datetime | None = None
    hint: bool = False


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A page of an account's own list of conversations; an empty `cursor` says that it was the last one."""

    conversation_ids: tuple[str, ...]
    cursor: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class ListedConversation:
    """A conversation as a list of changes shows it.

    `at` is when the vendor changed it last; `waiting` says that it is to be imported by a backfill (open or pending);
    `status` is the vendor's own word for its status. `payload` is what the list said, for `read_conversation`.
    """

    conversation_id: str
    at: datetime
    waiting: bool
    status: str
    payload: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of what has changed in an account, oldest change first; an empty `cursor` says it was the last one."""

    conversations: tuple[ListedConversation, ...]
    cursor: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class BackfillEstimate:
    """What a backfill is expected to meet: conversations to import, and `calls` to do it; None for what is unknown."""

    conversations: int | None = None
    calls: int | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call costs: how many `calls` of the limit it counts as, and under which further limit it falls."""

    calls: int = 1
    lane: str = ""


# -------------------------------------------------------------------------------------------------- facts


@dataclass(frozen=True, slots=True)
class MessageFact:
    """A message was written. `author_id` is the vendor's id of who wrote it.

    `author` is CUSTOMER, AGENT or SYSTEM; core itself finds out which agent messages are the AI's own:
    those whose `author_id` is the connection's designated agent.
    """

    external_id: str
    author: Author
    author_id: str
    text: str
    at: datetime
    visibility: Visibility = Visibility.PUBLIC
    attachments: tuple[Attachment, ...] = ()
    customer_id: str = ""
    """The vendor's id of the customer whose conversation this is, "" if the payload does not say."""
    data: Mapping[str, Any] = NOTHING
    """JSON values to merge into `Session.data`."""
    quoted: str = ""
    """What the message quotes of earlier ones: kept in the record, not shown to a responder."""
    automatic: bool = False
    """Whether a machine wrote it (an out-of-office notice, a bounce): it is kept, and not answered."""


@dataclass(frozen=True, slots=True)
class AssignmentFact:
    """The conversation was assigned to `assignee` (the vendor's agent id), or to nobody ("")."""

    assignee: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StatusFact:
    """The conversation was closed or (re)opened at the vendor, by `by` ("agent", "user", "system", "")."""

    closed: bool
    at: datetime
    by: str = ""


Fact = MessageFact | AssignmentFact | StatusFact


@dataclass(frozen=True, slots=True)
class VendorState:
    """What `Connector.read_state` reads at the vendor just now.

    `customer_id` and `url` are "" where the vendor does not say. `channel` is None to leave it as it is.
    `removed` says that it was deleted or is spam: it is closed as unresolved, and nobody is answered.
    """

    closed: bool
    assignee: str
    url: str = ""
    customer_id: str = ""
    at: datetime | None = None
    channel: Channel | None = None
    data: Mapping[str, Any] = NOTHING
    group: str = ""
    removed: bool = False


@dataclass(frozen=True, slots=True)
class ConversationRead:
    """What `Connector.read_conversation` found: the messages asked for, oldest first, and what is true now.

    `state` is None where it was not read, `contact` where the answer does not say who the customer is.
    """

    messages: tuple[Inbound, ...]
    state: VendorState | None = None
    contact: Contact | None = None


# ------------------------------------------------------------------------------------------ turns and drafts


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the handoff settings ask of a responder; core itself sees to it that they are kept.

    `topics_allowed` (all, where it is empty) and `topics_forbidden` are the operator's words for topics: a responder
    that tells topics apart names one of them where it fits. `may_hand_off` is False where the AI has to get along
    without humans, `gather_first` True where it shall ask for what an agent will need before it gives up.
    """

    topics_allowed: tuple[str, ...] = ()
    topics_forbidden: tuple[str, ...] = ()
    may_hand_off: bool = True
    gather_first: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a responder is asked: the whole thread so far, oldest first, and the part nobody has answered yet.

    `messages` holds public and private messages; nothing private may be repeated to the customer.
    `unanswered` are the customer's messages since the last public message of the AI or an agent.
    """

    session: Session
    connection: str
    mode: Mode
    messages: tuple[Message, ...]
    unanswered: tuple[Message, ...]
    contact: Contact | None = None
    guidance: Guidance = Guidance()

    @property
    def question(self) -> str:
        """The unanswered messages as one text, a line each."""
        return "\n".join(message.text for message in self.unanswered if message.text)


@dataclass(frozen=True, slots=True)
class Summary:
    """For the agent who takes over: `text` in a few sentences, and the customer's sentiment."""

    text: str
    sentiment: Sentiment = Sentiment.NEUTRAL


@dataclass(frozen=True, slots=True)
class OutboundFile:
    """A file to be sent with a reply or note; `url` is where it can be had instead, if it cannot be sent."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer the customer with `text` (plain text or light Markdown).

    `confidence` runs from 0.0 to 1.0; below the setting ``handoff.confidence`` core hands off instead.
    `might_solve` and `fully_covered` are the two judgement flags of behaviour 13. `sources` name the
    passages used, for the decision's record. `topic` is what it is about in a word or two, "" if the responder
    does not tell; `sentiment` how the customer feels, None to leave that to core. `summary` serves an agent, should
    core's own rules hand off in spite of the reply.
    """

    text: str
    confidence: float = 1.0
    might_solve: bool = True
    fully_covered: bool = False
    sources: tuple[str, ...] = ()
    sentiment: Sentiment | None = None
    topic: str = ""
    summary: Summary | None = None
    files: tuple[OutboundFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Handoff:
    """Let a human go on. `reason` is a reason code; without `summary` core asks the hook `summarise_session`.

    `detail` says more for the decision's record, never for the customer; `topic` and `sources` are as in `Reply`.
    Of MISSING_KNOWLEDGE, MISSING_TOOL and UNCLEAR_INSTRUCTION (behaviour 113) core makes what it makes of
    CANNOT_RESOLVE. It hands off as the settings say: where they forbid it or try longer, the customer is told so.
    """

    reason: Reason = Reason.CANNOT_RESOLVE
    detail: str = ""
    summary: Summary | None = None
    topic: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolve:
    """The matter is settled: close the conversation, after a last `text` to the customer if there is one."""

    text: str = ""
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing, and record why."""

    reason: Reason = Reason.NOT_USEFUL
    detail: str = ""


Draft = Reply | Handoff | Resolve | Silence


@dataclass(frozen=True, slots=True)
class Route:
    """The gate's answer: may the AI speak in this session? `claim` says to assign it to the AI agent first."""

    answer: bool
    reason: Reason
    claim: bool = False


# ------------------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True)
class Action:
    """One outbound effect, to be performed by `Connector.perform`.

    `text` is the message of a `reply` or `note`, and `files` go with it; `assignee` is the vendor's agent id of an
    `assign`. `fields` may hold of an `assign` the `group` it goes to (with no assignee), and of an `update` the
    `values` to be set, in the vendor's words (see `Step`); of both, the `labels` to be added.
    `started_at` is when the attempt now under way (or in doubt) began.
    `reference` is unique to the action: a connector may put it into private text as an exact proof.
    """

    id: int
    session_id: int
    conversation_id: str
    kind: ActionKind
    text: str = ""
    assignee: str = ""
    fields: Mapping[str, Any] = NOTHING
    channel: Channel = Channel.WEB
    state: ActionState = ActionState.PENDING
    started_at: datetime | None = None
    reference: str = ""
    vendor_id: str = ""
    error: str = ""
    files: tuple[OutboundFile, ...] = ()
    known_ids: frozenset[str] = frozenset()
    """Vendor message ids already bound to other actions or messages: they cannot prove this one."""
    data: Mapping[str, Any] = NOTHING
    """The session's `data`."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The vendor's proof of an effect: the id it gave a message ("" for a value that was set).

    `remark` says what could only be done in part (a file that was refused), for whoever looks at the action.
    """

    vendor_id: str = ""
    at: datetime | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One effect of a handoff, or of its end, as the vendor's users expect it; core writes the text of a note.

    `fields` are as in `Action`. `otherwise` says that it is only wanted if the step before it was refused.
    """

    kind: ActionKind
    assignee: str = ""
    fields: Mapping[str, Any] = NOTHING
    otherwise: bool = False


@dataclass(frozen=True, slots=True)
class Veto:
    """A plugin forbids an action; `reason` is shown with it."""

    reason: str


@dataclass(frozen=True, slots=True)
class SessionChange:
    """What changed in a session: `kind` is a timeline word of behaviour 12, `detail` its JSON values."""

    kind: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a diagnosis: `level` is "ok", "warning" or "error"; `mend` says what to do."""

    level: str
    what: str
    mend: str = ""


# ------------------------------------------------------------------------------------ what people set up by hand


@dataclass(frozen=True, slots=True)
class Copy:
    """A text to be copied into the vendor's pages; `label` says where it goes. A `secret` is not for everyone."""

    label: str
    text: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step of a guide: what to do, in a sentence or more, and what is to be copied for it."""

    text: str
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """What a person must do at the vendor, step by step; `remark` is what to know beside it."""

    steps: tuple[GuideStep, ...]
    remark: str = ""

    @property
    def copies(self) -> tuple[Copy, ...]:
        """All that is to be copied, each once, in the order of the steps."""
        return tuple(dict.fromkeys(copy for step in self.steps for copy in step.copies))

    @property
    def text(self) -> str:
        """The guide as numbered lines of plain text, with what is to be copied in lines of its own."""
        lines: list[str] = []
        for number, step in enumerate(self.steps, 1):
            lines.append(f"{number}. {step.text}")
            for copy in step.copies:
                lines += [f"   {copy.label}:", f"   {copy.text}"]
        return "\n".join([*lines, self.remark] if self.remark else lines)


@dataclass(frozen=True, slots=True)
class LookUp:
    """Something that a connector can look up: `name` is its word in a mapping, as in ``agent(email)``.

    `by` says what it is found by, and `finds` what is found, both for a person. What was found is believed for
    `keep_seconds`.
    """

    name: str
    by: str
    finds: str
    keep_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Named:
    """What a vendor's account has under an id: an agent, a group, or a field; `email` is an agent's."""

    id: str
    name: str
    email: str = ""

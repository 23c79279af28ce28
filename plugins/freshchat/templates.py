"""What destinations can write to Freshchat: conversations, messages, agents and end-users, one template an endpoint.

The templates are those of behaviour 155. What a record becomes is in `template_bodies`; how a call whose answer was
never had is proved, in `template_evidence`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from core import Connection, DestinationTemplate, FieldKind, HttpClient, TemplateField, VendorCall
from plugins.freshchat import client as api
from plugins.freshchat import template_evidence as evidence
from plugins.freshchat.api import id_in, path_of
from plugins.freshchat.client import FreshchatClient
from plugins.freshchat.schemas import word
from plugins.freshchat.template_bodies import (
    checked,
    conversation_values,
    id_of_made,
    identifier,
    message_body,
    user_values,
)

CONVERSATION_ID = TemplateField(
    "conversation_id",
    "the conversation; conversation(user(email)) finds a user's latest",
    required=True,
    look_up="conversation",
)
CONVERSATION_VALUES = (
    TemplateField("status", "the status it gets; assigned needs assigned_agent_id", choices=api.STATUSES),
    TemplateField(
        "assigned_agent_id",
        "the agent it is assigned to; agent(email) finds one; nobody takes it from whoever has it, and it is new then "
        "unless a status is given",
        look_up="agent",
    ),
    TemplateField(
        "assigned_group_id",
        "the group it is assigned to; group(name) finds one; nobody takes it from its group in the same way",
        look_up="group",
    ),
    TemplateField("properties.*", "a property by its name, such as properties.priority", kind=FieldKind.ANY),
    TemplateField("properties", "several properties at once, each with its value", kind=FieldKind.OBJECT),
)
MESSAGE_FORMAT = TemplateField(
    "message_format",
    "text, or email for conversations of an email channel, where the message is HTML; text if left out",
    choices=("text", "email"),
)


class FreshchatTemplate(DestinationTemplate):
    """What all templates of Freshchat have in common."""

    connector: ClassVar[str] = "freshchat"


class CreateConversation(FreshchatTemplate):
    """`POST /conversations`, with a first message; the messages of several records become one conversation."""

    name: ClassVar[str] = "create_conversation"
    label: ClassVar[str] = "Create conversation"
    about: ClassVar[str] = (
        "Begins a conversation with a message; the user and the channel must exist. Records of one user and channel "
        "that are written together become one conversation with their messages in order, and the last status, "
        "assignment and properties among them."
    )
    documentation: ClassVar[str] = f"{api.DOCUMENTATION}#conversations"
    verb: ClassVar[str] = "POST"
    path: ClassVar[str] = api.CONVERSATIONS
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("channel_id", "the channel it is in; channel(name) finds one", required=True, look_up="channel"),
        TemplateField("user_id", "whose conversation it is; user(email) finds one", required=True, look_up="user"),
        TemplateField("message", "what the message says", required=True),
        MESSAGE_FORMAT,
        TemplateField("actor_type", "who wrote the message; user if left out", choices=("user", "agent")),
        TemplateField("actor_id", "the id of who wrote it; left out, the user themself, or the AI's agent"),
        *CONVERSATION_VALUES,
        TemplateField("app_id", "the account's app id, which few accounts want; left out, the one that it tells"),
    )
    sample: ClassVar[Mapping[str, Any]] = {
        "channel_id": "c6a3f3f2-52d6-4b0c-8f52-93b0a7d81b40",
        "user_id": "0d2f6c1e-7f3b-4b55-9a37-5c1f0f3a8e21",
        "message": "My parcel has not arrived.",
        "actor_type": "user",
        "status": "new",
        "properties.priority": "High",
    }
    merged_by: ClassVar[tuple[str, ...]] = ("user_id", "channel_id")

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        user_id = identifier(records[0], "user_id")
        body: dict[str, Any] = {
            "channel_id": identifier(records[0], "channel_id"),
            "users": [{"id": user_id}],
            "messages": [message_body(record, "user", user_id, connection) for record in records],
        }
        values: dict[str, Any] = {}
        for record in records:
            given = conversation_values(record)
            properties = values.get("properties", {}) | given.get("properties", {})
            values |= given | ({"properties": properties} if properties else {})
        # The OpenAPI wants it, and live accounts pay no heed to it; not every account tells its own.
        details = connection.identity.details if connection.identity else {}
        app_id = word(records[-1].get("app_id") or details.get("app_id"))
        return VendorCall(self.verb, self.path, body | values | ({"app_id": app_id} if app_id else {}))

    def captured(self, call: VendorCall, data: Any) -> str:
        return id_of_made(data, "conversation", "conversation_id", "id")

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        return evidence.find_begun(call.body, since, known, FreshchatClient(http, connection.settings))


class UpdateConversation(FreshchatTemplate):
    """`PUT` (or, by the setting update_verb, `PATCH`) `/conversations/{conversation_id}`."""

    name: ClassVar[str] = "update_conversation"
    label: ClassVar[str] = "Update conversation"
    about: ClassVar[str] = (
        "Sets the status, assignment or properties of a conversation; only what is given changes. The connection's "
        "update_verb says whether it is sent as PUT or PATCH."
    )
    documentation: ClassVar[str] = f"{api.DOCUMENTATION}#update_a_conversation"
    verb: ClassVar[str] = "PUT"
    path: ClassVar[str] = api.CONVERSATION
    fields: ClassVar[tuple[TemplateField, ...]] = (CONVERSATION_ID, *CONVERSATION_VALUES)
    sample: ClassVar[Mapping[str, Any]] = {
        "conversation_id": "6f0c4a4e-3c1b-4f7e-8a55-2f5a1f0d9b63",
        "status": "resolved",
        "properties.priority": "Low",
    }
    in_order_of: ClassVar[str] = "conversation_id"

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        [record] = records
        path = path_of(self.path, conversation_id=identifier(record, "conversation_id"))
        values = checked(conversation_values(record), self)
        return VendorCall(str(connection.settings["update_verb"]), path, values)

    def captured(self, call: VendorCall, data: Any) -> str:
        return id_in(call.path, self.path)

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        conversation_id = id_in(call.path, self.path)
        client = FreshchatClient(http, connection.settings)
        return conversation_id if evidence.conversation_has(call.body, conversation_id, client) else None


class SendMessage(FreshchatTemplate):
    """`POST /conversations/{conversation_id}/messages`."""

    name: ClassVar[str] = "send_message"
    label: ClassVar[str] = "Send message"
    about: ClassVar[str] = "Writes a message, or a private note, into a conversation that exists."
    documentation: ClassVar[str] = f"{api.DOCUMENTATION}#send_message_to_conversation"
    verb: ClassVar[str] = "POST"
    path: ClassVar[str] = api.MESSAGES
    fields: ClassVar[tuple[TemplateField, ...]] = (
        CONVERSATION_ID,
        TemplateField("message", "what the message says", required=True),
        MESSAGE_FORMAT,
        TemplateField(
            "message_type",
            "normal, or private for a note that only agents see; normal if left out",
            choices=("normal", "private"),
        ),
        TemplateField("actor_type", "who wrote it; agent if left out", choices=("agent", "user", "bot")),
        TemplateField("actor_id", "the id of who wrote it; left out, the AI's agent; a user's must be given"),
    )
    sample: ClassVar[Mapping[str, Any]] = {
        "conversation_id": "6f0c4a4e-3c1b-4f7e-8a55-2f5a1f0d9b63",
        "message": "Your parcel is on its way and will arrive tomorrow.",
        "message_type": "normal",
        "actor_type": "agent",
    }
    in_order_of: ClassVar[str] = "conversation_id"

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        [record] = records
        path = path_of(self.path, conversation_id=identifier(record, "conversation_id"))
        return VendorCall(self.verb, path, message_body(record, "agent", "", connection))

    def captured(self, call: VendorCall, data: Any) -> str:
        return id_of_made(data, "message", "id", "message_id")

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        client = FreshchatClient(http, connection.settings)
        return evidence.find_sent(id_in(call.path, self.path), call.body, since, known, client)


class UpdateAgent(FreshchatTemplate):
    """`PUT /agents/{agent_id}`."""

    name: ClassVar[str] = "update_agent"
    label: ClassVar[str] = "Update agent"
    about: ClassVar[str] = "Sets the availability and groups of an agent; it takes effect at once."
    documentation: ClassVar[str] = f"{api.DOCUMENTATION}#agents"
    verb: ClassVar[str] = "PUT"
    path: ClassVar[str] = api.AGENT
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("agent_id", "the agent; agent(email) finds one", required=True, look_up="agent"),
        TemplateField("availability_status", "whether the agent can be given conversations", choices=api.AVAILABILITY),
        TemplateField(
            "availability",
            "the same in accounts whose agents show it by this name, as the published OpenAPI has it",
            choices=("online", "offline"),
        ),
        TemplateField(
            "groups",
            "the ids of all groups the agent is in from then on; group(name) finds one",
            kind=FieldKind.LIST,
            look_up="group",
        ),
    )
    sample: ClassVar[Mapping[str, Any]] = {
        "agent_id": "b9d8a1c2-5a3e-4c7d-9a44-1f6d2e0c7b15",
        "availability_status": "AVAILABLE",
        "groups": ["2f7c0b56-9e1d-4a7b-8d0b-6a3c5e9f1d20"],
    }
    in_order_of: ClassVar[str] = "agent_id"

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        [record] = records
        path = path_of(self.path, agent_id=identifier(record, "agent_id"))
        values = {name: record[name] for name in ("availability_status", "availability", "groups") if name in record}
        return VendorCall(self.verb, path, checked(values, self))

    def captured(self, call: VendorCall, data: Any) -> str:
        return id_in(call.path, self.path)

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        agent_id = id_in(call.path, self.path)
        client = FreshchatClient(http, connection.settings)
        return agent_id if evidence.agent_has(call.body, agent_id, client) else None


class CreateEndUser(FreshchatTemplate):
    """`POST /users`; what exists already is updated by `PUT /users/{user_id}`."""

    name: ClassVar[str] = "create_end_user"
    label: ClassVar[str] = "Create end-user"
    about: ClassVar[str] = (
        "Creates a user with a name and an email address or phone number. Some accounts refuse a second user with the "
        "same address, others make one."
    )
    documentation: ClassVar[str] = f"{api.DOCUMENTATION}#users"
    verb: ClassVar[str] = "POST"
    path: ClassVar[str] = api.USERS
    fields: ClassVar[tuple[TemplateField, ...]] = (
        TemplateField("first_name", "the first name, or the whole name", required=True),
        TemplateField("last_name", "the last name"),
        TemplateField("email", "the email address; it or the phone number must be given"),
        TemplateField("phone", "the phone number"),
        TemplateField("reference_id", "the id by which your own systems know the user"),
        TemplateField("properties.*", "a property by its name, such as properties.plan", kind=FieldKind.ANY),
        TemplateField("properties", "several properties at once, each with its value", kind=FieldKind.OBJECT),
    )
    sample: ClassVar[Mapping[str, Any]] = {
        "first_name": "Ada",
        "last_name": "Byron",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0958",
        "reference_id": "customer-1815",
        "properties.plan": "gold",
    }
    finds_existing: ClassVar[bool] = True

    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        [record] = records
        return VendorCall(self.verb, self.path, user_values(record))

    def captured(self, call: VendorCall, data: Any) -> str:
        if call.verb != self.verb:
            return id_in(call.path, api.USER)
        return id_of_made(data, "user", "id", "user_id")

    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        client = FreshchatClient(http, connection.settings)
        if call.verb == self.verb:
            return evidence.find_created_user(call.body, since, known, client)
        user_id = id_in(call.path, api.USER)
        return user_id if evidence.user_has(call.body, user_id, client) else None

    def existing(self, record: Mapping[str, Any], connection: Connection, http: HttpClient) -> str | None:
        return evidence.find_same_user(record, FreshchatClient(http, connection.settings))

    def update_call(self, record: Mapping[str, Any], existing_id: str, connection: Connection) -> VendorCall:
        return VendorCall("PUT", path_of(api.USER, user_id=existing_id), user_values(record))


TEMPLATES = (CreateConversation, UpdateConversation, SendMessage, UpdateAgent, CreateEndUser)

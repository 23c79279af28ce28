"""A Freshchat account that runs in this process, for tests, demonstrations and trying things out by hand.

    with FreshchatSimulator(webhook_url="http://127.0.0.1:8000/webhooks/freshchat/…") as sim:
        ai = sim.add_agent("ai@example.com", "Robin")
        conversation = sim.customer_writes(sim.customer("ada@example.com", "Ada"), "Where is my parcel?")
        assert sim.wait_for(lambda: len(sim.thread(conversation)) == 2)

It is written from what is known of the vendor, not from the connector beside it: the two must be able to
disagree. It speaks one of two dialects: "observed" is how live accounts answer, where `Quirks` switches what they do
differently; "documented" is the published OpenAPI to the letter. Webhooks are alike in both. `relaydesk simulate
freshchat` runs it in the foreground, with a page for a person and the JSON addresses of `simulator_remote`.
"""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, ClassVar

from flask import Flask
from werkzeug.wrappers import Request, Response

from core.clock import Clock
from core.testing.simulator import SimulatedApi, Simulator
from core.testing.webhook_sender import WebhookSender
from plugins.freshchat.simulator_account import Account
from plugins.freshchat.simulator_answers import error, status_word
from plugins.freshchat.simulator_api import build_api, build_downloads
from plugins.freshchat.simulator_documented import documented_error
from plugins.freshchat.simulator_driving import Driving
from plugins.freshchat.simulator_remote import build_remote
from plugins.freshchat.simulator_state import Actor, Conversation, Message, Part, Quirks, StoredFile
from plugins.freshchat.simulator_webhooks import EVENT_SETS, EVENTS, SigningKey, shown_message

PAYLOAD_VERSION = "1.0.0"
DIALECTS = ("observed", "documented")
NAMES = ("Amber Heron", "Blue Otter", "Copper Finch", "Dusky Lynx", "Emerald Wren", "Golden Marten", "Silver Hare")


class FreshchatSimulator(Driving, Simulator):
    """One simulated account; `Driving` has the methods by which a test acts as customer and as agent.

    It starts with an administrator (`owner`, who made the token), the channels `web` and `email` and the group
    `support`. `events` names the set of webhooks that is switched on, one of `EVENT_SETS`; as an attribute it is
    the set itself, to be changed at any time. Times are in seconds; `webhook_retries` are the waits before each
    retry of a failed delivery.
    """

    name: ClassVar[str] = "freshchat"
    api_prefix: ClassVar[str] = "/v2"

    def __init__(
        self,
        *,
        webhook_url: str | None = None,
        token: str | None = None,
        requests_per_minute: int | None = None,
        clock: Clock | None = None,
        quirks: Quirks | None = None,
        dialect: str = "observed",
        events: str = "all",
        webhook_timeout: float = 3.0,
        webhook_retries: Sequence[float] = (0.5, 1, 2, 4, 8),
        webhook_workers: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(clock=clock, requests_per_minute=requests_per_minute, host=host, port=port)
        if dialect not in DIALECTS:
            raise ValueError(f"there is no dialect {dialect!r}; there are {', '.join(DIALECTS)}")
        if events not in EVENT_SETS:
            raise ValueError(f"there is no set of events {events!r}; there are {', '.join(EVENT_SETS)}")
        self.dialect = dialect
        self.quirks = quirks or Quirks()
        self.events = set(EVENT_SETS[events])
        self.key = SigningKey()
        self.webhooks = WebhookSender(
            self._webhook_headers,
            clock=self.clock,
            changes=self.changes,
            timeout=webhook_timeout,
            retry_waits=webhook_retries,
            workers=webhook_workers,
        )
        self.webhooks.url = webhook_url
        self.senders.append(self.webhooks)
        self.account = Account(self.clock, self.lock, self._emit, self.quirks)
        self.owner = self.account.add_agent("owner@example.com", "Olga", "Owner", role="ACCOUNT_ADMIN")
        self.web = self.account.add_channel("Web")
        self.email = self.account.add_channel("E-mail", "email")
        self.support = self.account.add_group("Support")
        self.may_manage_conversations = True
        """Whether the token was made by somebody who may."""
        self.token: str | None = None
        self.rotate_token(token)

    # ------------------------------------------------------------------------------ credentials and webhooks

    def rotate_token(self, token: str | None = None) -> str:
        """Delete the live token and make another, as Freshchat has it: only one works at a time. Returns it."""
        with self.lock:
            self.token = token or ".".join(secrets.token_urlsafe(size) for size in (12, 36, 24))
            self.record.hide(self.token)
            return self.token

    def revoke_token(self) -> None:
        """Delete the live token: until `rotate_token`, every call is answered 401."""
        with self.lock:
            self.token = None

    @property
    def webhook_url(self) -> str | None:
        """Where this account's webhooks go: one address for all of them."""
        return self.webhooks.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.webhooks.url = url

    def public_key_text(self, spelling: str = "one-line") -> str:
        """The account's public key as an admin would copy it; see `SigningKey.public_text`."""
        return self.key.public_text(spelling)

    def sign(self, body: bytes) -> str:
        """The signature that this account gives a webhook body."""
        return self.key.sign(body)

    def _webhook_headers(self, body: bytes, retry: int) -> Mapping[str, str]:
        return webhook_headers(self.key, body, retry)

    def _emit(self, action: str, payload: Mapping[str, Any]) -> None:
        if action in self.events or action not in EVENTS:
            self.webhooks.send(action, payload)
        self.changes.note()

    # ---------------------------------------------------------------------------------- what the machinery asks

    def build_app(self) -> Flask:
        app = SimulatedApi("freshchat_simulator")
        app.register_blueprint(build_api(self), url_prefix=self.api_prefix)
        app.register_blueprint(build_downloads(self))
        app.register_blueprint(build_remote(self))
        return app

    def cost(self, endpoint: str, request: Request) -> int:
        return 0 if endpoint == "download" else 1

    def error_answer(self, status: int, words: str, word: str = "") -> Response:
        """An error in the account's dialect; `word` is its name where it has one of its own."""
        if self.dialect == "documented":
            return documented_error(status, words, word or status_word(status))
        return error(status, words, word)

    def banner(self) -> list[str]:
        return [
            f"Freshchat simulator, page:     {self.url}/",
            f"API address (api_url):         {self.api_url}",
            f"access token (access_token):   {self.token}",
            f"public key (public_key):       {self.public_key_text()}",
            f"webhooks go to:                {self.webhook_url or 'nowhere yet: set an address on the page'}",
            f"dialect:                       {self.dialect}",
            f"agents (default_agent_email):  {', '.join(agent.email for agent in self.agents)}",
        ]

    def state(self) -> dict[str, Any]:
        account = self.account
        users = [{**user.shown(), "name": user.name} for user in account.users.values() if not user.system]
        conversations = [
            {
                **self.shown(one),
                "channel": one.channel.kind,
                "user_name": one.user.name,
                "messages": [self._shown_message(one, message) for message in one.messages],
            }
            for one in account.conversations.values()
        ]
        return {
            "webhook_url": self.webhook_url,
            "events": sorted(self.events),
            "agents": [{**agent.shown(), "name": agent.name} for agent in self.agents],
            "groups": [group.shown([]) for group in account.groups.values()],
            "users": users,
            "conversations": conversations,
        }

    def _shown_message(self, conversation: Conversation, message: Message) -> dict[str, Any]:
        shown = shown_message(self.account.app_id, conversation, message)
        agent, user = self.account.agents.get(message.actor_id), self.account.users.get(message.actor_id)
        author = agent.name if agent else user.name if user else message.actor_type
        return {**shown, "text": message.text, "author": author}

    # ----------------------------------------------------------------------------------- what the endpoints ask

    @property
    def api_actor(self) -> Actor:
        """Who stands behind a change made by API: the agent who made the token, or the system."""
        return self.account.system if self.quirks.api_actor == "system" else self.owner.actor

    @property
    def link_root(self) -> str:
        """What links to a list's next page begin with."""
        return self.url if self.quirks.absolute_links else ""

    def shown(self, conversation: Conversation) -> dict[str, Any]:
        """A conversation as the API gives it; its url leads to the simulator's own page."""
        inbox = f"{self.url}/crm/messaging/a/{self.account.account_id}/inbox/open/0/conversation"
        return self.account.shown(conversation, f"{inbox}/{conversation.internal_id}")

    def file_url(self, file: StoredFile) -> str:
        """Where a file can be downloaded without a credential."""
        return f"{self.url}/files/{file.token}/{file.name}"

    def file_part(self, file: StoredFile) -> dict[str, Any]:
        """The message part that shows a file."""
        return {
            "file": {
                "name": file.name,
                "url": self.file_url(file),
                "file_size_in_bytes": len(file.data),
                "content_type": file.content_type,
                "file_hash": file.hash,
                "file_extension": PurePath(file.name).suffix.removeprefix("."),
            }
        }

    def stored_part(self, kind: str, name: str, data: bytes) -> Part:
        """Store a file and give the "image" or "file" part that shows it."""
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = self.account.store(name, content_type, data)
        return {"image": {"url": self.file_url(file)}} if kind == "image" else self.file_part(file)

    def made_up_name(self) -> str:
        """The first name that Freshchat gives to a visitor who told none."""
        return NAMES[len(self.account.users) % len(NAMES)]


def webhook_headers(key: SigningKey, body: bytes, retry: int = 0) -> dict[str, str]:
    """What Freshchat sends with a webhook body, at its first delivery or a retry."""
    return {
        "X-Freshchat-Signature": key.sign(body),
        "X-Freshchat-Payload-Version": PAYLOAD_VERSION,
        "X-Retry-Count": str(retry),
    }


def signed_headers(body: bytes, pem: bytes) -> dict[str, str]:
    """What an account whose private key is `pem` sends with a webhook body.

    Raises `ValueError` saying what is wrong with the key.
    """
    return webhook_headers(SigningKey(pem), body)


def build(
    *,
    agent_email: str = "robin@example.com",
    human_email: str = "hanna@example.com",
    requests_per_minute: int | None = 60,
    **options: Any,
) -> FreshchatSimulator:
    """An account as a demonstration wants it: with an agent for the AI and a human one. Not started yet.

    `options` are those of `FreshchatSimulator`.
    """
    sim = FreshchatSimulator(requests_per_minute=requests_per_minute, **options)
    sim.add_agent(agent_email, "Robin Assistant")
    sim.add_agent(human_email, "Hanna Human")
    return sim


def simulate(host: str = "127.0.0.1", port: int = 0, *, say: Callable[[str], None] = print, **options: Any) -> None:
    """Run a simulated account in the foreground until interrupted, after telling how to reach it.

    `options` are those of `build`.
    """
    build(host=host, port=port, **options).run(say)

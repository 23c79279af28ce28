"""A Freshdesk account that runs in this process, for tests, demonstrations and trying things out by hand.

    with FreshdeskSimulator(plan="growth") as sim:
        ai = sim.add_agent("ai@example.com", "Robin", admin=True)
        ticket = sim.customer_opens(sim.customer("ada@example.com", "Ada"), "Parcel", "Where is it?")
        requests.get(f"{sim.api_url}/tickets/{ticket.id}", auth=(sim.key_for(ai), "X"))

It is written from what is known of the vendor, not from the connector beside it: the two must be able to disagree.
`Quirks` switches what live accounts do differently. What happens is told to `automations`, the account's rules, which
send the webhooks. `simulate` runs it in the foreground, with a page for a person and the JSON addresses of
`simulator_remote`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from flask import Flask
from werkzeug.wrappers import Request, Response

from core.clock import Clock
from core.testing.simulator import SimulatedApi, Simulator
from plugins.freshdesk.simulator_account import Account
from plugins.freshdesk.simulator_answers import error
from plugins.freshdesk.simulator_api import build_api, build_downloads
from plugins.freshdesk.simulator_driving import Driving
from plugins.freshdesk.simulator_happenings import Happening
from plugins.freshdesk.simulator_limits import PLANS, Limits, Plan, cost_of
from plugins.freshdesk.simulator_remote import build_remote
from plugins.freshdesk.simulator_rule_setup import CONTENTS as CONTENTS
from plugins.freshdesk.simulator_rule_setup import install_rules, remove_rules, rules_url
from plugins.freshdesk.simulator_rules import Automations
from plugins.freshdesk.simulator_shapes import Shapes
from plugins.freshdesk.simulator_state import Agent, Attachment, Quirks
from plugins.freshdesk.simulator_webhooks import RETRY_WAITS, TIMEOUT_SECONDS, webhook_sender

MARKER = "cf_opencx_handed_off"
"""The checkbox that an operator adds to an account, so that rules can see what was handed off."""
MOST_ON_PAGE = 200
"""How many tickets `state` holds, those that changed last."""


class FreshdeskSimulator(Driving, Simulator):
    """One simulated account; `Driving` has the methods by which a test acts as customer and as agent.

    It starts with an account administrator (`owner`), whose key `api_key` is. `plan` (trial, growth, pro or
    enterprise) sets the limits of the published table; `requests_per_minute` replaces the account's whole limit.
    Times are in seconds; `webhook_retries` are the waits before each retry of a failed webhook, on `clock`.

    With a `webhook_url` both rules are there that an operator would make; see `install_rules` for what they send
    (`webhook_content`), the header that goes with it and the performer. These are attributes too: they count when
    `webhook_url` is set again.
    """

    name: ClassVar[str] = "freshdesk"
    api_prefix: ClassVar[str] = "/api/v2"

    def __init__(
        self,
        *,
        webhook_url: str | None = None,
        api_key: str | None = None,
        requests_per_minute: int | None = None,
        plan: str | None = None,
        clock: Clock | None = None,
        quirks: Quirks | None = None,
        webhook_content: str = "advanced",
        webhook_header: tuple[str, str] | None = None,
        webhook_performer: str = "agent_or_requester",
        webhook_timeout: float = TIMEOUT_SECONDS,
        webhook_retries: Sequence[float] = RETRY_WAITS,
        webhooks_per_hour: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        if plan is not None and plan not in PLANS:
            raise ValueError(f"there is no plan {plan!r}; there are {', '.join(PLANS)}")
        granted = PLANS[plan] if plan else Plan(0)
        per_minute = requests_per_minute if requests_per_minute is not None else granted.total or None
        super().__init__(clock=clock, requests_per_minute=per_minute, host=host, port=port)
        self.plan = plan
        self.rate_headers = True
        self.limits = Limits(self.rate, granted.of_endpoints(), self.clock)
        self.quirks = quirks or Quirks()
        self.webhooks = webhook_sender(
            self.clock, self.changes, timeout=webhook_timeout, retry_waits=webhook_retries, per_hour=webhooks_per_hour
        )
        self.senders.append(self.webhooks)
        self.account = Account(self.clock, self.lock, self._emit, lambda: self.quirks)
        self.automations = Automations(
            self.account, self.clock, self.webhooks, self.account.change, lambda: self.quirks, self._portal
        )
        """The account's automation rules."""
        self.webhook_content, self.webhook_header = webhook_content, webhook_header
        self.webhook_performer = webhook_performer
        self.webhook_url = webhook_url
        self.shapes = Shapes(self.account, self.attachment_url)
        self.owner = self.account.add_agent("owner@example.com", "Olga Owner", admin=True)
        self.key_owner = self.owner
        """The agent whose key `api_key` is; somebody else once it is set so."""
        self._secret = secrets.token_bytes(32)
        self._current = threading.local()
        self.rotate_key(api_key)

    # ------------------------------------------------------------------------------------ credentials, rules

    @property
    def api_key(self) -> str | None:
        """The API key of `key_owner`; None while it is revoked."""
        return next((key for key, agent_id in self.account.keys.items() if agent_id == self.key_owner.id), None)

    def rotate_key(self, key: str | None = None, agent: Agent | None = None) -> str:
        """Reset an agent's key (that of `key_owner`): the old one ends at once. Returns the new one."""
        made = self.account.make_key(agent or self.key_owner, key)
        self.record.hide(made)
        return made

    def revoke_key(self, agent: Agent | None = None) -> None:
        """Let an agent's key (that of `key_owner`) work no longer: calls with it are answered 401."""
        self.account.end_key(agent or self.key_owner)

    @property
    def webhook_url(self) -> str | None:
        """Where the operator's two rules send their webhooks; None if there are none. Setting it makes them anew."""
        return rules_url(self)

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        with self.lock:
            remove_rules(self)
            if url is not None:
                install_rules(self, url, self.webhook_content, self.webhook_header, self.webhook_performer)
        self.changes.note()

    def _emit(self, happening: Happening) -> None:
        self.changes.note()
        self.automations.happened(happening)

    def _portal(self) -> str:
        return self.url if self._port else "https://example.freshdesk.com"

    # ---------------------------------------------------------------------------------- what the machinery asks

    def build_app(self) -> Flask:
        app = SimulatedApi("freshdesk_simulator")
        app.register_blueprint(build_api(self), url_prefix=self.api_prefix)
        app.register_blueprint(build_downloads(self))
        app.register_blueprint(build_remote(self))
        app.after_request(self._with_rate)
        return app

    def cost(self, endpoint: str, request: Request) -> int:
        if endpoint == "download_attachment":
            return 0
        return cost_of(endpoint, [one for one in request.args.get("include", "").split(",") if one])

    def admit(self, endpoint: str, request: Request) -> Response | None:
        cost = self.cost(endpoint, request)
        self._current.cost = cost
        wait = self.limits.take(endpoint, cost) if cost else None
        return None if wait is None else self.too_many(wait)

    def with_rate(self, answer: Response) -> Response:
        cost = getattr(self._current, "cost", 1)
        if cost and self.rate_headers and self.rate.per_minute is not None:
            answer.headers["X-RateLimit-Used-CurrentRequest"] = str(cost)
            return super().with_rate(answer)
        return answer

    def _with_rate(self, answer: Any) -> Any:
        # Here too, because an answer that a fault maims does not pass by where the machinery adds the headers.
        return self.with_rate(answer)

    def error_answer(self, status: int, words: str) -> Response:
        return self.with_rate(error(status, words))

    # ----------------------------------------------------------------------------------------- attachments

    def attachment_url(self, file: Attachment) -> str:
        """Where a file can be downloaded without a credential, for as long as the account's quirk says."""
        ends = self.clock.now() + timedelta(seconds=self.quirks.attachment_seconds)
        expires = int(ends.timestamp())
        query = f"expires={expires}&signature={self.signature(file.id, expires)}"
        return f"{self.url}/data/{file.id}/{quote(file.name)}?{query}"

    def signature(self, file_id: int, expires: int) -> str:
        """What proves that the address of a file came from here."""
        return hmac.new(self._secret, f"{file_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    def expired(self, expires: int) -> bool:
        """Whether this moment, in seconds since 1970, has passed."""
        return self.clock.now() > datetime.fromtimestamp(expires, tz=self.clock.now().tzinfo)

    # ------------------------------------------------------------------------------------------ for a person

    def banner(self) -> list[str]:
        return [
            f"Freshdesk simulator, page: {self.url}/",
            f"API address (api_url):     {self.api_url}",
            f"API key (api_key):         {self.api_key}",
            f"  is the key of:           {self.key_owner.email}",
            f"webhooks go to:            {self.webhook_url or 'nowhere yet: set an address on the page'}",
            f"limit:                     {self.rate.per_minute or 'no'} calls a minute",
            f"agents:                    {', '.join(agent.email for agent in self.agents)}",
            f"groups (handoff_group_id): {', '.join(f'{one.id} {one.name}' for one in self.account.groups.values())}",
        ]

    def state(self) -> dict[str, Any]:
        account = self.account
        newest, _ = account.by_updated.page(None, descending=True, start=0, size=MOST_ON_PAGE)
        chosen = {one: account.tickets[one] for one in newest}
        if len(account.tickets) <= MOST_ON_PAGE:
            chosen = dict(account.tickets)
        return {
            "webhook_url": self.webhook_url,
            "webhook_content": self.webhook_content,
            "rules": [
                {"id": one.id, "name": one.name, "type": one.type, "active": one.active}
                for one in self.automations.rules
            ],
            "webhooks": [one.shown() for one in self.webhooks.deliveries[-MOST_ON_PAGE:]],
            "plan": self.plan,
            "agents": [self.shapes.agent(agent) for agent in self.agents],
            "groups": [self.shapes.group(group) for group in account.groups.values()],
            "contacts": [self.shapes.contact(contact) for contact in list(account.contacts.values())[-MOST_ON_PAGE:]],
            "fields": [self.shapes.field(one) for one in account.fields.values()],
            "statuses": {str(number): label for number, label in account.statuses.items()},
            "tickets": [
                {
                    **self.shapes.ticket(ticket),
                    "requester_name": account.name_of(ticket.requester_id),
                    "responder_name": account.name_of(ticket.responder_id),
                    "entries": [
                        {**self.shapes.entry(entry), "author": account.name_of(entry.user_id) or entry.from_email}
                        for entry in self.thread(ticket)
                    ],
                }
                for ticket in chosen.values()
            ],
        }


def build(
    *,
    token: str | None = None,
    agent_email: str = "robin@example.com",
    human_email: str = "hanna@example.com",
    requests_per_minute: int | None = None,
    **options: Any,
) -> FreshdeskSimulator:
    """An account as a demonstration wants it: an administrator for the AI, whose key is `token`, a human, the checkbox.

    `options` are those of `FreshdeskSimulator`. Not started yet.
    """
    sim = FreshdeskSimulator(requests_per_minute=requests_per_minute, **options)
    ai = sim.add_agent(agent_email, "Robin Assistant", admin=True)
    human = sim.add_agent(human_email, "Hanna Human")
    sim.add_group("Support", human)
    sim.add_field(MARKER)
    sim.revoke_key()
    sim.key_owner = ai
    sim.rotate_key(token)
    return sim


def simulate(host: str = "127.0.0.1", port: int = 0, *, say: Callable[[str], None] = print, **options: Any) -> None:
    """Run a simulated account in the foreground until interrupted, after telling how to reach it.

    `options` are those of `build`.
    """
    build(host=host, port=port, **options).run(say)

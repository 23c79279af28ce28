"""How the simulated account's rules and webhooks behave where nobody outside knows it, or live accounts differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class WebhookQuirks:
    """Every default is the likeliest."""

    webhook_action: bool = True
    """Whether the plan has the action "Trigger webhook"; the free one has not."""
    escape_quotes: bool = True
    """Whether quotes and line ends in values are escaped in a typed body: so in one live sample, promised nowhere."""
    reply_event: str = "{reply_sent:sent}"
    """What `{{triggered_event}}` says of "Reply is sent": nobody has published it, this is a guess."""
    nobody: str = ""
    """How `{{triggered_event}}` writes an empty side of a change: "" or "--"."""
    webhook_comment_quotes_history: bool = True
    """`{{ticket.latest_public_comment}}` ends with the comment before it as a quotation."""

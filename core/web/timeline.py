"""A session's timeline in words: what happened, by whom, to whose hands and why."""

from __future__ import annotations

from collections.abc import Mapping

from core.web.explanations import ACTIONS, why_decision
from core.web.queries.thread import Happened

WORDS = {
    "message": "the conversation came in",
    "agent_message": "a reply was written here",
    "agent_comment": "a note was written here",
    "agent_joined": "one more person has taken it over",
    "agent_took_session_from_ai": "a person took it from the AI",
    "agent_assigned_by_integration": "it was assigned in the helpdesk",
    "agent_assigned_by_system": "it was assigned by Relaydesk",
    "agent_assigned_by_user": "it was assigned from here",
    "agent_unassigned_by_integration": "its assignment was ended in the helpdesk",
    "agent_unassigned_by_user": "its assignment was ended from here",
    "team_assigned_by_integration": "it was put into a group in the helpdesk",
    "team_assigned_by_system": "it was put into a group by Relaydesk",
    "team_unassigned_by_integration": "it was taken out of its group in the helpdesk",
    "handoff": "the AI handed it off",
    "handoff_to_third_party_failed": "a step of the handoff failed",
    "ai_assumed_the_session_resolved": "the AI took it for settled, as the customer had fallen silent",
    "ai_decided_to_not_reply": "the AI said nothing",
    "ai_decided_to_resolve_the_issue": "the AI found the matter settled",
    "ai_response_cancelled": "a reply of the AI was withdrawn",
    "ai_resumed_by_system": "the AI has it again",
    "prohibited_topic_detected": "it is about what the AI may not speak of",
    "draft_approved": "a draft of the AI was sent",
    "draft_edited": "a draft of the AI was changed and sent",
    "draft_dismissed": "a draft of the AI was put aside",
    "action_retried_by_agent": "an action was tried again",
    "action_discarded_by_agent": "an action was given up",
    "event_retried_by_agent": "an event was read again",
    "agent_reopened_session": "it was opened again here",
    "integration_reopened_session": "it was opened again in the helpdesk",
    "closed_resolved_by_agent": "it was closed here, resolved",
    "closed_unresolved_by_agent": "it was closed here, unresolved",
    "closed_resolved_by_api": "it was closed through the API, resolved",
    "closed_unresolved_by_api": "it was closed through the API, unresolved",
    "closed_resolved_by_integration": "it was closed in the helpdesk",
    "closed_resolved_by_system": "the AI closed it, resolved",
    "closed_unresolved_by_system": "it was closed, as the helpdesk does not know it any more",
    "closed_payload_kept": "what a program says of its closing was kept",
    "closing_told": "the helpdesk was told that it is closed",
    "reopening_told": "the helpdesk was told that it is open",
}
"""What the kinds of a line mean; those that this does not know are shown by their names."""


def what_happened(line: Happened, names: Mapping[tuple[str, str], str]) -> str:
    """A line of the timeline in words. `names` are those of agents and groups at the vendor, see `directory.names`."""
    detail = {key: str(value) for key, value in line.detail.items() if value not in (None, "")}
    if line.kind == "agent_assigned_by_integration" and detail.get("to") == "ai":
        return "the AI has it: its agent is assigned in the helpdesk"
    told = WORDS.get(line.kind, line.kind.replace("_", " "))
    particulars = [_hands(line.kind, detail, names), _thing(line.kind, detail), detail.get("by", "")]
    if detail.get("told") == "False":
        particulars.append("without telling the helpdesk")
    if any(particulars):
        told += f" ({', '.join(filter(None, particulars))})"
    if line.kind == "handoff_to_third_party_failed":
        return f"{told}: {detail.get('detail', '')}"
    reason = detail.get("detail" if line.kind == "handoff" else "reason")
    return f"{told}, because {why_decision(reason)}" if reason else told


def _hands(kind: str, detail: Mapping[str, str], names: Mapping[tuple[str, str], str]) -> str:
    """Into whose hands it came at the vendor; a line that moves the session's owner names the agent as its detail."""
    if not kind.startswith(("agent_assigned", "team_assigned", "agent_took")):
        return ""
    number = detail.get("to") if kind.startswith("team") or "from" not in detail else detail.get("detail")
    if not number:
        return ""
    return names.get(("agent", number)) or names.get(("group", number)) or number


def _thing(kind: str, detail: Mapping[str, str]) -> str:
    """What it was done to: a step or action by its kind, or a topic."""
    what = detail.get("step") or detail.get("what", "")
    return ACTIONS.get(what, what) or detail.get("topic", "")

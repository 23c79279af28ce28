"""Every error that crosses a boundary of Relaydesk, in one small hierarchy."""

from __future__ import annotations


class RelaydeskError(Exception):
    """Base of all errors below; its text is fit for a log and a page: it never holds a secret."""


class ConfigError(RelaydeskError):
    """A setting, plugin or hook is wrong; the text names the key and how to mend it."""

    def __init__(self, key: str, problem: str, mend: str) -> None:
        super().__init__(f"{key}: {problem}. {mend}")
        self.key = key
        self.problem = problem
        self.mend = mend


VERIFY_FAMILY = "Failed to verify credentials"
"""How every failure to verify a connection begins, whatever the vendor: the words users know (behaviour 19, 67)."""


class VerifyFailed(ConfigError):
    """A setting with which a connection cannot reach its account; waits for a changed setting."""

    def __init__(self, key: str, problem: str, mend: str) -> None:
        super().__init__(key, problem, mend)
        self.args = (f"{VERIFY_FAMILY}: {key}: {problem}. {mend}",)


class BadPayload(RelaydeskError):
    """What a vendor sent cannot be read: not JSON, or not of the shape its documentation gives."""


class BadRecord(RelaydeskError):
    """A record of a destination cannot be written as it is; `field` is the one to mend, "" for the whole record."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class VendorError(RelaydeskError):
    """Base of what can become of a call to a vendor; `status` is the HTTP status, None if none came."""

    def __init__(self, words: str, *, status: int | None = None, trace_id: str | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.trace_id = trace_id


class AuthFailed(VendorError):
    """The vendor refused the credential (401, 403): certainly not applied, not a reason to give up for good."""


class RetryLater(VendorError):
    """Certainly not applied (refused connection, 429, budget used up): try again after `after` seconds."""

    def __init__(
        self, words: str, *, after: float | None = None, status: int | None = None, trace_id: str | None = None
    ) -> None:
        super().__init__(words, status=status, trace_id=trace_id)
        self.after = after


class OutcomeUnknown(VendorError):
    """The call may or may not have been applied (time-out, cut connection, 5xx): only reading back can tell."""


class Refused(VendorError):
    """The vendor certainly will not do this (404, 405, 409, 410, 413, 422, 400): repeating the call is useless."""


class AgentMissing(Refused):
    """The designated agent no longer exists or may not write: nothing was applied, and a person must mend it."""

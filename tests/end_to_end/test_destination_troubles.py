"""What goes wrong in one place costs nothing elsewhere: slow looks, single records, other destinations, clocks."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.written import MESSAGES, Writing

FAST = 6000
HOUR = 3600.0


# --------------------------------------------------------------------------------------------------------- looks


def test_records_whose_looks_take_longer_than_they_are_kept_are_sent_all_the_same(quick: Any) -> None:
    quick.start(requests_per_minute=60)
    writing = Writing(quick)
    fields = {"conversation_id": "conversation(user(email))", "message": "says"}
    writing.to({**MESSAGES, "key": "says", "fields": fields})
    for number in range(150):
        user = quick.sim.customer(f"c{number}@example.com", f"C{number}")
        quick.sim.customer_writes(user, "Hi")
    writing.take(*({"email": f"c{number}@example.com", "says": f"s{number}"} for number in range(150)))
    writing.run(150 * 6)
    assert writing.counts() == {"sent": 150}
    assert quick.sim.record.per_minute() <= 60

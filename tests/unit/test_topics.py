"""Topics found in a customer's words, and named by a responder (behaviour 108, 109, 12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flow.topics import mentioned, named


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("I will talk to my lawyer", "lawyer"),
        ("Our LAWYERS will write", "lawyer"),
        ("my lawyer's letter", "Lawyer"),
        ("What about taxes?", "tax"),
        ("the deliveries are late", "delivery"),
        ("refunded?", "refund"),
        ("I want two refunds", "Refunds"),
        ("medical advice, please", "medical advice"),
        ("Wann kommen die Rückerstattungen?", "Rückerstattung"),
        ("quiero devoluciones", "devolución"),
        ("DEVOLUCION", "devolución"),
        ("i rimborsi", "rimborso"),
        ("我要退款", "退款"),
        ("data-protection", "data protection"),
    ],
)
def test_b108_a_topic_is_heard_in_the_words_of_the_customer(text: str, topic: str) -> None:
    assert mentioned(text, ["something else", topic]) == topic


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("syntax error", "tax"),
        ("a car part", "care"),
        ("advice on medical things", "medical advice"),
        ("medical or other advice", "medical advice"),
        ("planet", "plan"),
        ("a", "as"),
        ("", "tax"),
        ("tax", ""),
    ],
)
def test_a_topic_is_not_heard_in_parts_of_words_or_in_another_order(text: str, topic: str) -> None:
    assert mentioned(text, [topic]) == ""


def test_a_responders_topic_is_compared_as_a_whole() -> None:
    assert named("Legal_Advice", ["tax", "legal advice"]) == "legal advice"
    assert named("deliveries", ["delivery"]) == "delivery"
    assert named("legal", ["legal advice"]) == ""
    assert named("", ["tax"]) == ""


@given(st.from_regex(r"[a-z]{1,12}( [a-z]{1,12}){0,2}", fullmatch=True), st.text(max_size=30), st.text(max_size=30))
def test_a_topic_is_found_between_anything_that_is_no_letter(topic: str, before: str, after: str) -> None:
    assert mentioned(f"{before}\n{topic.upper()}. {after}", [topic]) == topic

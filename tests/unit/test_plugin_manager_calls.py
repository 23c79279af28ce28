"""Calling hooks: the first answer decides, every observer hears, and amendments go from one plugin to the next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import Action, ActionKind, Channel, Owner, RelaydeskError, Reply, Session, SessionStatus, Veto
from core.config import load_config
from core.plugin_manager import Plugins, load_plugins

HEADER = """
import dataclasses
from core import ActionKind, Reply, Silence, Veto, hookimpl
"""
ACTION = Action(id=0, session_id=1, conversation_id="c-1", kind=ActionKind.REPLY, text="hello")
SESSION = Session(1, 1, "c-1", Channel.WEB, SessionStatus.OPEN, Owner.AI)

Start = Callable[..., Plugins]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Load plugins whose names and sources are given, in that order of priority."""

    def load(**sources: str) -> Plugins:
        (tmp_path / "mine").mkdir()
        for name, source in sources.items():
            (tmp_path / "mine" / f"{name}.py").write_text(HEADER + source, encoding="utf-8")
        file = tmp_path / "config.toml"
        file.write_text(
            '[server]\nbase_url = "http://localhost:8000"\nsecret_key = "0123456789-0123456789-0123456789"\n'
            f'[plugins]\nenabled = {list(sources)}\npaths = ["mine"]\n',
            encoding="utf-8",
        )
        return load_plugins(load_config(file))

    yield load


def hook(name: str, arguments: str, body: str) -> str:
    return f"@hookimpl\ndef {name}({arguments}):\n    {body}\n"


# ------------------------------------------------------------------------------------------------- decide


def test_the_first_answer_decides_and_nobody_is_asked_after_it(start: Start) -> None:
    plugins = start(
        shy=hook("draft_reply", "turn", "return None"),
        sure=hook("draft_reply", "turn", "return Reply('from sure')"),
        late=hook("draft_reply", "turn", "raise AssertionError('asked although sure had answered')"),
    )
    assert plugins.decide("draft_reply", turn=None) == Reply("from sure")


def test_without_an_answer_nothing_is_decided(start: Start) -> None:
    plugins = start(shy=hook("draft_reply", "turn", "return None"), absent="")
    assert plugins.decide("draft_reply", turn=None) is None
    assert plugins.decide("route_session", session=None, event=None, connection=None) is None


def test_a_plugin_may_ask_to_come_before_or_after_all_others(start: Start) -> None:
    plugins = start(
        first="@hookimpl(trylast=True)\ndef draft_reply():\n    return Reply('first')\n",
        second=hook("draft_reply", "", "return Reply('second')"),
    )
    assert plugins.decide("draft_reply", turn=None) == Reply("second")


def test_an_exception_goes_on_to_the_caller_and_names_the_plugin(start: Start) -> None:
    plugins = start(bad=hook("draft_reply", "turn", "raise LookupError('no model')"))
    with pytest.raises(LookupError, match="no model") as caught:
        plugins.decide("draft_reply", turn=None)
    assert caught.value.__notes__ == ["raised by the plugin bad in the hook draft_reply"]


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("draft_reply", "'hello'", "the plugin odd answered the hook draft_reply with a str"),
        ("draft_reply", "[]", "the plugin odd answered the hook draft_reply with a list"),
        ("summarise_session", "Reply('x')", "the plugin odd answered the hook summarise_session with a Reply"),
        ("route_session", "True", "the plugin odd answered the hook route_session with a bool"),
    ],
)
def test_an_answer_of_the_wrong_type_is_refused_and_names_the_plugin(
    start: Start, name: str, answer: str, words: str
) -> None:
    plugins = start(odd=hook(name, "", f"return {answer}"))
    arguments = {"route_session": ("session", "event", "connection")}.get(name, ("turn",))
    with pytest.raises(RelaydeskError, match=words):
        plugins.decide(name, **dict.fromkeys(arguments))


# ------------------------------------------------------------------------------------------------- observe


def test_an_observer_that_raises_is_logged_by_name_and_stops_nobody(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plugins = start(
        before=hook("action_settled", "action", "action.append('before')"),
        bad=hook("action_settled", "action", "raise ValueError('cannot hear')"),
        after=hook("action_settled", "action", "action.append('after')"),
    )
    heard: list[str] = []
    with caplog.at_level(logging.ERROR):
        plugins.observe("action_settled", action=heard)
    assert heard == ["before", "after"]
    [record] = caplog.records
    assert record.getMessage() == "the plugin bad failed in the hook action_settled"
    assert "cannot hear" in caplog.text


def test_an_observer_cannot_swallow_the_end_of_the_process(start: Start) -> None:
    plugins = start(bad=hook("action_settled", "action", "raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        plugins.observe("action_settled", action=None)


# --------------------------------------------------------------------------------------------------- amend


def test_each_plugin_sees_the_last_amendment(start: Start) -> None:
    add = "return dataclasses.replace(action, text=action.text + '{}')"
    plugins = start(
        one=hook("outbound_action", "action", add.format(" 1")),
        none=hook("outbound_action", "action", "return None"),
        two=hook("outbound_action", "action", add.format(" 2")),
    )
    amended = plugins.amend(ACTION, SESSION)
    assert isinstance(amended, Action)
    assert amended.text == "hello 1 2"


def test_an_amendment_changes_text_assignee_and_fields_and_nothing_else(start: Start) -> None:
    change = "action, text='t', assignee='a', fields={'f': 1}, kind=ActionKind.NOTE, conversation_id='other', id=9"
    plugins = start(one=hook("outbound_action", "action, session", f"return dataclasses.replace({change})"))
    amended = plugins.amend(ACTION, SESSION)
    assert isinstance(amended, Action)
    assert (amended.text, amended.assignee, amended.fields) == ("t", "a", {"f": 1})
    assert (amended.kind, amended.conversation_id, amended.id) == (ActionKind.REPLY, "c-1", 0)


def test_a_veto_ends_the_round(start: Start) -> None:
    plugins = start(
        strict=hook("outbound_action", "action", "return Veto('too long')"),
        late=hook("outbound_action", "action", "raise AssertionError('asked after a veto')"),
    )
    assert plugins.amend(ACTION, SESSION) == Veto("too long")


def test_an_action_that_nobody_amends_stays_the_same(start: Start) -> None:
    assert start(absent="").amend(ACTION, SESSION) is ACTION


def test_an_amendment_of_the_wrong_type_is_refused(start: Start) -> None:
    plugins = start(odd=hook("outbound_action", "action", "return 'shorter'"))
    with pytest.raises(RelaydeskError, match="the plugin odd answered the hook outbound_action with a str"):
        plugins.amend(ACTION, SESSION)


def test_an_amendment_that_raises_goes_on_to_the_caller(start: Start) -> None:
    plugins = start(bad=hook("outbound_action", "action", "raise LookupError('gone')"))
    with pytest.raises(LookupError, match="gone"):
        plugins.amend(ACTION, SESSION)

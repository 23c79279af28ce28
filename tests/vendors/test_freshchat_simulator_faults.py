"""What goes wrong at the simulated Freshchat, as a plain client sees it, and what the record tells of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests

from core.testing.clock import FakeClock
from core.testing.faults import KINDS
from plugins.freshchat.simulator import DIALECTS, FreshchatSimulator
from plugins.freshchat.simulator_state import Agent, Conversation


class Desk:
    """A running simulator with one agent and one conversation, and a client that posts into it."""

    def __init__(self, sim: FreshchatSimulator) -> None:
        self.sim = sim
        self.agent: Agent = sim.add_agent("ai@example.com")
        self.conversation: Conversation = sim.customer_writes(sim.customer(), "hello")

    def post(self, timeout: float = 5.0, text: str = "Hi", **options: Any) -> requests.Response:
        return requests.post(
            f"{self.sim.api_url}/conversations/{self.conversation.id}/messages",
            json={
                "message_parts": [{"text": {"content": text}}],
                "actor_type": "agent",
                "actor_id": self.agent.id,
                **options,
            },
            headers={"Authorization": f"Bearer {self.sim.token}"},
            timeout=timeout,
            allow_redirects=False,
        )

    def get(self) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.sim.token}"}
        return requests.get(f"{self.sim.api_url}/conversations/{self.conversation.id}", headers=headers, timeout=5)

    @property
    def replies(self) -> list[str]:
        return [message.text for message in self.sim.thread(self.conversation)[1:]]


@pytest.fixture(params=DIALECTS)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with FreshchatSimulator(dialect=request.param) as sim:
        yield Desk(sim)


# -------------------------------------------------------------------------------------- answers that are wrong


@pytest.mark.parametrize("kind", ["401", "403", "404", "500", "503"])
def test_an_error_status_has_the_vendors_body_and_does_nothing(desk: Desk, kind: str) -> None:
    desk.sim.fault("send_message", kind)
    answer = desk.post()
    assert answer.status_code == int(kind)
    keys = {"code", "message"} if desk.sim.dialect == "documented" else {"code", "status", "message"}
    assert set(answer.json()) == keys
    assert desk.replies == []
    assert desk.post().status_code == 200


def test_400_posted_answers_400_although_the_message_is_there(desk: Desk) -> None:
    desk.sim.fault("send_message", "400_posted")
    assert desk.post().status_code == 400
    assert desk.replies == ["Hi"]
    call = desk.sim.record.calls("send_message")[0]
    assert (call.status, call.performed, call.fault) == (400, True, "400_posted")


@pytest.mark.parametrize("performed", [True, False])
def test_a_500_may_come_before_or_after_the_effect(desk: Desk, performed: bool) -> None:
    desk.sim.fault("send_message", "500", performed=performed)
    assert desk.post().status_code == 500
    assert desk.replies == (["Hi"] if performed else [])
    assert desk.sim.record.calls("send_message")[0].performed is performed


def test_a_proxys_502_is_html(desk: Desk) -> None:
    desk.sim.fault("send_message", "502-html")
    answer = desk.post()
    assert answer.status_code == 502
    assert "text/html" in answer.headers["Content-Type"]
    assert desk.replies == []


def test_200_may_come_with_html_garbage_or_nothing(desk: Desk) -> None:
    for kind in ("html200", "garbage", "empty200"):
        desk.sim.fault("send_message", kind)
        answer = desk.post()
        assert answer.status_code == 200
        with pytest.raises(requests.exceptions.JSONDecodeError):
            answer.json()
    assert desk.replies == ["Hi"] * 3


def test_202_is_empty_and_means_done(desk: Desk) -> None:
    """Behaviour 143."""
    desk.sim.fault("send_message", "202")
    answer = desk.post()
    assert (answer.status_code, answer.content, desk.replies) == (202, b"", ["Hi"])


def test_a_redirect_leads_to_where_it_was_told(desk: Desk) -> None:
    desk.sim.fault("send_message", "redirect", location="http://127.0.0.1:1/elsewhere")
    answer = desk.post()
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:1/elsewhere")
    assert desk.replies == []


def test_429_tells_when_to_come_again_unless_it_does_not(desk: Desk) -> None:
    desk.sim.fault("send_message", "429", retry_after=7)
    desk.sim.fault("send_message", "429", retry_after=None)
    assert desk.post().headers["Retry-After"] == "7"
    assert "Retry-After" not in desk.post().headers
    assert desk.sim.record.refused() == 2
    assert desk.replies == []


# ----------------------------------------------------------------------------------- connections that go wrong


def test_a_timeout_never_answers_and_stops_with_the_simulator() -> None:
    with ThreadPoolExecutor() as pool:
        with FreshchatSimulator() as sim:
            desk = Desk(sim)
            sim.fault("send_message", "timeout", times=None)
            with pytest.raises(requests.ReadTimeout):
                desk.post(timeout=0.2)
            waiting = pool.submit(desk.post, timeout=30)
            assert sim.wait_for(lambda: len(sim.record.calls("send_message")) == 2)
            started = time.monotonic()
        assert time.monotonic() - started < 3
        assert isinstance(waiting.exception(timeout=5), requests.ConnectionError)
    assert desk.replies == []
    assert [call.status for call in sim.record.calls("send_message")] == [None, None]


def test_a_cut_is_a_reset_before_any_byte(desk: Desk) -> None:
    desk.sim.fault("send_message", "cut", performed=True)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        desk.post()
    assert desk.replies == ["Hi"]


def test_half_a_body_ends_early_although_the_work_was_done(desk: Desk) -> None:
    desk.sim.fault("send_message", "half_body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        desk.post()
    assert desk.replies == ["Hi"]


def test_slow_answers_well_but_late(desk: Desk) -> None:
    desk.sim.fault("send_message", "slow", seconds=0.3)
    started = time.monotonic()
    assert desk.post().status_code == 200
    assert time.monotonic() - started >= 0.3
    desk.sim.fault("send_message", "slow", seconds=5)
    with pytest.raises(requests.ReadTimeout):
        desk.post(timeout=0.2)
    assert desk.replies == ["Hi", "Hi"]


def test_a_drip_outlives_the_time_limit_of_each_single_read(desk: Desk) -> None:
    desk.sim.fault("get_conversation", "drip", seconds=0.002)
    answer = desk.get()
    assert answer.json()["conversation_id"] == desk.conversation.id
    assert answer.elapsed.total_seconds() < 5


def test_a_huge_body_goes_on_until_the_client_leaves(desk: Desk) -> None:
    desk.sim.fault("get_conversation", "huge")
    headers = {"Authorization": f"Bearer {desk.sim.token}"}
    url = f"{desk.sim.api_url}/conversations/{desk.conversation.id}"
    with requests.get(url, headers=headers, timeout=5, stream=True) as answer:
        assert sum(len(piece) for piece, _ in zip(answer.iter_content(65536), range(100), strict=False)) > 5_000_000
    assert desk.get().status_code == 200


def test_a_stopped_simulator_refuses_connections_and_comes_back_on_its_port_with_its_state(desk: Desk) -> None:
    desk.sim.stop()
    with pytest.raises(requests.ConnectionError):
        desk.post()
    desk.sim.start()
    assert desk.post().status_code == 200
    assert desk.replies == ["Hi"]


# ------------------------------------------------------------------------------------------- late effects


def test_a_late_effect_comes_when_it_is_called_for(desk: Desk) -> None:
    desk.sim.fault("send_message", "late")
    with pytest.raises(requests.ReadTimeout):
        desk.post(timeout=0.2)
    assert desk.replies == []
    assert desk.sim.apply_late() == 1
    assert desk.replies == ["Hi"]
    assert [call.performed for call in desk.sim.record.calls("send_message")] == [False, True]
    assert desk.sim.apply_late() == 0


def test_a_late_effect_comes_by_itself_after_its_seconds(desk: Desk) -> None:
    desk.sim.fault("send_message", "500", performed="late", seconds=0.1)
    assert desk.post().status_code == 500
    assert desk.sim.wait_for(lambda: desk.replies == ["Hi"])


def test_a_late_effect_keeps_to_an_injected_clock(clock: FakeClock) -> None:
    with FreshchatSimulator(clock=clock) as sim:
        desk = Desk(sim)
        sim.fault("send_message", "cut", performed="late", seconds=40)
        with pytest.raises(requests.ConnectionError):
            desk.post()
        desk.get()
        assert desk.replies == []
        clock.advance(40)
        desk.get()
        assert desk.replies == ["Hi"]
        assert sim.thread(desk.conversation)[-1].created_time == clock.now()


# ------------------------------------------------------------------------------------------ which calls it hits


def test_a_fault_strikes_after_so_many_calls_and_so_many_times(desk: Desk) -> None:
    fault = desk.sim.fault("send_message", "500", after=1, times=2)
    assert [desk.post().status_code for _ in range(4)] == [200, 500, 500, 200]
    assert fault.hits == 2
    assert desk.sim.faults.pending() == []


def test_a_fault_can_be_for_private_notes_alone_or_for_every_endpoint(desk: Desk) -> None:
    desk.sim.fault("send_message", "500", when=lambda body: body["message_type"] == "private")
    assert desk.post(message_type="normal").status_code == 200
    assert desk.post(message_type="private").status_code == 500
    desk.sim.fault("*", "503", times=None)
    assert (desk.get().status_code, desk.post().status_code) == (503, 503)
    desk.sim.faults.clear()
    assert desk.get().status_code == 200


def test_an_unknown_endpoint_or_kind_is_refused_with_the_known_ones(desk: Desk) -> None:
    with pytest.raises(ValueError, match=r"no endpoint 'post_message'.*send_message"):
        desk.sim.fault("post_message", "500")
    with pytest.raises(ValueError, match=r"no fault '418'.*" + list(KINDS)[-1]):
        desk.sim.fault("send_message", "418")


# ----------------------------------------------------------------------------------------- rate limit, record


def test_the_rate_limit_is_a_sliding_minute_and_tells_when_to_come_again(clock: FakeClock) -> None:
    """Behaviour 52."""
    with FreshchatSimulator(clock=clock, requests_per_minute=3) as sim:
        desk = Desk(sim)
        statuses = []
        for _ in range(4):
            statuses.append(desk.get().status_code)
            clock.advance(10)
        assert statuses == [200, 200, 200, 429]
        assert desk.post().headers["Retry-After"] == "20"
        clock.advance(20)
        assert desk.post().status_code == 200
        assert desk.get().status_code == 429
        assert sim.record.refused() == 3
        assert sim.record.per_minute() == 6
        assert desk.replies == ["Hi"]


def test_downloads_do_not_count_towards_the_rate_limit() -> None:
    with FreshchatSimulator(requests_per_minute=1) as sim:
        conversation = sim.customer_writes(sim.customer(), image=("cat.png", b"PNG"))
        url = sim.thread(conversation)[0].parts[0]["image"]["url"]
        assert [requests.get(url, timeout=5).status_code for _ in range(3)] == [200, 200, 200]


def test_the_record_holds_no_credential(desk: Desk) -> None:
    token = desk.sim.token or ""
    desk.post(text=f"my token is {token}", api_key="hush")
    requests.get(f"{desk.sim.api_url}/agents?access_token={token}", timeout=5)
    written = repr(desk.sim.record.calls())
    assert token not in written
    assert "hush" not in written
    posted, listed = desk.sim.record.calls()
    assert (posted.body["message_parts"], posted.credential) == ([{"text": {"content": "my token is ***"}}], True)
    assert (listed.status, listed.performed, listed.credential) == (401, False, False)


def test_calls_can_be_picked_from_the_record(desk: Desk) -> None:
    desk.post()
    desk.get()
    record = desk.sim.record
    assert [call.endpoint for call in record.calls()] == ["send_message", "get_conversation"]
    assert len(record.calls(method="POST")) == len(record.calls(path="/messages$")) == 1
    assert record.calls(since=record.calls()[0].at + timedelta(hours=1)) == []


def test_a_mistake_of_the_simulator_itself_fails_the_test() -> None:
    with pytest.raises(RuntimeError, match="simulator itself failed"), FreshchatSimulator() as sim:
        desk = Desk(sim)
        del desk.conversation.user
        assert desk.get().status_code == 500

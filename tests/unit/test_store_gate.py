"""The gate before SQLite's writer: first come, first served, and no place in it is lost with its holder."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from core.store.gate import Gate, GateTimeout

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.db.gate"


def _hold_gate(path: str, held: Event) -> None:
    with Gate(Path(path), 5):
        held.set()
        time.sleep(60)


def test_a_killed_holder_of_the_gate_lets_the_next_in(path: Path) -> None:
    held = SPAWN.Event()
    holder = SPAWN.Process(target=_hold_gate, args=(str(path), held))
    holder.start()
    assert held.wait(30)
    mine = Gate(path, 0.2)
    with pytest.raises(GateTimeout), mine:
        pass
    assert holder.pid
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with Gate(path, 5):
        pass
    with mine:  # the one that gave up is usable again
        pass


def test_whoever_gave_up_waiting_does_not_bar_the_gate_when_its_turn_would_have_come(path: Path) -> None:
    impatient = Gate(path, 0.05)
    with Gate(path, 5), pytest.raises(GateTimeout), impatient:
        pass
    for _ in range(3):
        with Gate(path, 5):
            pass


def test_threads_pass_the_gate_in_the_order_they_came(path: Path) -> None:
    gate = Gate(path, 10)
    passed: list[int] = []

    def go(number: int) -> None:
        with gate:
            passed.append(number)

    with gate:
        crowd = []
        for number in range(8):
            thread = threading.Thread(target=go, args=(number,))
            thread.start()
            while gate.waiting <= number:
                time.sleep(0.001)
            crowd.append(thread)
    for thread in crowd:
        thread.join(10)
    assert passed == list(range(8))


def test_a_thread_that_gives_up_leaves_the_queue(path: Path) -> None:
    gate = Gate(path, 0.05)
    problems: list[BaseException] = []

    def go() -> None:
        try:
            with gate:
                pass
        except GateTimeout as problem:
            problems.append(problem)

    with gate:
        thread = threading.Thread(target=go)
        thread.start()
        thread.join(10)
    assert len(problems) == 1
    assert gate.waiting == 0
    with gate:
        pass


def test_an_exception_inside_opens_the_gate(path: Path) -> None:
    gate = Gate(path, 1)
    with pytest.raises(ZeroDivisionError), gate:
        raise ZeroDivisionError
    with Gate(path, 1), pytest.raises(GateTimeout), Gate(path, 0.01):
        pass
    with gate:
        pass


def test_a_gate_whose_file_cannot_be_made_is_not_left_taken(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "missing" / "gate", 1)
    with pytest.raises(FileNotFoundError), gate:
        pass
    (tmp_path / "missing").mkdir()
    with gate:
        pass

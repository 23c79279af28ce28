"""The folder of answers: found, followed as it changes, and safe whatever lies in it."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import Author, Channel, ConfigError, Draft, Handoff, Message, Mode, Owner, Reply, Session, SessionStatus, Turn
from core.settings import load_settings
from core.testing.clock import START
from plugins.answers import Plugin
from plugins.answers.library import RECHECK_SECONDS
from plugins.answers.settings import AnswersSettings

SESSION = Session(1, 1, "c1", Channel.WEB, SessionStatus.OPEN, Owner.AI)
HOSES = "# Garden hoses\n\nGarden hoses are ten metres long.\n"


class Ticks:
    """A monotonic clock that is turned."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "answers").mkdir()
    return tmp_path / "answers"


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def ask(plugin: Plugin, question: str = "how long are garden hoses") -> Draft:
    message = Message(Author.CUSTOMER, question, START)
    return plugin.draft_reply(Turn(SESSION, "shop", Mode.AUTOPILOT, (message,), (message,)))


def test_the_default_folder_lies_beside_the_configuration(tmp_path: Path) -> None:
    assert load_settings(AnswersSettings(), {}, "plugins.answers", tmp_path) == {"folder": tmp_path / "answers"}
    given = load_settings(AnswersSettings(), {"folder": "help"}, "plugins.answers", tmp_path)
    assert given == {"folder": tmp_path / "help"}


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'^plugins\.answers\.foldr: .*Did you mean "folder"\?'):
        load_settings(AnswersSettings(), {"foldr": "help"}, "plugins.answers", tmp_path)


def test_a_folder_that_is_not_there_yet_is_an_empty_one_until_it_is_made(
    tmp_path: Path, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = Plugin({"folder": tmp_path / "later"}, ticks)
    assert isinstance(ask(plugin), Handoff)
    assert f"there is no folder {tmp_path / 'later'}: every question will be handed off" in caplog.text
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "hoses.md").write_text(HOSES, encoding="utf-8")
    ticks.now += RECHECK_SECONDS
    assert isinstance(ask(plugin), Reply)


def test_a_file_in_place_of_the_folder_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("x")
    with pytest.raises(ConfigError, match=r"plugins\.answers\.folder: .*answers is not a folder"):
        Plugin({"folder": tmp_path / "answers"})


def test_an_sqlite_without_full_text_search_stops_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Poor(sqlite3.Connection):
        def execute(self, *arguments: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("no such module: fts5")

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, **more, factory=Poor))
    with pytest.raises(ConfigError, match=r'plugins\.enabled: the plugin "answers" needs SQLite with FTS5.*take'):
        Plugin({"folder": folder})


def test_an_empty_folder_hands_everything_off_and_says_so_once(
    folder: Path, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = Plugin({"folder": folder}, ticks)
    for _ in range(3):
        ticks.now += RECHECK_SECONDS
        assert ask(plugin) == Handoff(detail="the folder of answers holds no text")
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        f"answers: no Markdown text in {folder}: every question will be handed off"
    ]


def test_new_changed_and_deleted_files_are_followed(folder: Path, ticks: Ticks) -> None:
    plugin = Plugin({"folder": folder}, ticks)
    path = folder / "hoses.md"

    path.write_text(HOSES)
    assert isinstance(ask(plugin), Handoff), "looked at the folder too often"
    ticks.now += RECHECK_SECONDS
    first = ask(plugin)
    path.write_text(HOSES.replace("ten", "twenty"))
    ticks.now += RECHECK_SECONDS
    second = ask(plugin)
    path.unlink()
    ticks.now += RECHECK_SECONDS

    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert (first.text, second.text) == (
        "Garden hoses are ten metres long.",
        "Garden hoses are twenty metres long.",
    )
    assert isinstance(ask(plugin), Handoff)


def test_a_folder_that_vanishes_leaves_the_answers_read_before(
    folder: Path, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "hoses.md").write_text(HOSES)
    plugin = Plugin({"folder": folder}, ticks)
    folder.rename(folder.with_name("away"))
    ticks.now += RECHECK_SECONDS
    assert isinstance(ask(plugin), Reply)
    assert f"cannot look into {folder}" in caplog.text


def test_folders_inside_are_read_and_hidden_ones_are_not(folder: Path) -> None:
    (folder / "garden").mkdir()
    (folder / "garden" / "hoses.md").write_text(HOSES)
    (folder / ".drafts").mkdir()
    (folder / ".drafts" / "secret.md").write_text("# Spades\n\nSpades are sold soon.\n")
    plugin = Plugin({"folder": folder})
    draft = ask(plugin)
    assert isinstance(draft, Reply)
    assert draft.sources == ("garden/hoses.md#garden-hoses",)
    assert isinstance(ask(plugin, "spades"), Handoff)


def test_a_link_that_leads_out_of_the_folder_is_ignored(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Spades\n\nThe vault is under the spades.\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "rakes.md").write_text("# Rakes\n\nThe key is under the rakes.\n")
    (folder / "hoses.txt").write_text(HOSES)
    (folder / "spades.md").symlink_to(tmp_path / "secret.md")
    (folder / "rakes").symlink_to(tmp_path / "outside")
    (folder / "round.md").symlink_to(folder / "round.md")
    (folder / "hoses.md").symlink_to(folder / "hoses.txt")
    plugin = Plugin({"folder": folder})
    assert isinstance(ask(plugin), Reply), "a link inside the folder is fine"
    assert isinstance(ask(plugin, "spades"), Handoff)
    assert isinstance(ask(plugin, "rakes"), Handoff)


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (folder / "hoses.md").write_text(HOSES)
    (tmp_path / "linked").symlink_to(folder)
    assert isinstance(ask(Plugin({"folder": tmp_path / "linked"})), Reply)


def test_files_that_cannot_be_used_are_skipped_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "hoses.md").write_text(HOSES)
    (folder / "latin.md").write_bytes("# Gieß\n\nGießkannen.\n".encode("latin-1"))
    (folder / "huge.md").write_bytes(b"word " * 300_000)
    os.mkfifo(folder / "pipe.md")
    plugin = Plugin({"folder": folder})
    assert isinstance(ask(plugin), Reply)
    assert f"{folder}/latin.md is skipped: it is not UTF-8 text" in caplog.text
    assert f"{folder}/huge.md is skipped: it is larger than 1000000 bytes" in caplog.text


def test_many_threads_may_ask_while_files_change(folder: Path, ticks: Ticks) -> None:
    (folder / "hoses.md").write_text(HOSES)
    plugin = Plugin({"folder": folder}, ticks)
    start = threading.Barrier(6)

    def work(number: int) -> list[Draft]:
        start.wait()
        drafts: list[Draft] = []
        for turn in range(15):
            if number == 0:
                (folder / f"more-{turn % 3}.md").write_text(f"# Rakes {turn}\n\nRakes have {turn} teeth.\n")
                ticks.now += RECHECK_SECONDS
            drafts.append(ask(plugin))
        return drafts

    with ThreadPoolExecutor(6) as pool:
        results = [draft for drafts in pool.map(work, range(6)) for draft in drafts]
    assert len(results) == 90
    assert {draft.sources for draft in results if isinstance(draft, Reply)} == {("hoses.md#garden-hoses",)}
    assert all(isinstance(draft, Reply) for draft in results)

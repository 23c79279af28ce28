"""The command `destinations`, as an operator calls it: files are sent, and what became of each record is told."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli import cli
from core.cli.destination_ground import opened
from core.cli.destinations import destinations
from core.destinations.catalogue import Destinations
from core.errors import ConfigError
from core.store.models import DestinationRecordRow, DestinationRow
from plugins.freshchat.simulator import FreshchatSimulator, build

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]
PEOPLE = {
    "name": "people",
    "connection": "support",
    "template": "create_end_user",
    "fields": {"first_name": "name", "email": "email"},
    "key": "email",
}
Run = Callable[..., Result]
sending = import_module("core.cli.destination_sending")


@pytest.fixture
def sim() -> Iterator[FreshchatSimulator]:
    with build() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sim: FreshchatSimulator) -> Path:
    """A project with a connection to the simulated account, in whose folder the commands are called."""
    folder = tmp_path / "desk"
    result = CliRunner().invoke(cli, ["init", str(folder)])
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RELAYDESK_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    with (folder / "config.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'\n[[connections]]\nname = "support"\nconnector = "freshchat"\napi_url = "{sim.api_url}"\n'
            f'access_token = "{sim.token}"\ndefault_agent_email = "robin@example.com"\nrequests_per_minute = 10000\n'
        )
    return folder


@pytest.fixture
def run(project: Path) -> Run:
    """Calls `relaydesk destinations`, in a project that has the destination `people`, which is not active."""
    make()

    def call(*arguments: str, given: str = "") -> Result:
        return CliRunner().invoke(cli, ["destinations", *arguments], input=given)

    return call


def make(**changed: Any) -> None:
    with opened("config.toml", connected=True) as runtime:
        Destinations(runtime).create({**PEOPLE, **changed}, "ada@acme.example")


def people(project: Path, *names: str) -> str:
    """A file with a row for each name."""
    path = project / "people.csv"
    path.write_text("name,email\n" + "".join(f"{name},{name.lower()}@acme.example\n" for name in names), "utf-8")
    return path.name


def written(sim: FreshchatSimulator) -> list[str]:
    """Who was made at the vendor, by their names."""
    return sorted(
        user.first_name for user in sim.account.users.values() if (user.email or "").endswith("@acme.example")
    )


def main(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RELAYDESK, "destinations", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )


# ------------------------------------------------------------------------------------------------------ what is told


@pytest.mark.parametrize("command", ["", *sorted(destinations.commands)])
def test_every_command_has_help_that_says_what_it_does(command: str) -> None:
    result = CliRunner().invoke(cli, ["destinations", *([command] if command else []), "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_the_commands_are_those_of_the_design() -> None:
    assert sorted(destinations.commands) == [
        *("activate", "deactivate", "list", "pause", "records", "resume", "retry", "send", "show", "status", "test"),
    ]


def test_without_destinations_the_next_step_is_named(project: Path) -> None:
    result = CliRunner().invoke(cli, ["destinations", "list"])
    assert (result.exit_code, result.output.startswith("No destinations yet.")) == (0, True)


def test_they_are_listed_and_shown_with_how_far_they_are(project: Path, run: Run) -> None:
    run("send", "people", people(project, "Ada"))
    listed = run("list").output
    assert all(words in listed for words in ("people", "support", "create_end_user", "inactive"))
    [told] = json.loads(run("list", "--json").output)
    assert (told["name"], told["state"], told["records"]["waiting"]) == ("people", "inactive", 1)
    assert told["definition"] == PEOPLE
    shown = run("show", "people").output
    assert "template = create_end_user" in shown
    assert "records: waiting 1" in shown
    assert "It was never tested" in shown
    assert json.loads(run("show", "people", "--json").output) == told


def test_a_name_that_is_not_there_is_a_wrong_call_that_names_the_one_meant(project: Path, run: Run) -> None:
    done = main("show", "poeple", cwd=project)
    assert done.returncode == 2
    assert done.stderr == 'relaydesk: poeple: there is no such destination. Did you mean "people"?\n'


# -------------------------------------------------------------------------------------------------------- its life


def test_nothing_is_sent_before_it_is_activated_and_while_it_is_paused(
    project: Path, run: Run, sim: FreshchatSimulator
) -> None:
    waits = run("send", "people", people(project, "Ada"))
    assert waits.exit_code == 0, waits.output
    assert "nothing is sent before `relaydesk destinations activate people`" in waits.output
    assert run("activate", "people").output.startswith("people is active")
    assert run("pause", "people").output.startswith("people is paused")
    assert "`relaydesk destinations resume people`" in run("send", "people", "people.csv").output
    assert written(sim) == []
    assert run("resume", "people").output.startswith("people is active")
    assert run("send", "people", "people.csv").exit_code == 0
    assert written(sim) == ["Ada"]
    assert run("deactivate", "people").output.startswith("people is inactive")
    assert main("pause", "people", cwd=project).returncode == 2


def test_b161_test_sends_one_record_really_and_prints_request_and_answer(
    project: Path, run: Run, sim: FreshchatSimulator
) -> None:
    result = run("test", "people", "--record", "-", given='{"name": "Ada", "email": "ada@acme.example"}')
    assert result.exit_code == 0, result.output
    assert f"POST {sim.api_url}/users" in result.output
    assert '"email": "ada@acme.example"' in result.output
    assert "captured id: " in result.output
    assert written(sim) == ["Ada"]
    assert "it was taken" in run("show", "people").output


def test_a_test_that_is_refused_exits_1(project: Path, run: Run) -> None:
    make(name="change", template="", method="PUT", url="/users/{id}", fields={}, key="")
    result = run("test", "change", "--record", "-", given='{"id": "nobody"}')
    assert result.exit_code == 1
    assert "answer: 404" in result.output
    assert "refused: " in result.output
    unmade = run("test", "people", "--record", "-", given='{"email": "ada@acme.example"}')
    assert unmade.exit_code == 1
    assert "nothing was sent: name: is missing" in unmade.output


def test_a_test_without_an_answer_is_not_said_to_be_refused(run: Run, sim: FreshchatSimulator) -> None:
    sim.fault("*user*", "cut")
    result = run("test", "people", "--record", "-", given='{"name": "Ada", "email": "ada@acme.example"}')
    assert result.exit_code == 1
    shown = run("show", "people").output
    for told in (result.output, shown):
        assert "not known whether it was taken: " in told
        assert "it may be there; look before you send it again" in told
        assert "refused" not in told


def test_a_record_to_test_with_may_begin_with_the_mark_of_some_editors(project: Path, run: Run) -> None:
    (project / "ada.json").write_text('\ufeff{"name": "Ada", "email": "ada@acme.example"}', "utf-8")
    assert run("test", "people", "--record", "ada.json").exit_code == 0


@pytest.mark.parametrize("given", ["[]", "no JSON", "", '{"a": NaN}', "[" * 600 + "]" * 600, "[" * 100_000])
def test_a_record_to_test_with_that_is_none_is_a_wrong_call(run: Run, given: str) -> None:
    assert isinstance(run("test", "people", "--record", "-", given=given).exception, ConfigError)


# --------------------------------------------------------------------------------------------------------- sending


def test_a_file_is_sent_and_sent_again_writes_nothing_twice(project: Path, run: Run, sim: FreshchatSimulator) -> None:
    run("activate", "people")
    file = people(project, "Ada", "Grace", "Linus")
    done = main("send", "people", file, cwd=project)
    assert done.returncode == 0, done.stderr
    assert "people.csv: 3 read: 3 accepted, 0 known before, 0 duplicates, 0 broken" in done.stdout
    assert "sent 3, failed 0, waiting 0" in done.stdout
    assert "sent 3, failed 0, waiting 0" in done.stderr  # the bar's last words
    assert "100%" in done.stderr
    again = main("send", "people", file, cwd=project)
    assert "3 read: 0 accepted, 3 known before" in again.stdout
    assert written(sim) == ["Ada", "Grace", "Linus"]


def test_a_sample_is_remembered_so_that_the_whole_file_sends_the_rest(
    project: Path, run: Run, sim: FreshchatSimulator
) -> None:
    run("activate", "people")
    file = people(project, "Ada", "Grace", "Linus")
    sample = run("send", "people", file, "--limit", "1")
    assert "Only the first 1 were taken; the whole file later does not send them again." in sample.output
    assert written(sim) == ["Ada"]
    assert "3 read: 2 accepted, 1 known before" in run("send", "people", file).output
    assert written(sim) == ["Ada", "Grace", "Linus"]


def test_what_is_broken_is_told_with_line_field_and_reason_and_the_rest_is_sent(
    project: Path, run: Run, sim: FreshchatSimulator
) -> None:
    run("activate", "people")
    file = people(project, "Ada", *[""] * 25)
    text = (project / file).read_text("utf-8").splitlines()
    numbered = [line.replace("@", f"{number}@") for number, line in enumerate(text)]
    (project / file).write_text("\n".join(numbered), "utf-8")
    result = run("send", "people", file)
    assert result.exit_code == 1
    assert "26 read: 1 accepted, 0 known before, 0 duplicates, 25 broken" in result.output
    assert "line 3, name: is missing, and the vendor wants it" in result.output
    assert result.output.count("is missing") == 20
    assert "and 5 more: relaydesk destinations records people --state failed" in result.output
    assert "sent 1, failed 0, waiting 0" in result.output
    told = json.loads(run("send", "people", file, "--json").stdout)
    assert (told["read"], told["accepted"], told["sent"], told["waiting"]) == (26, 0, 0, 0)
    assert told["before"] == {"sent": 1, "failed": 25}


def test_what_the_vendor_refuses_has_failed_and_is_retried(project: Path, run: Run, sim: FreshchatSimulator) -> None:
    make(name="change", template="", method="PUT", url="/users/{id}", fields={}, key="id")
    run("activate", "change")
    (project / "ids.ndjson").write_text('{"id": "nobody", "first_name": "Ada"}\n', "utf-8")
    result = run("send", "change", "ids.ndjson")
    assert result.exit_code == 1
    assert "sent 0, failed 1, waiting 0" in result.output
    assert "why they failed: relaydesk destinations records change --state failed" in result.output
    assert "nobody" in run("records", "change", "--state", "failed").output
    assert run("retry", "change").output.startswith("1 records are sent again")
    assert "records: waiting 1" in run("status", "change").output
    again = run("send", "change", "ids.ndjson", "--json")
    assert (again.exit_code, json.loads(again.stdout)["failed"]) == (1, 1)
    [record] = list(csv.DictReader(run("records", "change", "--csv", "-").stdout.splitlines()))
    assert run("retry", "change", "--record", record["id"]).output.startswith(f"record {record['id']} is sent again")
    assert main("retry", "change", "--record", record["id"], cwd=project).returncode == 2


def test_a_dry_run_tells_what_would_be_sent_and_keeps_nothing(project: Path, run: Run, sim: FreshchatSimulator) -> None:
    file = people(project, "Ada", "Grace", "")
    before = len(sim.record.calls())
    result = run("send", "people", file, "--dry-run")
    assert result.exit_code == 1
    assert "3 read: 2 good in 2 requests, 0 known before, 0 duplicates, 1 broken" in result.output
    assert "line 4, name: is missing" in result.output
    assert "/users" in result.output
    assert '"email": "ada@acme.example"' in result.output
    good = run("send", "people", file, "--dry-run", "--limit", "2", "--json")
    assert (good.exit_code, json.loads(good.stdout)["good"]) == (0, 2)
    assert len(sim.record.calls()) == before
    assert run("records", "people").output == "None.\n"


def test_with_no_wait_the_file_is_only_taken_and_standard_input_is_one(
    project: Path, run: Run, sim: FreshchatSimulator
) -> None:
    run("activate", "people")
    given = '{"name": "Ada", "email": "ada@acme.example"}'
    result = run("send", "people", "-", "--format", "ndjson", "--no-wait", given=given)
    assert result.exit_code == 0, result.output
    assert "standard input: 1 read: 1 accepted" in result.output
    assert "sent 0, failed 0, waiting 1" in result.output
    assert written(sim) == []
    told = json.loads(run("status", "people", "--json").stdout)
    assert (told["state"], told["records"]["waiting"], told["minutes_left"]) == ("active", 1, 1)
    assert "time left: about 1 minutes" in run("status", "people").output


@pytest.mark.parametrize(
    "arguments", [("nothing.csv",), ("people.txt",), ("people.csv", "--limit", "0"), ("people.csv", "--format", "xml")]
)
def test_a_file_that_cannot_be_read_is_a_wrong_call(project: Path, run: Run, arguments: tuple[str, ...]) -> None:
    (project / people(project, "Ada")).with_suffix(".txt").write_text("name\nAda\n", "utf-8")
    assert main("send", "people", *arguments, cwd=project).returncode == 2


# ---------------------------------------------------------------------------------------------------- broken off


def test_ctrl_c_ends_after_the_call_under_way_and_another_run_goes_on(
    project: Path, run: Run, sim: FreshchatSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("activate", "people")
    file = people(project, "Ada", "Grace", "Linus")
    real = sending.drain

    def interrupted(runtime: Any, name: str, halted: Callable[[], bool], cache: Any) -> int:
        made = []

        def once() -> bool:
            if made:
                signal_self()
            made.append(1)
            return halted()

        return real(runtime, name, once)

    monkeypatch.setattr(sending, "drain", interrupted)
    result = run("send", "people", file)
    assert result.exit_code == 1
    assert "broken off; call it again, and it goes on from here: no record is written twice" in result.output
    assert "waiting 0" not in result.output
    some = written(sim)
    assert len(some) < 3
    monkeypatch.undo()
    monkeypatch.chdir(project)
    assert run("send", "people", file).exit_code == 0
    assert written(sim) == ["Ada", "Grace", "Linus"]


def signal_self() -> None:
    os.kill(os.getpid(), 2)


def test_ctrl_c_while_the_file_is_read_says_that_it_goes_on(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending.intake, "take_in", interrupted)
    result = run("send", "people", people(project, "Ada"))
    assert result.exit_code == 1
    assert "broken off while the file was read; call it again, and it goes on from here" in result.output


def test_it_watches_where_the_service_is_at_it(
    project: Path, run: Run, sim: FreshchatSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process has the destination, nothing is left to do here but to look."""
    run("activate", "people")
    real, looks = sending.drain, []

    def elsewhere(runtime: Any, name: str, halted: Any, cache: Any) -> int:
        looks.append(name)
        if len(looks) > 2:
            real(runtime, name)
        return 0

    monkeypatch.setattr(sending, "drain", elsewhere)
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.01)
    result = run("send", "people", people(project, "Ada"))
    assert result.exit_code == 0, result.output
    assert "sent 1" in result.output
    assert len(looks) == 3


# ------------------------------------------------------------------------------------- which records are the file's


def test_what_another_file_of_the_same_name_left_behind_is_not_of_this_one(
    project: Path, run: Run, sim: FreshchatSimulator
) -> None:
    run("activate", "people")
    run("send", "people", people(project, "Ada"))
    with opened("config.toml") as runtime, runtime.db.write():
        DestinationRecordRow.update(state="parked").execute()
    done = run("send", "people", people(project, "Grace"))
    assert (done.exit_code, "parked" in done.output) == (0, False), done.output
    again = run("send", "people", people(project, "Ada"))
    assert again.exit_code == 0
    assert "of those known before, settled already: parked 1" in again.output


@pytest.mark.parametrize("name", ["others.csv", "-"])
def test_what_was_broken_off_under_another_name_is_waited_for(
    project: Path, run: Run, sim: FreshchatSimulator, name: str
) -> None:
    run("activate", "people")
    file = project / people(project, "Ada", "Grace")
    assert run("send", "people", file.name, "--no-wait").exit_code == 0
    text = file.read_text("utf-8")
    (project / "others.csv").write_text(text, "utf-8")
    done = run("send", "people", name, "--format", "csv", given=text)
    assert done.exit_code == 0, done.output
    assert "2 of them had come as people.csv, and were not settled yet: they count here" in done.output
    assert "sent 2, failed 0, waiting 0" in done.output
    assert written(sim) == ["Ada", "Grace"]


def test_what_is_looked_up_is_remembered_from_call_to_call(
    project: Path, run: Run, sim: FreshchatSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("activate", "people")
    real, caches = sending.drain, []

    def one_call(runtime: Any, name: str, halted: Callable[[], bool], cache: Any) -> int:
        caches.append(cache)
        before = len(written(sim))
        return int(real(runtime, name, lambda: len(written(sim)) > before or halted(), cache))

    monkeypatch.setattr(sending, "drain", one_call)
    assert run("send", "people", people(project, "Ada", "Grace", "Linus")).exit_code == 0
    assert len(caches) > 1
    assert len({id(each) for each in caches}) == 1


def test_the_values_of_headers_are_not_printed(run: Run) -> None:
    make(name="signed", headers="X-Key:hidden-value,X-Team:sales")
    for arguments in (("show", "signed"), ("show", "signed", "--json"), ("list", "--json")):
        printed = run(*arguments).output
        assert "X-Key:…,X-Team:…" in printed
        assert "hidden-value" not in printed


def test_one_whose_definition_cannot_be_read_is_shown_broken_beside_the_others(run: Run) -> None:
    make(name="worn")
    with opened("config.toml") as runtime, runtime.db.write():
        row = DestinationRow.get(DestinationRow.name == "worn")
        row.definition = {**row.definition, "keep": "both", "former": 1}
        row.save()
    told = {each["name"]: each for each in json.loads(run("list", "--json").output)}
    assert told["people"]["held_reason"] == ""
    assert told["worn"]["held_reason"].startswith("its definition cannot be used (")
    assert told["worn"]["definition"]["key"] == "email"
    refused = run("test", "worn").exception
    assert isinstance(refused, ConfigError)
    assert "its definition cannot be used" in str(refused)


# -------------------------------------------------------------------------------------------------------- exports


def test_records_are_listed_and_exported(project: Path, run: Run) -> None:
    run("send", "people", people(project, "Ada", ""))
    listed = run("records", "people").output
    assert all(words in listed for words in ("ada@acme.example", "people.csv", "waiting", "failed", "name: is missing"))
    assert "ada@" not in run("records", "people", "--state", "failed").output
    result = run("records", "people", "--csv", "out.csv")
    assert "2 records written" in result.output
    with (project / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["2", "3"]
    assert run("records", "people", "--limit", "1").output.count("There are more") == 1

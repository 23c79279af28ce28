"""The table of facts and tests is up to date, and no fact is without a test that runs in every account."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).parents[1] / "behaviour.md"
NUMBERS = [*range(14, 121), *range(154, 162)]
GAPS = [f"G{number}" for number in range(1, 16)]
FRESHDESK = range(63, 108)
ONE_ACCOUNT = {21, 22, 23, 28, 60, 115, 116, 120}
"""Facts about our own addresses, file, API and deliveries alone, which no dialect of the vendor touches."""


def rows(pattern: str = r"\d+") -> dict[str, str]:
    text = TABLE.read_text(encoding="utf-8")
    return dict(re.findall(rf"^\| ({pattern}) \| (.*) \|$", text, re.MULTILINE))


def test_the_table_is_what_the_tests_say() -> None:
    command = [sys.executable, "-m", "cogapp", "--check", "behaviour.md"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=TABLE.parent, timeout=60, check=False)
    assert done.returncode == 0, f"run `python -m cogapp -r tests/behaviour.md`: {done.stdout}{done.stderr}"


def test_every_fact_has_a_test() -> None:
    assert sorted(map(int, rows())) == NUMBERS
    assert [number for number, cell in rows().items() if "`" not in cell] == []


def test_every_gap_is_decided_and_the_decision_has_a_test() -> None:
    assert list(rows(r"G\d+")) == GAPS
    assert [gap for gap, cell in rows(r"G\d+").items() if "`" not in cell] == []


def test_every_fact_the_vendor_has_a_part_in_is_held_in_every_account() -> None:
    touched = {int(number): cell for number, cell in rows().items() if int(number) not in (*ONE_ACCOUNT, *FRESHDESK)}
    assert [number for number, cell in touched.items() if "` *: " not in cell] == []

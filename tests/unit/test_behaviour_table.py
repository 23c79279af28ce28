"""The table of facts and tests is up to date, and no fact is without a test that runs in every account."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).parents[1] / "behaviour.md"
NUMBERS = [*range(14, 63), *range(108, 115)]
ONE_ACCOUNT = {21, 22, 23, 28, 60}
"""Facts about our own addresses and file alone, which no dialect of the vendor touches."""


def rows() -> dict[int, str]:
    text = TABLE.read_text(encoding="utf-8")
    return {int(number): cell for number, cell in re.findall(r"^\| (\d+) \| (.*) \|$", text, re.MULTILINE)}


def test_the_table_is_what_the_tests_say() -> None:
    command = [sys.executable, "-m", "cogapp", "--check", "behaviour.md"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=TABLE.parent, timeout=60, check=False)
    assert done.returncode == 0, f"run `python -m cogapp -r tests/behaviour.md`: {done.stdout}{done.stderr}"


def test_every_fact_has_a_test() -> None:
    assert sorted(rows()) == NUMBERS
    assert [number for number, cell in rows().items() if "`" not in cell] == []


def test_every_fact_the_vendor_has_a_part_in_is_held_in_every_account() -> None:
    assert [number for number, cell in rows().items() if "` *: " not in cell and number not in ONE_ACCOUNT] == []

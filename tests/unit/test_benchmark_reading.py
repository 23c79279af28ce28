"""The benchmark of the pages works, on both engines; how fast they are is not asked here."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmarks.reading import main
from tests.conftest import ENGINES


@pytest.mark.timeout(120)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_benchmark_measures_every_page(engine: str, request: pytest.FixtureRequest) -> None:
    if engine == "postgresql":
        request.getfixturevalue("postgres_server")
    result = CliRunner().invoke(main, ["--quick", "--rounds", "1", "--engine", engine])
    assert result.exit_code == 0, result.output
    for said in ("Python 3.", "500 sessions, 3,000 messages", "inbox: open", "session of 500 messages", "activity"):
        assert said in result.output

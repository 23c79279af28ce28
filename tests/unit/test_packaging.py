"""What an installation brings along: metadata in one place, and no dependency that is known to be unsafe."""

from __future__ import annotations

import configparser
import os
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
RUNTIME = [Requirement(line) for line in SETUP["options"]["install_requires"].splitlines() if line]
EXTRAS = {
    name: [Requirement(line) for line in lines.splitlines() if line]
    for name, lines in SETUP["options.extras_require"].items()
}
TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# The first versions without a vulnerability known in November 2026, for the packages through which strangers' bytes
# pass. It stands in where pip-audit cannot ask the registry.
SAFE_FROM = {
    "cryptography": "50.0.0",  # CVE-2026-69247
    "flask": "3.1.3",  # CVE-2026-27205, a missing Vary: Cookie
    "gunicorn": "23.0.0",  # CVE-2024-6827, request smuggling
    "jinja2": "3.1.6",  # CVE-2025-27516, a way out of the sandbox
    "requests": "2.33.0",  # CVE-2026-25645
    "urllib3": "2.7.0",  # CVE-2026-44431 and 44432, answers that unpack without end
    "werkzeug": "3.1.6",  # CVE-2026-27199, device names of Windows
}


def test_metadata_has_one_place() -> None:
    assert "project" not in TOOLS
    assert SETUP["metadata"]["name"] == "relaydesk"
    assert SETUP["options"]["python_requires"] == ">=3.11"
    assert SETUP["options.entry_points"]["console_scripts"].strip() == "relaydesk = core.cli:main"


@pytest.mark.parametrize("requirement", [*RUNTIME, *(each for extra in EXTRAS.values() for each in extra)], ids=str)
def test_every_dependency_has_a_lowest_version_and_a_ceiling(requirement: Requirement) -> None:
    operators = {specifier.operator for specifier in requirement.specifier}
    assert operators == {">=", "<"}


@pytest.mark.parametrize("requirement", RUNTIME, ids=str)
def test_what_is_installed_is_what_was_asked_for(requirement: Requirement) -> None:
    assert requirement.specifier.contains(metadata.version(requirement.name))


@pytest.mark.parametrize("package", SAFE_FROM)
def test_no_package_with_a_known_vulnerability_is_installed(package: str) -> None:
    assert Version(metadata.version(package)) >= Version(SAFE_FROM[package])


@pytest.mark.parametrize("requirement", [each for each in RUNTIME if each.name in SAFE_FROM], ids=str)
def test_no_vulnerable_version_satisfies_what_we_ask_for(requirement: Requirement) -> None:
    [lowest] = [Version(each.version) for each in requirement.specifier if each.operator == ">="]
    assert lowest >= Version(SAFE_FROM[requirement.name])


def test_the_licence_is_the_one_that_is_named() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert SETUP["metadata"]["license"] == "Apache-2.0"
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.xdist_group("real time")
def test_tests_that_belong_together_are_given_to_one_worker(request: pytest.FixtureRequest) -> None:
    # With pytest 9.2 the groups of pytest-xdist 3.8 are forgotten without a word
    # (https://github.com/pytest-dev/pytest-xdist/issues/1386), and what measures real time runs beside the rest.
    if "PYTEST_XDIST_WORKER" in os.environ:  # alone, one process has them all
        assert request.node.nodeid.endswith("@real time")

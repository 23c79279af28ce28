"""STUB replaced by INTAKE's."""

from typing import Any


def keep(*args: Any, **more: Any) -> None:
    pass

"""STUB replaced by INTAKE's."""

from typing import Any


def admit(*args: Any, **more: Any) -> int:
    return 0

"""The keys of the section [plugins.answers]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import pre_load

from core import PathField, PluginSettings

DEFAULT_FOLDER = "answers"


class AnswersSettings(PluginSettings):
    """Where the answers are."""

    folder = PathField(metadata={"help": f'the folder of Markdown files; left out, it is "{DEFAULT_FOLDER}"'})

    @pre_load
    def _default(self, data: Any, **_: Any) -> Any:
        """Fill in the default before the field reads it: a `load_default` would not be made absolute."""
        return {"folder": DEFAULT_FOLDER, **data} if isinstance(data, Mapping) else data

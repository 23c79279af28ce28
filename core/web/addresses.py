"""What the addresses of the pages and of the API share."""

from werkzeug.routing import BaseConverter

from core.destination_settings import NAME

HIGHEST_ID = 2**63 - 1
"""What the stores can compare an id with; SQLite raises for more."""
ROW_ID = "row"
"""How an id stands in the rule of an address."""
NAMED = "named"
"""How the name of a destination does."""


class RowId(BaseConverter):
    """An id in an address: what is none leads nowhere, whatever the method, and all digits are read as a number."""

    HIGHEST = 10**18 - 1
    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)


class GivenName(BaseConverter):
    """The name of a destination in an address: what cannot be one leads nowhere."""

    regex = NAME


CONVERTERS: dict[str, type[BaseConverter]] = {ROW_ID: RowId, NAMED: GivenName}

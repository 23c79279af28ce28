"""What the addresses of the pages and of the API share."""

HIGHEST_ID = 2**63 - 1
"""What the stores can compare an id with; SQLite raises for more."""
ROW_ID = f"int(min=1, max={HIGHEST_ID})"
"""How an id stands in the rule of an address."""

"""Everything that is reached over HTTP: the vendors' webhooks, health, and the pages."""

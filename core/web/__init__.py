"""Everything that is reached over HTTP: the vendors' webhooks, health, the pages, and the REST API."""

"""The shipped kit for plugin authors: simulator machinery, clocks and databases for tests, the conformance suite."""

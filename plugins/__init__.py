"""The plugins that come with Relaydesk: a folder for each, found by its name when the configuration enables it."""

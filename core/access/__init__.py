"""Who may do what: users and their passwords, API tokens, and the record of who changed what."""

"""Freshdesk: tickets by Freshworks, as a connector of Relaydesk."""

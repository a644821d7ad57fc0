"""The session's panel: an agent's transcript as it grows, of any length."""

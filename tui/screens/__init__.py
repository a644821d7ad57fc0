"""Screens that lie over the sessions: what one opens, looks at and leaves."""

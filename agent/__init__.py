"""The agent: who decides. Knows no screen."""

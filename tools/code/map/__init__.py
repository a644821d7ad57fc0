"""The ranked map of a repository for a task, as text under an exact budget of tokens."""

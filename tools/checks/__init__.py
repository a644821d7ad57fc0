"""The checks of a project: finding them and reading what they say."""

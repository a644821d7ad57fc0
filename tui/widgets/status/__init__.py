"""The rows at the bottom: how things stand, and which keys do something here."""

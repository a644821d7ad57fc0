"""What the session costs, and what its cache saves."""

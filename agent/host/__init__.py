"""A session in a thread of its own, for an interface: what it is asked, what comes out, where questions wait."""

"""Where commands run: a policy, and the systems that enforce it."""

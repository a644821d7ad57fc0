"""A session with a planner, from its plan to the person's tree: what puts the parts of `planning` together."""

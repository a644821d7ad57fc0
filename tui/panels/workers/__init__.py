"""All agents at a glance: a lane for each."""

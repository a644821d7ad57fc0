"""The plan: its tasks and how they stand, to be changed and approved before it runs."""

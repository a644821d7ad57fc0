"""What sessions were: their journals, and all that is computed from one, to list, resume, fork or undo it."""

"""Codemods: one mechanical change of many files, by rules on syntax or by a script. All begins in `run`."""

"""The commands of the console script, one module each; `cli.py` loads the one that was chosen."""

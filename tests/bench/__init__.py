"""Benchmarks anyone can run: `make bench`. Where time is meant, the figure is a ratio within the same run."""

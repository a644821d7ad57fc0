"""Benchmarks anyone can run: `make bench`. Each prints figures and, where time is meant, a ratio within the same run."""

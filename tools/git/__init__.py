"""Hardened git: calls that run nothing of the repository's, snapshots outside it, commits by path."""

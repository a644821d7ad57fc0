"""Splits a bill between friends."""

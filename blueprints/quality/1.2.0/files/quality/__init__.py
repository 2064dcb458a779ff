"""Checks across the hops from source to mart. Each module says how to run it."""

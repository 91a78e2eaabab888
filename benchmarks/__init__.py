"""Benchmarks of mipolicy; see ``python -m benchmarks --help``."""

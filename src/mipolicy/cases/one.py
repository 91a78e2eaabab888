"""One case of a paid table, step by step: why its method, its points or price, its payment."""

from __future__ import annotations

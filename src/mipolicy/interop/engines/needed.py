"""Packages that an engine needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mipolicy.errors import TableError

__all__ = ["is_due", "needed"]


def needed(what: str, extra: str, *modules: str) -> None:
    """Raise TableError, naming the extra that brings them, where one of the modules is missing."""
    for name in ("pyarrow", *modules):
        try:
            import_module(name)
        except ImportError:
            package = name.partition(".")[0]
            raise TableError(f"{what} needs {package}: pip install 'mipolicy[{extra}]'") from None


def is_due(what: str, table: Any, method: str) -> None:
    """Raise TableError for a table that is not the engine's, whose tables have this method."""
    if not hasattr(table, method):
        kind = f"{type(table).__module__.partition('.')[0]}.{type(table).__name__}"
        raise TableError(f"{what} is due, not {kind}; a table in memory is for mipolicy.settle and mipolicy.pay")

"""Packages that an engine needs."""

from __future__ import annotations

from importlib import import_module

from mipolicy.errors import TableError

__all__ = ["needed"]


def needed(what: str, extra: str, *modules: str) -> None:
    """Raise TableError, naming the extra that brings them, where one of the modules is missing."""
    for name in ("pyarrow", *modules):
        try:
            import_module(name)
        except ImportError:
            package = name.partition(".")[0]
            raise TableError(f"{what} needs {package}: pip install 'mipolicy[{extra}]'") from None

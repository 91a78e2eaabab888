"""Edges: tables as files, read into the columns that `mipolicy.settle` takes and written from what it gives."""

from mipolicy.interop.files import read, write, write_rejects, write_result

__all__ = ["read", "write", "write_rejects", "write_result"]

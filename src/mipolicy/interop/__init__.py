"""Edges: tables of other libraries and files, read into the columns that `mipolicy.settle` takes, and given back."""

from mipolicy.interop.files import read, write, write_rejects, write_result
from mipolicy.interop.frames import columns
from mipolicy.interop.pay_streams import pay_files
from mipolicy.interop.rate_streams import rate_files
from mipolicy.interop.streams import settle_files

__all__ = ["columns", "pay_files", "rate_files", "read", "settle_files", "write", "write_rejects", "write_result"]

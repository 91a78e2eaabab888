"""The command line of settling, paying, catalogues and policies; thin, and the only part of the library that prints."""

from mipolicy.cli.commands import program

__all__ = ["program"]

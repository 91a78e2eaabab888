"""The command line: demo, settle, explain and policy; thin, and the only part of the library that prints."""

from mipolicy.cli.commands import program

__all__ = ["program"]

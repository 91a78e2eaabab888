"""How the program ends: one line on stderr for whatever went wrong, never a traceback, and the exit status."""

from __future__ import annotations

import datetime
import io
import sys
import warnings
from typing import IO, Any, Final

import click

from mipolicy.errors import MipolicyError
from mipolicy.policy import UnverifiedWarning

__all__ = ["Program", "Refused", "day"]

_AS_OPTIONS: Final = (
    ("gaps='reject'", "--gaps reject"),
    ("allow_repealed=True", "--allow-repealed"),
    (
        "accounts=..., the agency's books, and at='settlement'",
        "accounts.csv in the region's folder, the agency's books, and --at settlement",
    ),
    (", year=", ", --year "),
    ("(totals=, a table of quantity and value)", "(--totals FILE, a table of quantity and value)"),
    ("state it: on=", "state it: --on DATE"),
    (
        "(modes warn and carry_forward use it all the same)",
        "(--mode warn and --mode carry_forward use it all the same)",
    ),
)
"""What the library asks for by keyword, and how the command line says it."""
_STOPPED: Final = 130
_WARNINGS_SHOWN: Final = 3


class Refused(click.ClickException):
    """What the user asked for cannot be done; the message says why."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """One line on stderr, with the list below it where the message has one."""
        click.echo(f"mipolicy: {self.message}", file=file, err=True)


class _Stopped(Exception):  # no error: the user pressed Ctrl-C
    pass


def _message(error: MipolicyError | OSError) -> str:
    if isinstance(error, OSError):
        about = f"{error.filename}: " if error.filename is not None else ""
        return f"{about}{(error.strerror or str(error) or type(error).__name__).lower()}"
    text = str(error)
    for keyword, option in _AS_OPTIONS:
        text = text.replace(keyword, option)
    return text.rstrip()


class Program(click.Group):
    """The top of the command line."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, print what went wrong, and exit: 0 done, 2 refused, 130 stopped."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False})
        except click.UsageError as error:
            at = error.ctx.command_path if error.ctx else "mipolicy"
            click.echo(f"mipolicy: {_first_small(error.format_message())} ({at} --help says more)", err=True)
            sys.exit(2)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (_Stopped, click.Abort):
            click.echo("mipolicy: stopped", err=True)
            sys.exit(_STOPPED)
        sys.exit(status or 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; whatever the library or the system refuses becomes one line."""
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UnverifiedWarning)
                try:
                    done = super().invoke(ctx)
                finally:
                    _show_warnings([str(each.message) for each in caught if each.category is UnverifiedWarning])
            sys.stdout.flush()
            return done
        except KeyboardInterrupt:
            raise _Stopped from None
        except BrokenPipeError:
            raise  # whoever reads has read enough; click ends quietly
        except (MipolicyError, OSError) as error:
            raise Refused(_message(error)) from error


def _first_small(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _show_warnings(messages: list[str]) -> None:
    distinct = list(dict.fromkeys(messages))
    for message in distinct[:_WARNINGS_SHOWN]:
        click.echo(f"mipolicy: warning: {message}", err=True)
    if len(distinct) > _WARNINGS_SHOWN:
        click.echo(f"mipolicy: warning: {len(distinct) - _WARNINGS_SHOWN} more of this kind", err=True)


def day(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime.date | None:
    """A day in ISO form, as the value of an option; raises click.BadParameter."""
    try:
        return None if value is None else datetime.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"a date such as 2025-03-01 is due, not {value!r}", context, parameter) from None

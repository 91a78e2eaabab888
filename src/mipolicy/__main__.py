"""`mipolicy` and `python -m mipolicy`: the command line, or one line that says how to install it."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; without click or rich, say in one line how to get them, and exit with status 2."""
    try:
        from mipolicy.cli import program  # only the command line needs click and rich
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        print("mipolicy: the command line needs click and rich: pip install 'mipolicy[cli]'", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("mipolicy: stopped", file=sys.stderr)
        sys.exit(130)
    program(prog_name="mipolicy")


if __name__ == "__main__":
    main()

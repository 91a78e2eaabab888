"""Options that several commands share."""

from __future__ import annotations

import click

__all__ = ["LANGUAGE", "MODE", "POLICY", "REPEALED"]

LANGUAGE = click.option("--language", type=click.Choice(("zh", "en")), default="en", help="Of labels.  [default: en]")
MODE = click.option(
    "--mode",
    type=click.Choice(("strict", "warn", "carry_forward")),
    default="strict",
    help="Past the date up to which a document was verified: refuse, warn, or go on.  [default: strict]",
)
REPEALED = click.option("--allow-repealed", is_flag=True, help="Use a repealed document, as history.")
POLICY = click.option(
    "--policy", "policy_name", required=True, metavar="PACK_OR_FILE", help="A bundled pack or a TOML file."
)

"""An explanation on the terminal, in the form asked for."""

from __future__ import annotations

import json
import sys
from typing import Final

import click

from mipolicy.cli import show
from mipolicy.explain import Explanation, StepGroup
from mipolicy.explain.render import Language

__all__ = ["FORMATS", "show_explanation", "show_groups"]

FORMATS: Final = ("text", "table", "json", "html")
_HEADS: Final = {"zh": ("项目", "金额或值", "计算", "依据"), "en": ("step", "value", "how", "clause")}


def show_explanation(explanation: Explanation, shape: str, language: Language) -> None:
    """Print an explanation as text, table, JSON or HTML."""
    if shape == "text":
        click.echo(explanation.text(language))
    elif shape == "json":
        plain = not (sys.stdout.encoding or "").lower().startswith("utf")
        click.echo(json.dumps(explanation.to_dict(), ensure_ascii=plain, indent=2))
    elif shape == "html":
        click.echo(explanation.html(language))
    else:
        show.line(explanation.title(language))
        show_groups(explanation.groups, language)


def show_groups(groups: tuple[StepGroup, ...], language: Language) -> None:
    """Print stages as tables."""
    for group in groups:
        show.heading(group.title(language))
        rows = [
            (step.label(language), step.shown(language), step.formula(language), step.clauses()) for step in group.steps
        ]
        show.table(_HEADS[language], rows, figures=(1,), names=())

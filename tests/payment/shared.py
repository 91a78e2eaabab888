"""What tests of payment rooms share: refusals with their whole message, clauses that a step cites, labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from mipolicy.errors import MipolicyError
from mipolicy.explain.words import Named, clauses_of


def check_refused(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    """The act raises exactly this error, with exactly this message."""
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def cited(outcome: Any, *steps: str) -> dict[str, str]:
    """Path and clause of each figure of the terms that these steps use themselves; other steps answer for their own."""
    found: dict[str, str] = {}
    for step in steps:
        others = [getattr(outcome, each.name) for each in attrs.fields(type(outcome)) if each.name != step]
        names = {id(other): Named("", "", "", other) for other in others}
        found.update({path: leaf.clause for path, (_, leaf) in clauses_of(getattr(outcome, step), names).items()})
    return found


def check_labels(*classes: type[Any]) -> None:
    """Every field of terms, inputs and outcomes has its labels in both languages."""
    for each in classes:
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]

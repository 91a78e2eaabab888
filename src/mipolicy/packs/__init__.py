"""Bundled packs: one jurisdiction's rules over time, data only; read by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mipolicy.errors import PolicyError
from mipolicy.policy import Mode, Policy, loads
from mipolicy.rooms import SECTIONS

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["load", "names"]


def _files() -> Traversable:
    from importlib import resources  # `import mipolicy` need not wait for it

    return resources.files(__name__)


def names() -> tuple[str, ...]:
    """The names of the bundled packs."""
    files = _files().iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load(name: str, *, mode: Mode = "strict", allow_repealed: bool = False) -> Policy:
    """A bundled pack by name, with what it extends.

    mode, allow_repealed: see `Policy`.  Raises PolicyError for an unknown name, listing the known ones.
    """
    if name not in names():
        raise PolicyError(f"no bundled pack {name!r}; packs: {', '.join(names())}")
    text = _files().joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return loads(text, SECTIONS, name=name, find=load).using(mode=mode, allow_repealed=allow_repealed)

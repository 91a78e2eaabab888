"""Policies and files by the names that people type."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from mipolicy import packs
from mipolicy.api import loads
from mipolicy.errors import PolicyError, TableError
from mipolicy.policy import Mode, Policy

__all__ = ["beside", "different_files", "policy_of"]


def policy_of(name: str, mode: Mode = "strict", allow_repealed: bool = False) -> Policy:
    """The policy of a bundled pack, or of a TOML file.

    Raises PolicyError for a name that is neither, with names near it; DocumentError; OSError.
    """
    if name in packs.names():
        return packs.load(name, mode=mode, allow_repealed=allow_repealed)
    path = Path(name)
    if path.is_dir():
        raise PolicyError(f"{name} is a folder; a policy is a TOML file or a bundled pack: {', '.join(packs.names())}")
    if not path.exists():
        near = difflib.get_close_matches(name, packs.names(), 1)
        hint = f", did you mean {near[0]}?" if near else ";"
        raise PolicyError(f"no bundled pack and no file {name!r}{hint} packs: {', '.join(packs.names())}")
    return loads(path.read_bytes(), name=name, mode=mode, allow_repealed=allow_repealed)


def different_files(paths: dict[str, str | None]) -> None:
    """Refuse to write over what is read, or twice to one file.

    paths: what each file is for -> its path, the ones that are written last.  Raises TableError.
    """
    seen: dict[str, str] = {}
    for what, path in paths.items():
        if path is None:
            continue
        real = os.path.realpath(path)
        if real in seen:
            raise TableError(f"{path} is named both for {seen[real]} and for {what}; name another file")
        seen[real] = what


def beside(out: str, what: str) -> str:
    """The name of OUT with a word before its suffix."""
    path = Path(out)
    return str(path.with_name(f"{path.stem}.{what}{path.suffix}"))

"""Policy documents as data: sections over time, citations, what is open, overlays, reforms, change logs."""

from mipolicy.policy.changes import Change, diff
from mipolicy.policy.document import (
    Citation,
    Document,
    Figure,
    Header,
    Mode,
    Policy,
    Provenance,
    Unresolved,
    UnverifiedWarning,
    Version,
)
from mipolicy.policy.kinds import Section
from mipolicy.policy.text import dumps, loads

__all__ = [
    "Change",
    "Citation",
    "Document",
    "Figure",
    "Header",
    "Mode",
    "Policy",
    "Provenance",
    "Section",
    "Unresolved",
    "UnverifiedWarning",
    "Version",
    "diff",
    "dumps",
    "loads",
]

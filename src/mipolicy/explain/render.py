"""An explanation as text, table, JSON and notebook HTML, in Chinese or English."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

__all__ = ["Explanation", "Figure", "Language", "Step", "StepGroup"]

Language: TypeAlias = Literal["zh", "en"]
_HEADS: Final = {
    "zh": ("项目", "金额或值", "计算", "依据"),
    "en": ("step", "value", "how", "clause"),
}


@frozen
class Figure:
    """One figure of the terms that a step used: where it stands and which clause set it."""

    path: str
    value_zh: str
    value_en: str
    version: str
    clause: str


@frozen
class Step:
    """One step: its field name, labels, value, how it came about, and the figures of the terms in it."""

    name: str
    zh: str
    en: str
    value: int
    value_zh: str
    value_en: str
    formula_zh: str
    formula_en: str
    figures: tuple[Figure, ...]

    def label(self, language: Language) -> str:
        """The step's label."""
        return self.zh if language == "zh" else self.en

    def shown(self, language: Language) -> str:
        """The value as people read it."""
        return self.value_zh if language == "zh" else self.value_en

    def formula(self, language: Language) -> str:
        """How the value came about."""
        return self.formula_zh if language == "zh" else self.formula_en

    def clauses(self) -> str:
        """The clauses of the figures used, each once."""
        return "; ".join(dict.fromkeys(figure.clause for figure in self.figures))


@frozen
class StepGroup:
    """Steps of one stage: a fee line, the rule of a room, the settlement record."""

    zh: str
    en: str
    steps: tuple[Step, ...]

    def title(self, language: Language) -> str:
        """The stage's title."""
        return self.zh if language == "zh" else self.en


@frozen
class Explanation:
    """Why one bill is settled as it is; `groups` are its stages in the order computed."""

    setl_id: str
    zh: str
    en: str
    groups: tuple[StepGroup, ...]

    def title(self, language: Language) -> str:
        """What is explained."""
        return self.zh if language == "zh" else self.en

    def text(self, language: Language = "en") -> str:
        """Plain text, one line a step, its formula and clause below."""
        lines = [self.title(language)]
        for group in self.groups:
            lines += ["", group.title(language)]
            for step in group.steps:
                lines.append(f"  {step.label(language)} = {step.shown(language)}")
                if step.formula(language) and step.formula(language) != step.shown(language):
                    lines.append(f"      = {step.formula(language)}")
                if step.figures:
                    lines.append(f"      [{step.clauses()}]")
        return "\n".join(lines)

    __str__ = text

    def rows(self, language: Language = "en") -> list[tuple[str, str, str, str, str]]:
        """The table: stage, step, value, how, clause."""
        return [
            (group.title(language), step.label(language), step.shown(language), step.formula(language), step.clauses())
            for group in self.groups
            for step in group.steps
        ]

    def table(self, language: Language = "en") -> str:
        """A plain-text table with tabs between the columns."""
        head = ("", *_HEADS[language])
        return "\n".join("\t".join(row) for row in [head, *self.rows(language)])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, both languages; amounts in fen and rates per million beside their texts."""
        return {
            "setl_id": self.setl_id,
            "title": {"zh": self.zh, "en": self.en},
            "groups": [
                {"title": {"zh": group.zh, "en": group.en}, "steps": [_step(step) for step in group.steps]}
                for group in self.groups
            ],
        }

    def json(self, indent: int | None = 2) -> str:
        """The same as JSON text."""
        import json

        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def html(self, language: Language = "en") -> str:
        """One HTML table a stage, with its captions and clauses."""
        from html import escape

        cell = "<td style='text-align:left;vertical-align:top;padding:2px 8px'>"
        parts = [f"<div><strong>{escape(self.title(language))}</strong>"]
        for group in self.groups:
            heads = "".join(f"<th style='text-align:left;padding:2px 8px'>{head}</th>" for head in _HEADS[language])
            parts.append(f"<table><caption style='text-align:left'>{escape(group.title(language))}</caption>")
            parts.append(f"<thead><tr>{heads}</tr></thead><tbody>")
            for step in group.steps:
                texts = (step.label(language), step.shown(language), step.formula(language), step.clauses())
                cells = "".join(f"{cell}{escape(text)}</td>" for text in texts)
                parts.append(f"<tr title='{escape(step.name)}'>{cells}</tr>")
            parts.append("</tbody></table>")
        return "".join([*parts, "</div>"])

    def _repr_html_(self) -> str:
        return self.html("en")


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "label": {"zh": step.zh, "en": step.en},
        "value": step.value,
        "text": {"zh": step.value_zh, "en": step.value_en},
        "formula": {"zh": step.formula_zh, "en": step.formula_en},
        "figures": [
            {
                "path": figure.path,
                "text": {"zh": figure.value_zh, "en": figure.value_en},
                "version": figure.version,
                "clause": figure.clause,
            }
            for figure in step.figures
        ],
    }

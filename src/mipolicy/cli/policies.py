"""`mipolicy policy`: the bundled packs, what a policy states and leaves open, mistakes of a file, what changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import click

from mipolicy import packs
from mipolicy.cli import show
from mipolicy.cli.find import policy_of
from mipolicy.cli.program import day as read_day
from mipolicy.errors import PolicyError
from mipolicy.policy import Document, Policy, Provenance, Unresolved, Version, diff

__all__ = ["policy"]

_LONGEST = 160
"""Lists of a hundred entries are cut after so many characters; policy files hold them whole."""


@click.group(invoke_without_command=True)
@click.pass_context
def policy(context: click.Context) -> None:
    """Look into policies: what they state, where, what is open, what changed."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@policy.command("list")
def list_() -> None:
    """List the bundled packs.

    Stated: sections that the documents say something of; open: those of them that lack a figure.
    """
    rows = []
    for name in packs.names():
        pack = packs.load(name)
        main = next(iter(pack.documents.values()), None)
        stated = {section: versions for section, versions in pack.versions.items() if versions}
        lacking = [
            section for section, versions in stated.items() if any(pack.gaps(section, each) for each in versions)
        ]
        status = main.status if main else ""
        rows.append((name, pack.header.title, pack.header.region, status, str(len(stated)), str(len(lacking))))
    show.table(("pack", "title", "region", "status", "stated", "open"), rows, figures=(4, 5))
    show.line()
    show.line("mipolicy policy show PACK lists what a pack states, each figure with its clause")


@policy.command("show")
@click.argument("pack", metavar="PACK")
@click.option("--on", "day", callback=read_day, metavar="DATE", help="Only the versions in force on this date.")
@click.option("--section", metavar="S", help="Only this section, or all that begin with it: outpatient.employee.")
def show_(pack: str, day: datetime.date | None, section: str | None) -> None:
    """Show the documents of PACK, a bundled pack or a TOML file, and where every figure stands."""
    shown = policy_of(pack)
    chosen = _sections(shown, section)
    show.line(f"{shown.id}: {shown.header.title}")
    show.line(f"region {shown.header.region}, schemes {', '.join(shown.header.schemes)}")
    if shown.header.note:
        show.line(shown.header.note)
    if section is None:
        _show_documents(shown)
    by_version: dict[tuple[str, str], list[Provenance]] = {}
    for row in shown.provenance():
        by_version.setdefault((row.section, row.version), []).append(row)
    hidden = 0
    for name in chosen:
        for version in shown.versions.get(name, ()):
            if day is not None and not _holds(version, day):
                hidden += 1
                continue
            _show_version(shown, name, version, by_version.get((name, version.name), []))
    if hidden:
        show.line()
        show.line(f"{hidden} version(s) that are not in force on {day}, or state no first day, are left out")


def _sections(shown: Policy, section: str | None) -> list[str]:
    if section is None:
        return list(shown.versions)
    found = [name for name in shown.sections if name == section or name.startswith(f"{section}.")]
    if not found:
        shown.section(section)  # names what there is
    stated = [name for name in found if shown.versions.get(name)]
    if not stated:
        raise PolicyError(
            f"{shown.id} states nothing of {section}; it states {', '.join(shown.versions) or 'no section'}"
        )
    return stated


def _holds(version: Version, day: datetime.date) -> bool:
    return (
        version.effective is not None and version.effective <= day and (version.until is None or day <= version.until)
    )


def _show_documents(shown: Policy) -> None:
    show.heading("documents")
    rows = [
        (name, _titled(each), each.status, _day(each.published), _day(each.verified_on))
        for name, each in shown.documents.items()
    ]
    show.table(("name", "document", "status", "published", "verified on"), rows)
    if shown.unresolved:
        show.heading("referred to, but not at hand")
        missing = [(_titled(each), each.holds, str(each.cited_in)) for each in shown.unresolved]
        show.table(("document", "holds", "cited in"), missing, names=())


def _titled(document: Document | Unresolved) -> str:
    return f"{document.title} {document.number}".strip()


def _day(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""


def _show_version(shown: Policy, name: str, version: Version, rows: Iterable[Provenance]) -> None:
    """Every figure with its document and clause, then what is open; one document stands above the table."""
    show.heading(f"{name} {version.name}  ({_span(shown, version)})")
    stated = [(row.path, _cut(row.value), row.document, row.clause) for row in rows if row.value != "open"]
    documents = {document for _, _, document, _ in stated}
    if len(documents) == 1:
        show.line(f"document: {documents.pop()}")
        show.table(("path", "value", "clause"), [(path, value, clause) for path, value, _, clause in stated])
    elif stated:
        show.table(("path", "value", "document", "clause"), stated)
    gaps = shown.gaps(name, version)
    if gaps:
        show.line(f"open: {len(gaps)}")
        show.table(("path", "needs", "clause"), [(gap.path, gap.needs, gap.clause) for gap in gaps])


def _span(shown: Policy, version: Version) -> str:
    parts = [f"from {version.effective}" if version.effective else "first day open"]
    verified = shown.verified_until(version)
    if version.until:
        parts.append(f"to {version.until}")
    if verified and verified != version.until:
        parts.append(f"verified to {verified}")
    return ", ".join(parts)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text)} characters)"


@policy.command()
@click.argument("file", metavar="FILE")
def check(file: str) -> None:
    """Check a policy FILE: every mistake with its path, or ok and what it leaves open."""
    checked = policy_of(file)
    versions = [(name, version) for name, found in checked.versions.items() for version in found]
    stated = sum(len(version.leaves) for _, version in versions)
    gaps = [
        (f"{name} {version.name}", str(len(found)))
        for name, version in versions
        if (found := checked.gaps(name, version))
    ]
    lacking = sum(int(count) for _, count in gaps)
    show.line(f"ok: {checked.id}, {len(versions)} version(s), {stated} figures stated, {lacking} left open")
    if gaps:
        show.table(("section and version", "open"), gaps, figures=(1,))


@policy.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
def diff_(before: str, after: str) -> None:
    """Show what changed from A to B, each a bundled pack or a TOML file."""
    old, new = policy_of(before), policy_of(after)
    changes = diff(old, new)
    if not changes:
        show.line(f"no difference between {old.id} and {new.id}")
        return
    show.line(f"{len(changes)} difference(s) from {old.id} to {new.id}")
    rows = [
        (
            " ".join(filter(None, (each.section, each.version))),
            each.path,
            each.kind,
            _cut(each.before),
            _cut(each.after),
            each.percent_text(),
        )
        for each in changes
    ]
    show.table(("section and version", "path", "what", "before", "after", "percent"), rows, figures=(5,), names=(1, 2))

"""Every Python example and command of the docs runs; what pages take from the code is up to date."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import mipolicy
from mipolicy.cli import program

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(?P<language>[\w{}-]*)[^\n]*\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?P<file>[^)#:\s]+)?(?:#(?P<anchor>[^)\s]+))?\)")
MODULES = sorted(
    found.name for found in pkgutil.walk_packages(mipolicy.__path__, "mipolicy.") if not found.name.endswith("__main__")
)


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fences(page: Path, *languages: str) -> list[tuple[int, str]]:
    """The blocks of some languages, each with the line it starts on."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start("text")), match["text"])
        for match in FENCE.finditer(text)
        if match["language"] in languages
    ]


def write_named_files(page: Path, folder: Path) -> None:
    """A TOML block that begins with `# name.toml` stands for that file."""
    for _, text in fences(page, "toml"):
        named = re.match(r"# ([\w-]+\.toml)\n", text)
        if named:
            (folder / named[1]).write_text(text, encoding="utf-8")


def run(test: doctest.DocTest) -> str:
    """What the examples get wrong, empty when nothing."""
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=report.append, clear_globs=False)
    return "".join(report)


# ---- examples --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_the_examples_of_a_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One namespace a page; a TOML block that begins with `# name.toml` is there as that file."""
    monkeypatch.chdir(tmp_path)
    write_named_files(page, tmp_path)
    names: dict[str, object] = {}
    for line, text in fences(page, "pycon"):
        test = doctest.DocTestParser().get_doctest(text, names, page_id(page), str(page), line)
        assert test.examples, f"{page_id(page)}, line {line + 1}: a pycon block without an example"
        test.globs = names
        assert run(test) == ""


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_python_stands_in_pycon_blocks_only(page: Path) -> None:
    """So that none is left out of the test above; a block has a language, so that none is overlooked."""
    text = page.read_text(encoding="utf-8")
    allowed = {"pycon", "toml", "console", "text", "csv", "{toctree}", "{eval-rst}", "{include}", "{literalinclude}"}
    assert {match["language"] for match in FENCE.finditer(text)} <= allowed
    outside = FENCE.sub("", text)
    assert ">>>" not in outside
    assert "```" not in outside


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name: str) -> None:
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        assert run(test) == ""


def test_the_examples_of_the_package_itself() -> None:
    assert [run(test) for test in doctest.DocTestFinder().find(mipolicy) if test.examples] == [""]


def commands(page: Path) -> list[tuple[str, str | None]]:
    """The mipolicy commands of a page, each with what it prints, None where the page does not say."""
    found: list[tuple[str, str | None]] = []
    for _, text in fences(page, "console"):
        for line in text.splitlines(keepends=True):
            if line.startswith("$ "):
                found.append((line[2:].strip(), ""))
            elif found and found[-1][1] is not None:
                found[-1] = (found[-1][0], found[-1][1] + line)
            elif line.startswith("mipolicy "):
                found.append((line.strip(), None))
    return found


WITH_COMMANDS = [page for page in PAGES if commands(page) and page.name != "README.zh-CN.md"]  # the same as README.md


def run_as_users_do(command: str) -> tuple[int, str]:
    """A command in a process of its own: how it ended and what it printed."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    environment.pop("COLUMNS", None)
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def run_here(command: str) -> tuple[int, str]:
    """The same in this process, which saves a start of Python each time."""
    done = CliRunner(env={"COLUMNS": None}).invoke(program, shlex.split(command)[1:])
    if not isinstance(done.exception, SystemExit | None):
        raise done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=page_id)
def test_the_commands_of_a_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one folder, one after the other; what begins with `mipolicy: ` is an error, with exit status 2."""
    write_named_files(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    checker = doctest.OutputChecker()
    run_one = run_as_users_do if page.parent == ROOT else run_here
    for command, expected in commands(page):
        status, printed = run_one(command)
        refused = expected is not None and expected.startswith("mipolicy: ")
        assert status == (2 if refused else 0), f"{command}\n{printed}"
        if expected is not None:
            assert checker.check_output(expected, printed, doctest.ELLIPSIS), f"{command}\n{printed[:4000]}"


# ---- what pages take from the code -----------------------------------------------------------------------------------


def tables_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_taken_from_the_code_are_up_to_date() -> None:
    script = tables_script()
    shown: set[str] = set()
    for name in script.PAGES:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert script.renewed(text) == text, f"docs/{name} is out of date: run python docs/tables.py"
        shown |= {match["name"] for match in script.MARKED.finditer(text)}
    assert shown == set(script.tables())


def test_every_public_name_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. auto\w+:: ([\w.]+)", text, re.MULTILINE))
    for name in mipolicy.__all__:
        if not name.startswith("__"):
            home = getattr(mipolicy, name).__module__
            assert {home, f"mipolicy.{name}"} & documented, f"{name} of {home} is not in docs/api.md"


# ---- the floors ------------------------------------------------------------------------------------------------------


def floors() -> list[list[str]]:
    """The floors of docs/architecture.md, lowest first: the names before the explanation of each line."""
    (text,) = [text for _, text in fences(ROOT / "docs" / "architecture.md", "text") if text.startswith("cli ")]
    return [re.split(r"\s{3,}", line)[0].split() for line in reversed(text.strip().splitlines())]


def test_imports_only_go_down() -> None:
    height = {name: at for at, floor in enumerate(floors()) for name in floor}
    source = ROOT / "src" / "mipolicy"
    rooms = {path.name.removesuffix(".py") for path in source.iterdir() if path.suffix in ("", ".py")}
    assert rooms - {"__pycache__", "__init__", "__main__"} == set(height)
    for file in sorted(source.rglob("*.py")):
        here = file.relative_to(source).parts[0].removesuffix(".py")
        if here.startswith("__"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for name in imported(node):
                if name != here:
                    assert name in height, f"{file.name} imports mipolicy.{name}"
                    assert height[name] < height[here], f"{file.relative_to(source)} imports {name}, which is not below"


def imported(node: ast.AST) -> list[str]:
    """The modules and packages of mipolicy that a statement imports."""
    if isinstance(node, ast.Import):
        names = [each.name for each in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module == "mipolicy":
        names = [f"mipolicy.{each.name}" for each in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [node.module]
    else:
        names = []
    return [name.split(".")[1] for name in names if name.startswith("mipolicy.") and not name.endswith("__version__")]


# ---- links and language ----------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Headings as GitHub and MyST name them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for match in LINK.finditer(text):
        target = page if match["file"] is None else (page.parent / match["file"]).resolve()
        assert target.exists(), f"{page_id(page)} links to {match['file']}"
        assert target.is_relative_to(ROOT)
        if match["anchor"]:
            assert match["anchor"] in anchors(target), f"{page_id(page)} links to {match[0]}"


def test_both_readmes_show_the_same_commands_and_examples() -> None:
    blocks = [
        [text for _, text in fences(ROOT / name, "console", "toml", "pycon")]
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert blocks[0] == blocks[1]
    heads = [
        re.findall(r"^(#+) ", FENCE.sub("", (ROOT / name).read_text(encoding="utf-8")), re.MULTILINE)
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert heads[0] == heads[1]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_two_commands_stand_in_the_readme(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "python -m pip install '.[cli]' && mipolicy demo" in text
    assert "python -m pip install -e '.[test]' && python -m pytest" in text

"""How Sphinx builds these pages: Markdown and the notebook through MyST, the reference from the docstrings.

`python -m sphinx -W -b html docs OUT` builds them; `-b doctest` runs the examples of the pages, as tests/docs does.
"""

from __future__ import annotations

import doctest
import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes

import mipolicy

project = "mipolicy"
author = "the mipolicy authors"
release = version = mipolicy.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.doctest"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "jupyter_execute"]
language = "en"
html_theme = "furo"
html_title = f"mipolicy {release}"
html_static_path: list[str] = []
myst_heading_anchors = 3
nb_execution_mode = "force"  # the notebook is kept without outputs: they are made with the pages
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_output_stderr = "remove"  # where matplotlib says that it looks for fonts
nb_render_markdown_format = "myst"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": True, "no-value": True}
doctest_test_doctest_blocks = ""  # the docstrings' examples use their module's names: tests/docs runs them
doctest_default_flags = doctest.ELLIPSIS


def plain(lines: list[str]) -> None:
    """Docstrings are plain text: backquoted words are code, indented lines go on with the one above."""
    for at, line in enumerate(lines):
        if line.startswith((">>>", "...")):
            continue
        text = line.strip() if line.startswith("    ") and at and lines[at - 1].strip() else line
        text = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)
        lines[at] = re.sub(r"(?<![\w`])(\w+)_(?![\w`])", r"\1\\_", text)


def examples(app: Any, doctree: nodes.document) -> None:
    """Let the doctest builder run a page's Python examples, beside the files that the page shows by name."""
    if app.builder.name != "doctest":
        return
    os.chdir(app.outdir)
    for block in doctree.findall(nodes.literal_block):
        if block.get("language") == "pycon":
            block["testnodetype"] = "doctest"
        named = re.match(r"# ([\w-]+\.toml)\n", block.astext())
        if named:
            Path(named[1]).write_text(block.astext(), encoding="utf-8")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", lambda *given: plain(given[-1]))
    app.connect("doctree-read", examples)

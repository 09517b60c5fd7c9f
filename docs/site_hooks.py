"""Hooks of MkDocs (mkdocs.yml): a page for each finding, and addresses for links that leave docs/.

The pages of docs/ are read on a forge too, where a relative link to a report or to a file of the package works. On the site
it cannot, so it becomes an address in the repository. `on_files` and `on_page_markdown` are MkDocs's names.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from wheelcheck.model.finding import Code

_LINK = re.compile(r"(\]\()((?!https?:|#|mailto:)[^)#\s]+)(#[^)\s]*)?(\))")
_CODE = re.compile(r"^\| (WC\d{3}) \|", re.MULTILINE)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add ``findings/WC102.md`` and its like, made from the table of codes."""
    for code in Code:
        name = f"findings/{code.number}.md"
        files.append(File.generated(config, name, content=finding_page(code)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links that leave the site at the repository, and codes in tables at their pages."""
    if page.file.src_uri.endswith("findings.md"):
        markdown = _CODE.sub(r"| [\1](findings/\1.md) |", markdown)

    def pointed(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), found[2]))
        if files.get_file_from_path(path) is not None:
            return found[0]
        place = posixpath.normpath(posixpath.join("docs", path))
        return f"{found[1]}{config.repo_url}/blob/main/{place}{found[3] or ''}{found[4]}"

    return _LINK.sub(pointed, markdown)


def finding_page(code: Code) -> str:
    """The page of *code*: what it means, how bad it is, and what to do."""
    return "\n".join(_lines(code)) + "\n"


def _lines(code: Code) -> Iterator[str]:
    yield from ("---", "search:", "  boost: 2", "---", "", f"# {code.number}: {code.title}", "")
    yield from (f"**{code.severity.value}**", "", code.explanation, "", "## What to do", "", code.cure, "")
    yield from (
        "## In a check",
        "",
        "To live with it for one project, until a day:",
        "",
        "```toml",
        "[[tool.wheelcheck.allow]]",
    )
    yield from ('package = "NAME"', f'codes = ["{code.number}"]', 'reason = "why"', "expires = 2027-03-31", "```", "")
    yield f"`wheelcheck check --warn-only {code.number}` makes it a warning at most, `--fail-on {code.number}` a failure. The"
    yield "policy is explained in [In CI and before each commit](../ci.md), all codes are listed under [Findings](../findings.md)."

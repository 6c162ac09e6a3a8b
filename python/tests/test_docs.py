"""The blocks of Python in the documentation run: those of a page one after the other, in an own folder."""

import re
from pathlib import Path

import pytest

import swath as sw

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [
    path
    for path in (
        ROOT / "docs" / "python.md",
        ROOT / "python" / "README.md",
        *sorted((ROOT / "docs" / "coming-from").glob("*.md")),
    )
    if path.exists() and BLOCK.search(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_of_a_page_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    names = {"__name__": "__main__"}
    blocks = list(BLOCK.finditer(text))
    assert blocks
    with sw.Session(threads=2):
        for block in blocks:
            line = text.count("\n", 0, block.start()) + 1
            # Lines of a traceback are those of the page.
            code = compile("\n" * line + block[1], str(page), "exec")
            exec(code, names)


def test_the_page_names_what_the_package_has():
    """Each ``sw.name`` of the page is there."""
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    names = set(re.findall(r"\bsw\.([A-Za-z_]\w*)", text))
    assert names
    assert [name for name in sorted(names) if not hasattr(sw, name)] == []

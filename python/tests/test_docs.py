"""The blocks of Python in the documentation run: those of a page one after the other, in an own folder."""

import re
from pathlib import Path

import pytest

import swath as sw
import swath.array as sa

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [
    path
    for path in (
        ROOT / "docs" / "python.md",
        ROOT / "docs" / "python-arrays.md",
        ROOT / "docs" / "python-running.md",
        ROOT / "python" / "README.md",
        *sorted((ROOT / "docs" / "coming-from").glob("*.md")),
    )
    if path.exists() and BLOCK.search(path.read_text(encoding="utf-8"))
]


def prepare(page):
    """Make what the blocks of a page take for granted; return names that they use."""
    df = sw.from_dict({"fahrenheit": [32.0, 50.0]})
    if page.name == "python-arrays.md":
        sa.to_zarr(sa.random.default_rng(1).normal(size=(20, 3)), "temperature.zarr")
    if page.name == "python-running.md":
        sw.register("weather", df)
        df.write_parquet("data/part.parquet")
    return {"__name__": "__main__", "df": df, "sw": sw}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_of_a_page_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    # There is no scheduler elsewhere.
    blocks = [block for block in BLOCK.finditer(text) if "scheduler:7050" not in block[1]]
    assert blocks
    with sw.Session(threads=2):
        names = prepare(page)
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

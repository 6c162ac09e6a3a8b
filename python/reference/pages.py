"""Pages of the API reference, made of what the package has: nothing listed by hand, nothing forgotten.

A page for each namespace that people import (`NAMESPACES`), with a section for each module that its functions
come from; a page for each class, with a section for each part that it is put together from.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from numpydoc.docscrape_sphinx import SphinxDocString
from sphinx.util.inspect import stringify_signature

NAMESPACES = (
    "swath",
    "swath.selectors",
    "swath.functions",
    "swath.dtypes",
    "swath.errors",
    "swath.array",
    "swath.array.linalg",
    "swath.array.fft",
    "swath.array.random",
    "swath.array.lib.stride_tricks",
    "swath.array.xarray",
)

#: Classes that nobody imports: methods make them.
MADE_BY_METHODS = (
    "swath.frame.DynamicGroupBy",
    "swath.frame.RollingGroupBy",
    "swath.expr.When",
    "swath.expr.Then",
    "swath.expr.ColumnFactory",
    "swath.expr.columns.ColumnsExpr",
    "swath.expr.filtered.Filtered",
    "swath.expr.sorting.Sorted",
    "swath._config.Config",
    "swath.notebook.graph.Graph",
    "swath.array.order.UniqueAll",
    "swath.array.order.UniqueCounts",
    "swath.array.order.UniqueInverse",
    "swath.array.linalg.QRResult",
    "swath.array.linalg.SVDResult",
    "swath.array.linalg.EigResult",
    "swath.array.linalg.EighResult",
    "swath.array.linalg.SlogdetResult",
    "swath.array.linalg.LstsqResult",
    "swath.array._info.ArrayNamespaceInfo",
)

_NUMPYDOC = {"use_plots": False, "use_blockquotes": False, "class_members_toctree": False}


@dataclass
class Page:
    """The text of a page, and the names that are described on it."""

    title: str
    module: str = ""
    lines: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the page as reStructuredText."""
        return "\n".join([self.title, "=" * len(self.title), "", *self.lines, ""])

    def section(self, title: str) -> None:
        """Begin a section."""
        self.lines += [title, "-" * len(title), ""]

    def describe(
        self, kind: str, name: str, obj: Any, signature: str = "", options: tuple[str, ...] = ()
    ) -> None:
        """Describe one object by its docstring."""
        self._directive(kind, name, signature, documentation(obj), options)

    def refer(self, kind: str, name: str, other: str) -> None:
        """Name an object that is described under its first name."""
        self._directive(kind, name, "", f"The same as :py:obj:`{other}`.", (":no-index:",))

    def _directive(self, kind: str, name: str, signature: str, body: str, options: tuple[str, ...]) -> None:
        self.described.append(name)
        self.lines.append(f".. py:{kind}:: {name.removeprefix(f'{self.module}.')}{signature}")
        self.lines += [f"   {option}" for option in (f":module: {self.module}", *options)]
        self.lines += ["", *(f"   {line}".rstrip() for line in body.splitlines()), ""]


def pages() -> dict[str, Page]:
    """Return all pages by the names of their files."""
    made: dict[str, Page] = {}
    known = Names()
    for namespace in NAMESPACES:
        module = importlib.import_module(namespace)
        page = made[namespace] = Page(f"``{namespace}``", namespace)
        page.lines += [f".. py:module:: {namespace}", "", documentation(module), ""]
        for title, names in sections(module):
            page.section(title)
            for name in names:
                _describe_name(page, made, known, f"{namespace}.{name}", getattr(module, name))
    for path in MADE_BY_METHODS:
        module_name, _, name = path.rpartition(".")
        _class_page(made, path, getattr(importlib.import_module(module_name), name))
    for name, page in made.items():
        below = [other for other in made if "." in other and other.rpartition(".")[0] == name]
        if below and name not in NAMESPACES:
            page.lines += [".. toctree::", "   :hidden:", "", *(f"   {other}" for other in below), ""]
    made["index"] = _index(made)
    return made


class Names:
    """The public names of each object: it is described under the first, and found under all."""

    def __init__(self) -> None:
        self._of: dict[int, list[str]] = {}
        for namespace in NAMESPACES:
            module = importlib.import_module(namespace)
            for name in public_names(module):
                self._of.setdefault(id(getattr(module, name)), []).append(f"{namespace}.{name}")

    def first(self, obj: Any) -> str:
        """Return the name that it is described under."""
        return self._of[id(obj)][0]

    def alias(self, obj: Any) -> tuple[str, ...]:
        """Return the option that has Sphinx find it under its second name."""
        return tuple(f":canonical: {name}" for name in self._of.get(id(obj), [])[1:2])


def public_names(module: Any) -> list[str]:
    """Return what a module offers: all of ``__all__`` but modules and dunder names."""
    return [
        name
        for name in module.__all__
        if not name.startswith("__") and not inspect.ismodule(getattr(module, name))
    ]


def public_members(owner: type) -> list[str]:
    """Return the public names that the body of a class defines."""
    fields = getattr(owner, "_fields", ()) if issubclass(owner, tuple) else ()
    return [name for name in vars(owner) if not name.startswith("_") and name not in fields]


def sections(module: Any) -> Iterator[tuple[str, list[str]]]:
    """Give the public names of a module by the subject, which is that of the module that they come from."""
    homes: dict[str, list[str]] = {}
    for name in public_names(module):
        home = str(getattr(getattr(module, name), "__module__", ""))
        homes.setdefault(home if home.startswith("swath") else "", []).append(name)
    for home, names in homes.items():
        yield first_sentence(importlib.import_module(home)) if home else "Constants and dtypes", names


def first_sentence(obj: Any) -> str:
    """Return the first sentence of a docstring, without its full stop, as a title."""
    line = (inspect.getdoc(obj) or "").split("\n\n")[0].replace("\n", " ")
    return re.split(r"\.(?:\s|$)", line)[0].replace(": ``import swath.array as sa``", "")


def documentation(obj: Any) -> str:
    """Return a docstring of numpydoc's form as reStructuredText."""
    text = inspect.getdoc(obj) or ""
    return re.sub(r"\n{3,}", "\n\n", str(SphinxDocString(text, config=dict(_NUMPYDOC)))).strip()


def signature_of(obj: Any, *, bound: bool = False) -> str:
    """Return a signature as text; without its first parameter, if a method is bound."""
    try:
        signature = inspect.signature(obj)
    except (TypeError, ValueError):
        return "(…)"
    parameters = list(signature.parameters.values())
    if bound and parameters and parameters[0].name in ("self", "cls"):
        signature = signature.replace(parameters=parameters[1:])
    text = stringify_signature(signature, unqualified_typehints=True)
    return _with_arrays(text, obj)


def _with_arrays(text: str, obj: Any) -> str:
    """Say which ``Array`` annotations mean: the data type of that name only among data types."""
    home = str(getattr(obj, "__module__", ""))
    return text if home == "swath.dtypes" else re.sub(r"(?<![\w.\"'])Array\b", "swath.array.Array", text)


def _describe_name(page: Page, made: dict[str, Page], known: Names, name: str, obj: Any) -> None:
    kind = "class" if inspect.isclass(obj) else "function" if inspect.isroutine(obj) else "data"
    ours = str(getattr(obj, "__module__", "")).startswith("swath")
    if ours and known.first(obj) != name:
        page.refer(kind, name, known.first(obj))
    elif kind == "function":
        page.describe(kind, name, obj, signature_of(obj), known.alias(obj))
    elif kind == "class" and ours:
        page.lines += [f":py:class:`{name}`", f"   {first_sentence(obj)}.", ""]
        _class_page(made, name, obj, known.alias(obj))
    elif ours and type(obj).__module__.startswith("swath"):
        page.describe(kind, name, type(obj), "", (f":type: {type(obj).__name__}", *known.alias(obj)))
    else:
        page.describe("data", name, None, options=(f":value: {obj!r}",))


def _class_page(made: dict[str, Page], name: str, owner: type, options: tuple[str, ...] = ()) -> None:
    short = name.removeprefix("swath.")
    page = made[name] = Page(f"``{short}``", name.rpartition(".")[0])
    # Without documented parameters it is not made by its name.
    makes = "Parameters\n---" in (inspect.getdoc(owner) or "")
    page.describe("class", name, owner, signature_of(owner) if makes else "", options)
    seen: set[str] = set()
    for part in owner.__mro__:
        if not part.__module__.startswith("swath") or _has_page(part, owner):
            continue
        names = [member for member in public_members(part) if member not in seen]
        seen.update(names)
        if names:
            page.section("Methods and attributes" if part is owner else first_sentence(part))
        for member in names:
            _describe_member(page, made, f"{name}.{member}", vars(part)[member])


def _has_page(part: type, owner: type) -> bool:
    """Whether a base is a public class, whose members are described with it."""
    if part is owner:
        return False
    return any(
        part.__name__ in getattr(importlib.import_module(namespace), "__all__", ())
        for namespace in NAMESPACES
    )


def _describe_member(page: Page, made: dict[str, Page], name: str, member: Any) -> None:
    if isinstance(member, property):
        returns = (member.fget.__annotations__ or {}).get("return", "")
        if str(returns).endswith("Namespace"):
            space = getattr(inspect.getmodule(member.fget), str(returns))
            page.describe("attribute", name, member)
            page.lines += [f"   See :py:attr:`its functions <{name}.{public_members(space)[0]}>`.", ""]
            _namespace_page(made, page.module, name, space)
        else:
            kind = _with_arrays(str(returns), member.fget)
            page.describe("attribute", name, member, options=(f":type: {kind}",) if kind else ())
    elif isinstance(member, staticmethod | classmethod):
        bound = isinstance(member, classmethod)
        kind = "classmethod" if bound else "staticmethod"
        page.describe(kind, name, member.__func__, signature_of(member.__func__, bound=bound))
    elif inspect.isroutine(member):
        page.describe("method", name, member, signature_of(member, bound=True))
    else:
        page.describe("attribute", name, member if inspect.isdatadescriptor(member) else None)


def _namespace_page(made: dict[str, Page], module: str, name: str, space: type) -> None:
    """Describe what stands behind an attribute: ``Expr.str`` and the like."""
    page = made[name] = Page(f"``{name.removeprefix('swath.')}``", module)
    page.lines += [f"{first_sentence(space)}.", ""]
    # It may be put together of parts.
    for part in space.__mro__:
        for member in public_members(part) if part.__module__.startswith("swath") else ():
            value = vars(part)[member]
            page.describe("method", f"{name}.{member}", value, signature_of(value, bound=True))


def _index(made: dict[str, Page]) -> Page:
    page = Page("Swath's Python API")
    page.lines += [
        "``import swath as sw`` for tables, ``import swath.array as sa`` for arrays. Every public name is",
        "here; what to do with them is told in ``docs/python.md``. All names: :ref:`genindex`.",
        "",
    ]
    below = {
        path
        for path in made
        for other in made
        if path.rpartition(".")[0] == other and other not in NAMESPACES
    }
    for title, chosen in (
        ("Namespaces", [name for name in made if name in NAMESPACES]),
        ("Classes", [name for name in made if name not in NAMESPACES and name not in below]),
    ):
        page.lines += [
            ".. toctree::",
            f"   :caption: {title}",
            "   :maxdepth: 1",
            "",
            *(f"   {one}" for one in chosen),
            "",
        ]
    return page

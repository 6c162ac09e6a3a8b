"""Every public name stands in the API reference, and docstrings are complete. Nothing is built here."""

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest
from numpydoc.validate import validate

import swath
import swath.array

sys.path.insert(0, str(Path(__file__).parents[1] / "reference"))

from pages import NAMESPACES, pages

#: Modules whose names are no part of the surface, or are offered by another module.
INTERNAL = {
    "swath.cluster": "offered by swath",
    "swath.data": "what a session takes for rows",
    "swath.expr": "offered by swath",
    "swath.foreign": "what errors recommend",
    "swath.files": "methods of the session",
    "swath.frame": "offered by swath",
    "swath.literal": "constants as expressions",
    "swath.narwhals": "what narwhals asks for, by narwhals' names",
    "swath.notebook": "what notebooks ask for",
    "swath.session": "offered by swath",
    "swath.variables": "Python variables that SQL sees",
    "swath.array.lib": "the way to stride_tricks",
}


@pytest.fixture(scope="module")
def described():
    return {name for page in pages().values() for name in page.described}


def namespaces():
    return [importlib.import_module(name) for name in NAMESPACES]


def attributes(owner, names):
    """Give the attributes of these names that are public."""
    return [(name, inspect.getattr_static(owner, name)) for name in names if not name.startswith("_")]


def ours(value):
    return inspect.isclass(value) and value.__module__.startswith("swath")


def test_every_public_name_is_described(described):
    """Functions, classes, constants of each namespace; members of each class, and of ``.str`` and its kin."""
    missing = []
    for module in namespaces():
        for name, value in attributes(module, module.__all__):
            if not inspect.ismodule(value):
                names = [f"{module.__name__}.{name}", *(members_of(value) if ours(value) else ())]
                missing += [one for one in names if one not in described]
    assert missing == []


def members_of(owner):
    """Give the public members of a class, but for those of Python's bases and of bases with a page."""
    path = f"{page_of(owner)}.{owner.__name__}"
    for name, member in attributes(owner, dir(owner)):
        home = next(part for part in owner.__mro__ if name in vars(part))
        if not ours(home) or (home is not owner and page_of(home)) or name in getattr(owner, "_fields", ()):
            continue
        yield f"{path}.{name}"
        behind = str(getattr(getattr(member, "fget", None), "__annotations__", {}).get("return", ""))
        if behind.endswith("Namespace"):
            space = getattr(sys.modules[member.fget.__module__], behind)
            yield from (f"{path}.{name}.{below}" for below, _ in attributes(space, dir(space)))


def page_of(value):
    """Return the first namespace that offers a class."""
    return next((one.__name__ for one in namespaces() if vars(one).get(value.__name__) is value), None)


def test_no_module_is_forgotten():
    """A module without an underscore is a namespace of the reference, or stands above with the reason."""
    found = {module.name for module in pkgutil.iter_modules(swath.__path__, "swath.")}
    found |= {f"swath.array.{name}" for name, value in vars(swath.array).items() if inspect.ismodule(value)}
    named = {name for name in found if not name.rpartition(".")[2].startswith("_")}
    subjects = {str(getattr(value, "__module__", "")) for value in vars(swath.array).values()}
    assert sorted(named - set(NAMESPACES) - set(INTERNAL) - subjects - {"swath.array.np"}) == []


def test_what_methods_give_is_described(described):
    """Each class of ours that a signature says is returned has a page."""
    named = {name.rpartition(".")[2] for name in described}
    defined = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("swath."):
            defined |= {key: value for key, value in vars(module).items() if ours(value)}
    missing = set()
    for module in namespaces():
        for _, value in attributes(module, module.__all__):
            members = dict(attributes(value, vars(value))).values() if ours(value) else ()
            for function in [value, *members]:
                returns = str(getattr(function, "__annotations__", {}).get("return", ""))
                missing |= {
                    word for word in re.findall(r"[A-Z]\w+", returns) if word in defined and word not in named
                }
    assert sorted(missing) == []


#: Codes of numpydoc: no docstring; no summary that is a sentence; parameters that the signature lacks, or
#: without a description that is one; sections that are not in their order.
ALWAYS = {
    "GL03",
    "GL06",
    "GL07",
    "GL08",
    "SS01",
    "SS03",
    "PR02",
    "PR05",
    "PR06",
    "PR07",
    "PR08",
    "PR09",
    "PR10",
    "RT03",
}
#: Methods whose examples would need files, processes or notebooks; they are shown in the documentation.
SHOWN_ELSEWHERE = {
    "swath.BatchStream.close",
    "swath.DataFrame.createOrReplaceTempView",
    "swath.DataFrame.unpersist",
    "swath.DataFrame.write_arrow",
    "swath.DataFrame.write_csv",
    "swath.DataFrame.write_json",
    "swath.LocalCluster.add_worker",
    "swath.LocalCluster.close",
    "swath.LocalCluster.connect",
    "swath.LocalCluster.kill_worker",
    "swath.load_ipython_extension",
}


def described_objects():
    """Give each public function, method and property of ours once, by its first name."""
    seen = set()
    for module in namespaces():
        if module.__name__ == "swath.array.xarray":
            # Methods that xarray calls, as it documents them.
            continue
        for name, value in attributes(module, module.__all__):
            path = f"{module.__name__}.{name}"
            if ours(value) and page_of(value) == module.__name__:
                for below, member in attributes(value, dir(value)):
                    home = next(part for part in value.__mro__ if below in vars(part))
                    if ours(home) and (home is value or not page_of(home)) and id(member) not in seen:
                        seen.add(id(member))
                        yield f"{path}.{below}", member
            elif inspect.isroutine(value) and id(value) not in seen:
                seen.add(id(value))
                yield path, value


def test_docstrings_fit_their_signatures():
    """They are of numpydoc's form; parameters, where they are listed, are all those of the signature."""
    wrong = []
    for path, value in described_objects():
        if type(value).__name__ == "_tuplegetter":
            continue
        codes = dict(validate(path)["errors"])
        is_property = isinstance(value, property)
        listed = "Parameters\n---" in (inspect.getdoc(value) or "")
        wrong += [f"{path}: {text}" for code, text in codes.items() if code in ALWAYS]
        if "PR01" in codes and (listed or len(parameters_of(value)) > 4):
            wrong.append(f"{path}: {codes['PR01']}")
        if "EX01" in codes and not is_property and path not in SHOWN_ELSEWHERE:
            wrong.append(f"{path}: no example")
    assert wrong == []


def parameters_of(value):
    try:
        return [name for name in inspect.signature(value).parameters if name != "self"]
    except (TypeError, ValueError):
        return []

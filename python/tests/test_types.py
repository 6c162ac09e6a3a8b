"""The contract of the native module says what the module has: names, and parameters in their order."""

import ast
import inspect
from pathlib import Path

import pytest

import swath
from swath import _internal

CONTRACT = ast.parse((Path(swath.__file__).parent / "_internal" / "__init__.pyi").read_text())


def parameters(node):
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    names = [argument.arg for argument in given]
    return names if "staticmethod" in decorators else [name for name in names if name not in ("self", "cls")]


def functions():
    for node in CONTRACT.body:
        if isinstance(node, ast.FunctionDef):
            yield pytest.param(node, _internal, id=node.name)
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    yield pytest.param(
                        method, getattr(_internal, node.name, None), id=f"{node.name}.{method.name}"
                    )


@pytest.mark.parametrize(("node", "owner"), list(functions()))
def test_the_contract_is_what_the_module_has(node, owner):
    assert owner is not None
    found = getattr(owner, node.name)
    if any(ast.unparse(decorator) == "property" for decorator in node.decorator_list):
        assert inspect.isgetsetdescriptor(found) or inspect.isdatadescriptor(found)
    elif not node.name.startswith("__"):
        signature = inspect.signature(found)
        assert [name for name in signature.parameters if name != "self"] == parameters(node)

"""Options of Sphinx for the API reference; `build.py` calls it."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging

import swath

project = "Swath"
version = release = swath.__version__
html_theme = "furo"
html_title = f"Swath {version}"
html_show_copyright = False
extensions: list[str] = []
default_role = "py:obj"
add_module_names = False
python_use_unqualified_type_hints = True
python_maximum_signature_line_length = 100
toc_object_entries_show_parents = "hide"

_LOGGER = logging.getLogger(__name__)
_ALIASES = {"sw": "swath", "sa": "swath.array"}
#: Roles that name an object: written out, they have to lead somewhere.
_EXACT = {"func", "meth", "class", "attr", "data", "mod", "exc"}


def _resolved(
    app: Sphinx, env: Any, node: addnodes.pending_xref, text: nodes.Element
) -> nodes.Element | None:
    """Lead ``sw.col`` to ``swath.col``, and a bare name of either module to its object."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    first, _, rest = target.partition(".")
    tried = [f"{_ALIASES[first]}.{rest}"] if first in _ALIASES and rest else []
    tried += [f"swath.{target}", f"swath.array.{target}"]
    domain = env.domains["py"]
    for name in tried:
        if name in domain.objects:
            return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, text)
    in_signature = isinstance(node.parent, addnodes.desc_signature) or any(
        isinstance(above, addnodes.desc_signature | addnodes.desc_parameter) for above in _above(node)
    )
    if node["reftype"] in _EXACT and not in_signature and not node.get("py:annotation"):
        _LOGGER.warning("no such object: %s", target, location=node)
    return None


def _above(node: nodes.Node) -> list[nodes.Node]:
    found = []
    while node.parent is not None:
        node = node.parent
        found.append(node)
    return found


def setup(app: Sphinx) -> None:
    """Register what the references need."""
    app.connect("missing-reference", _resolved)

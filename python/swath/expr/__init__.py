"""Expressions over columns: what rows are filtered by, what columns are computed from.

=================================================  ==========================================================
``expression``                                     :class:`Expr`, put together from the others
``basics``, ``operators``, ``conditions``          names and types; ``+``, ``==``, ``&``; nulls, membership
``maths``, ``aggregates``, ``windows``,            methods by subject
``rolling``
``strings``, ``temporal``, ``lists``,              the namespaces ``.str``, ``.dt``, ``.list``, ``.struct``,
``structs``, ``naming``                            ``.name``
``columns``, ``choice``, ``functions``,            ``sw.col``, ``sw.when``, and all other functions
``reductions``
=================================================  ==========================================================
"""

from swath.expr.base import IntoExpr, SortKey, sort_keys
from swath.expr.choice import Then, When, when
from swath.expr.columns import ColumnFactory, col, element, exclude, nth
from swath.expr.expression import Expr
from swath.expr.functions import lit, to_expr

__all__ = [
    "ColumnFactory",
    "Expr",
    "IntoExpr",
    "SortKey",
    "Then",
    "When",
    "col",
    "element",
    "exclude",
    "lit",
    "nth",
    "sort_keys",
    "to_expr",
    "when",
]

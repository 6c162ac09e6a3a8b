"""What notebooks show of an array, and its plan as a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swath.notebook.graph import Graph


class Shown:
    """Methods for notebooks."""

    __slots__ = ()

    def show_plan(self, *, analyze: bool = False) -> Graph:
        """Draw what would run: stages, their tasks and bytes. Notebooks show the drawing.

        Parameters
        ----------
        analyze
            Run it, and draw what each stage took.

        Examples
        --------
        >>> import swath.array as sa
        >>> graph = sa.ones((4, 4), chunks=2).sum().show_plan()
        >>> graph.save("plan.svg")  # doctest: +SKIP
        """
        from swath.notebook.plans import array_graph

        return array_graph(self, analyze=analyze)  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        from swath.notebook.html import array_html

        return array_html(self)  # type: ignore[arg-type]

"""Running a frame: whole results, streams, counts, previews, plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from swath.frame import arguments
from swath.frame.base import Frame
from swath.frame.fitted import fitted

if TYPE_CHECKING:
    from swath.frame.frame import DataFrame
    from swath.frame.table import BatchStream, Table
    from swath.notebook.graph import Graph

#: Lines of a plan that a text representation shows.
_PLAN_LINES = 12


class Run(Frame):
    """Methods that run a frame, or say what running it would do."""

    def collect(self) -> Table:
        """Run the frame and return all rows.

        Returns
        -------
        Table
            A frame whose rows are in memory.

        Examples
        --------
        >>> import swath as sw
        >>> table = sw.sql("SELECT 1 AS a, 'x' AS b").collect()
        >>> len(table), table.rows()
        (1, [(1, 'x')])
        """
        from swath.frame.table import Table

        return Table._of_batches(self._frame.session(), self._frame.collect())

    def count(self) -> int:
        """Run the frame and return the number of rows, without holding them.

        Examples
        --------
        >>> import swath as sw
        >>> sw.sql("SELECT * FROM range(10)").count()
        10
        """
        return self._frame.count()

    def is_empty(self) -> bool:
        """Run the frame until it has a row, and return whether it has none.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).is_empty()
        False
        """
        return self._frame.limit(1).count() == 0

    def stream(self) -> BatchStream:
        """Run the frame and hand over batches of rows as they come.

        Closing or dropping the stream cancels the query.

        Returns
        -------
        BatchStream
            An iterator over batches, which is an Arrow stream for other libraries, too.

        Examples
        --------
        >>> import swath as sw
        >>> sum(batch.num_rows for batch in sw.sql("SELECT * FROM range(10)").stream())
        10
        """
        from swath.frame.table import BatchStream

        return BatchStream(self._frame.stream(), self._frame.session())

    def show(self, n: int = 20, *, truncate: bool = True) -> None:
        """Run the frame and print the first ``n`` rows.

        Parameters
        ----------
        n
            How many rows.
        truncate
            Whether a table that is wider than the terminal loses the ends of long cells, and columns in its
            middle.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).show()
        +---+
        | a |
        +---+
        | 1 |
        | 2 |
        +---+
        2 rows
        """
        text = self._frame.preview(n)
        print(fitted(text) if truncate else text)

    def persist(self) -> DataFrame:
        """Run the frame now and return one that reads the result, which is held where it was computed.

        Embedded it lies in this process, in memory within a share of the memory limit and in the spill folder
        beyond it; on a cluster it lies on the workers. It is freed by `unpersist`, or when the last frame
        that reads it is gone.

        Examples
        --------
        >>> import swath as sw
        >>> held = sw.sql("SELECT * FROM range(1000)").persist()
        >>> held.count()
        1000
        >>> held.unpersist()
        """
        held = self._of(self._frame.persist())
        # Its rows are at hand: notebooks show the first ones.
        held._is_held = True
        return held

    def cache(self) -> DataFrame:
        """Run the frame now and hold the result, as `persist` does.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).cache().count()
        2
        """
        return self.persist()

    def unpersist(self) -> None:
        """Free what `persist` holds for this frame, as soon as queries that run now are done.

        Frames that read it compute it from then on.
        """
        self._frame.unpersist()

    @overload
    def explain(
        self, view: Literal["logical", "optimized", "physical", "stages"] = ..., *, analyze: bool = ...
    ) -> str: ...

    @overload
    def explain(self, view: Literal["graph"], *, analyze: bool = ...) -> Graph: ...

    def explain(
        self,
        view: Literal["logical", "optimized", "physical", "stages", "graph"] = "optimized",
        *,
        analyze: bool = False,
    ) -> str | Graph:
        """Return what the frame will do, as text or as a drawing.

        Parameters
        ----------
        view
            ``logical``: the plan as it was written; ``optimized``: after the optimiser; ``physical``: the
            operators that will run; ``stages``: those, cut where data moves; ``graph``: the operators as a
            drawing, see `show_plan`.
        analyze
            Whether to run the frame, drop its rows, and report rows, bytes and time of each operator.

        Examples
        --------
        >>> import swath as sw
        >>> "Filter" in sw.from_dict({"a": [1]}).filter(sw.col("a") > 1).explain("logical")
        True
        """
        if view == "graph":
            return self.show_plan("physical", analyze=analyze)
        return self._frame.explain_analyze() if analyze else self._frame.explain(view)

    def show_plan(
        self,
        view: Literal["logical", "optimized", "physical", "stages"] = "optimized",
        *,
        analyze: bool = False,
    ) -> Graph:
        """Return what the frame will do as a drawing, which notebooks show.

        Parameters
        ----------
        view
            As for `explain`.
        analyze
            Whether to run the frame, drop its rows, and draw rows, bytes and time of each operator.

        Examples
        --------
        >>> import swath as sw
        >>> graph = sw.from_dict({"a": [1, 2]}).show_plan("logical")
        >>> graph.save("plan.svg")  # doctest: +SKIP
        """
        from swath.notebook.plans import frame_graph

        return frame_graph(self, view, analyze=analyze)  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        from swath.notebook.html import frame_html

        return frame_html(self)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        try:
            fields = self._frame.fields()
            plan = self._frame.explain("logical").splitlines()
        except Exception as error:
            # What is wrong is shown: a representation never fails.
            return f"DataFrame with a mistake: {error}"
        width = max((len(name) for name, _, _ in fields), default=0)
        lines = [f"DataFrame of {len(fields)} column{'' if len(fields) == 1 else 's'}, not run yet"]
        lines += [f"  {name:<{width}}  {arguments.shown_type(dtype)}" for name, dtype, _ in fields]
        lines += ["plan", *(f"  {line}" for line in plan[:_PLAN_LINES])]
        if len(plan) > _PLAN_LINES:
            lines.append(f"  … {len(plan) - _PLAN_LINES} more lines: explain('logical')")
        return "\n".join(lines)

    def __bool__(self) -> bool:
        """Refuse: a table is neither true nor false."""
        raise TypeError(
            "a DataFrame is neither true nor false; use df.is_empty(), or & | ~ between conditions"
        )

    def __iter__(self) -> Any:
        """Refuse: iterating would run the query."""
        raise TypeError(
            "a DataFrame is not iterated by itself; use df.iter_rows(), df.stream() or df.columns"
        )

    def iter_rows(self, *, named: bool = False) -> Any:
        """Run the frame and hand over its rows one by one, as they come.

        Parameters
        ----------
        named
            Whether rows are dicts, instead of tuples.

        Examples
        --------
        >>> import swath as sw
        >>> list(sw.from_dict({"a": [1, 2], "b": ["x", "y"]}).iter_rows())
        [(1, 'x'), (2, 'y')]
        """
        from swath.frame.table import rows_of

        names = self._frame.columns() if named else None
        for batch in self._frame.stream():
            yield from rows_of(batch, names)

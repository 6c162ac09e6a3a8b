"""Methods under the names that PySpark has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from swath.frame.base import Frame

if TYPE_CHECKING:
    import pandas

    from swath.frame.arguments import IntoExpr
    from swath.frame.frame import DataFrame
    from swath.frame.group import GroupBy


class SparkNames(Frame):
    """What programs written for PySpark call. Each is one of the other methods."""

    if TYPE_CHECKING:
        # They are the frame's own.
        def __getattr__(self, name: str) -> Any:
            """Return a method."""

    def withColumn(self, colName: str, col: IntoExpr) -> DataFrame:
        """See `with_column`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1]}).withColumn("b", sw.col("a") + 1).rows()
        [(1, 2)]
        """
        made: DataFrame = self.with_column(colName, col)
        return made

    def withColumns(self, colsMap: Mapping[str, IntoExpr]) -> DataFrame:
        """See `with_columns`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).withColumns({"b": sw.col("a") * 2}).rows()
        [(1, 2), (2, 4)]
        """
        made: DataFrame = self.with_columns(**colsMap)
        return made

    def withColumnRenamed(self, existing: str, new: str) -> DataFrame:
        """See `rename`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).withColumnRenamed("a", "b").columns
        ['b']
        """
        made: DataFrame = self.rename({existing: new})
        return made

    def groupBy(self, *cols: IntoExpr | Iterable[IntoExpr]) -> GroupBy:
        """See `group_by`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).groupBy("k").count().count()
        2
        """
        made: GroupBy = self.group_by(*cols)
        return made

    def orderBy(
        self, *cols: IntoExpr | Iterable[IntoExpr], ascending: bool | Sequence[bool] = True
    ) -> DataFrame:
        """See `sort`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).orderBy("a", ascending=False).to_list()
        [2, 1]
        """
        down = not ascending if isinstance(ascending, bool) else [not up for up in ascending]
        made: DataFrame = self.sort(*cols, descending=down)
        return made

    def dropDuplicates(self, subset: Sequence[str] | None = None) -> DataFrame:
        """See `distinct`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).dropDuplicates(["k"]).count()
        2
        """
        made: DataFrame = self.distinct(*(subset or ()))
        return made

    def dropna(self, subset: Sequence[str] | None = None) -> DataFrame:
        """See `drop_nulls`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).dropna().count()
        2
        """
        made: DataFrame = self.drop_nulls(*(subset or ()))
        return made

    def fillna(self, value: Any) -> DataFrame:
        """See `fill_null`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).fillna(0).to_list("a")
        [1, 2, 0]
        """
        made: DataFrame = self.fill_null(value)
        return made

    def crossJoin(self, other: DataFrame | Any) -> DataFrame:
        """See `cross_join`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).crossJoin(sw.from_dict({"b": [1, 2]})).count()
        4
        """
        made: DataFrame = self.cross_join(other)
        return made

    def unionAll(self, other: DataFrame | Any) -> DataFrame:
        """See `union`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).unionAll(sw.from_dict({"a": [1, 2]})).count()
        4
        """
        made: DataFrame = self.union(other)
        return made

    def unionByName(self, other: DataFrame | Any) -> DataFrame:
        """See `union_by_name`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).unionByName(sw.from_dict({"a": [1, 2]})).count()
        4
        """
        made: DataFrame = self.union_by_name(other)
        return made

    def exceptAll(self, other: DataFrame | Any) -> DataFrame:
        """See `except_`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).exceptAll(sw.from_dict({"a": [1, 2]})).count()
        0
        """
        made: DataFrame = self.except_(other, all=True)
        return made

    def intersectAll(self, other: DataFrame | Any) -> DataFrame:
        """See `intersect`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).intersectAll(sw.from_dict({"a": [1, 2]})).count()
        2
        """
        made: DataFrame = self.intersect(other, all=True)
        return made

    def toPandas(self) -> pandas.DataFrame:
        """See `to_pandas`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).toPandas().shape
        (2, 1)
        """
        return self.to_pandas()

    def createOrReplaceTempView(self, name: str) -> None:
        """Register the frame as a table of its session."""
        self.session.register(name, self)

    def isEmpty(self) -> bool:
        """See `is_empty`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).isEmpty()
        False
        """
        return bool(self.is_empty())

    def printSchema(self) -> None:
        """Print the names and types of the columns.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1]}).printSchema()
        a: Int64
        """
        for name, dtype in self.schema.items():
            print(f"{name}: {dtype}")

"""What people who come from another library look for, and what to write here instead."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["instead", "missing", "missing_of_module"]

_INDEX = "rows have no index: filter(k=…), sort(…).slice(…), or with_row_index()"
_LAZY = "frames are lazy as they are"
_UDF = "a function of yours over columns is made by sw.udf: sw.udf(f, return_dtype=float)(sw.col('a'))"
_MAP_BATCHES = "map_batches(f, schema=…), or sw.udf for columns"
_NO_INPLACE = "frames do not change: df = df.with_columns(…)"

_TITLES = {
    "DataFrame": "a DataFrame",
    "Expr": "an expression",
    "GroupBy": "a grouped frame",
    "Array": "an array",
    **{space: f"the namespace .{space}" for space in ("str", "dt", "list", "struct", "name", "meta")},
}

_NAMES: dict[str, dict[str, str]] = {
    "DataFrame": {
        "append": "sw.concat([df, other]), or df.union(other)",
        "apply": _MAP_BATCHES,
        "applymap": "df.select(sw.col('*') …)",
        "assign": "with_columns(b=sw.col('a') * 2)",
        "astype": "cast({'a': sw.Float64})",
        "at": _INDEX,
        "copy": "frames do not change: there is nothing to copy",
        "corr": "select(sw.corr('a', 'b'))",
        "dropDuplicatesWithinWatermark": "distinct(…)",
        "drop_duplicates": "distinct('k'), or unique('k')",
        "eval": "with_columns(b=sw.sql_expr('a * 2'))",
        "extend": "union(other)",
        "fetch": "head(n)",
        "gather_every": "sort(…).with_row_index().filter(sw.col('index') % n == 0)",
        "get_column": "to_list('a') for the values, df['a'] for an expression",
        "groupby": "group_by('k')",
        "groupby_dynamic": "group_by_dynamic(…)",
        "hstack": "sw.concat([df, other], how='horizontal')",
        "iat": _INDEX,
        "iloc": _INDEX,
        "index": _INDEX,
        "insert": _NO_INPLACE,
        "insert_column": _NO_INPLACE,
        "isin": "select(sw.col('a').is_in([…]))",
        "isna": "select(sw.col('a').is_null()), or null_count()",
        "isnull": "select(sw.col('a').is_null()), or null_count()",
        "iter_slices": "stream()",
        "iterrows": "iter_rows(named=True)",
        "itertuples": "iter_rows()",
        "join_where": "cross_join(other).filter(…), or SQL",
        "loc": _INDEX,
        "map_partitions": _MAP_BATCHES,
        "mapInArrow": "map_batches(f, schema=…)",
        "mapInPandas": "map_batches(f, schema=…, input='pandas')",
        "max": "agg(sw.col('a').max())",
        "mean": "agg(sw.col('a').mean())",
        "median": "agg(sw.col('a').median())",
        "merge": "join(other, 'k', 'left')",
        "merge_sorted": "union(other).sort(…)",
        "min": "agg(sw.col('a').min())",
        "n_chunks": "stream() gives batches",
        "nlargest": "top_k(n, by='a')",
        "nsmallest": "bottom_k(n, by='a')",
        "npartitions": "the engine spreads the work",
        "nunique": "agg(sw.col('a').n_unique())",
        "n_unique": "agg(sw.col('a').n_unique())",
        "partition_by": "group_by('k').map_groups(…), or write_parquet(…, partition_by='k')",
        "pivot_table": "pivot('k', index='t', values='a', aggregate_function='sum')",
        "plot": "to_pandas().plot(), or Altair and Plotly, which take frames",
        "quantile": "agg(sw.col('a').quantile(0.5))",
        "query": "filter(sw.sql_expr('a > 1')), or df.sql('SELECT * FROM self WHERE a > 1')",
        "rdd": "map_batches(f, schema=…)",
        "registerTempTable": "createOrReplaceTempView(name)",
        "repartition": "the engine spreads the work",
        "replace": "with_columns(sw.col('a').replace({…}))",
        "resample": "group_by_dynamic('day', every='1d')",
        "reset_index": "rows have no index; with_row_index() numbers them",
        "reverse": "sort(…, descending=True)",
        "selectExpr": "select(sw.sql_expr('a + 1'))",
        "select_dtypes": "select(swath.selectors.numeric())",
        "height": "count(); a table from collect() has height",
        "shape": "count() and width; a table from collect() has shape",
        "set_index": "rows have no index: filter(k=…), sort('t')",
        "shift": "select(sw.col('a').shift(1).over(order_by='t'))",
        "sink_csv": "write_csv(path)",
        "sink_ipc": "write_arrow(path)",
        "sink_ndjson": "write_json(path)",
        "sink_parquet": "write_parquet(path)",
        "sort_index": "sort('t')",
        "sort_values": "sort('a', descending=True)",
        "sortWithinPartitions": "sort(…)",
        "squeeze": "item()",
        "std": "agg(sw.col('a').std())",
        "sum": "agg(sw.col('a').sum())",
        "take": "head(n), whose rows() are a list",
        "to_csv": "write_csv(path)",
        "to_feather": "write_arrow(path)",
        "to_ipc": "write_arrow(path)",
        "to_json": "write_json(path)",
        "to_parquet": "write_parquet(path)",
        "to_records": "rows(), or to_numpy_columns()",
        "to_series": "to_list('a')",
        "to_sql": "to_pandas().to_sql(…)",
        "toDF": "rename({…})",
        "toLocalIterator": "iter_rows(named=True)",
        "transform": "with_columns(total=sw.col('a').sum().over('k'))",
        "transpose": "to_pandas().T",
        "T": "to_pandas().T",
        "update": "join(other, 'k', 'left') with sw.coalesce",
        "value": "item()",
        "values": "to_numpy(), or rows()",
        "var": "agg(sw.col('a').var())",
        "with_row_count": "with_row_index()",
        "write": "write_parquet(path, mode='overwrite', partition_by='k')",
        "write_delta": "write_parquet(path)",
        "write_ipc": "write_arrow(path)",
        "write_ndjson": "write_json(path)",
    },
    "Expr": {
        "agg": "aggregates are methods: sw.col('a').sum()",
        "apply": _UDF,
        "drop_nulls": "filter(sw.col('a').is_not_null()) of the frame, or of the expression in an aggregate",
        "fillna": "fill_null(0), or fill_null(strategy='forward')",
        "groupby": "over('k'), or df.group_by('k')",
        "head": "df.head(n)",
        "isna": "is_null()",
        "isnull": "is_null()",
        "map": _UDF,
        "notna": "is_not_null()",
        "notnull": "is_not_null()",
        "nunique": "n_unique()",
        "otherwise": "sw.when(condition).then(value).otherwise(value)",
        "rolling": "rolling_mean(3), rolling_sum(3) …",
        "sort": "df.sort(…); in groups sort_by('a'), for windows over(order_by=…)",
        "sort_values": "df.sort(…)",
        "to_list": "df.to_list('a')",
        "to_numpy": "df.to_numpy_columns()",
        "tolist": "df.to_list('a')",
        "transform": "over('k')",
        "unique_counts": "df.value_counts('a')",
        "value_counts": "df.value_counts('a')",
        "values": "df.to_list('a')",
        "where": "filter(condition) in an aggregate, or sw.when(condition).then(…)",
    },
    "GroupBy": {
        "apply": "map_groups(f, schema=…)",
        "applyInPandas": "map_groups(f, schema=…, input='pandas')",
        "map_batches": "map_groups(f, schema=…)",
        "ngroups": "df.select('k').distinct().count()",
        "nunique": "n_unique()",
        "pivot": "df.pivot('k', index='t', values='a', aggregate_function='sum')",
        "size": "len()",
        "std": "agg(sw.col('a').std())",
        "transform": "df.with_columns(sw.col('a').sum().over('k'))",
        "var": "agg(sw.col('a').var())",
    },
    "swath": {
        "DataFrameReader": "sw.read_parquet(path)",
        "Enum": "sw.Dictionary, or text",
        "Categorical": "sw.Dictionary, or text",
        "LazyFrame": f"sw.DataFrame: {_LAZY}",
        "Object": "a column has one type; lists and structs are types",
        "SQLContext": "sw.sql('SELECT … FROM df'), or sw.Session()",
        "Series": "a list, a NumPy array, or a frame with one column",
        "SparkSession": "sw.Session(), or functions of the module",
        "collect_all": "[one.collect() for one in frames]",
        "createDataFrame": "sw.from_records(rows, schema=names)",
        "cut": "sw.col('a').cut([1, 5])",
        "qcut": "sw.col('a').qcut(4)",
        "fold": "sw.sum_horizontal and its kin, or operators",
        "from_dicts": "sw.from_records(rows)",
        "from_numpy": "sw.DataFrame(array, schema=names)",
        "get_dummies": "sw.when(…).then(1).otherwise(0)",
        "isna": "sw.col('a').is_null()",
        "map_batches": _UDF,
        "melt": "df.unpivot(…)",
        "merge": "df.join(other, 'k')",
        "pandas_udf": "sw.udf(f, return_dtype=float, input='pandas')",
        "pivot_table": "df.pivot(…)",
        "read": "sw.read_parquet(path)",
        "read_delta": "sw.from_arrow(deltalake.DeltaTable(path).to_pyarrow_dataset().to_table())",
        "read_excel": "sw.from_pandas(pandas.read_excel(path))",
        "read_feather": "sw.read_arrow(path)",
        "read_ipc": "sw.read_arrow(path)",
        "read_ndjson": "sw.read_json(path)",
        "read_sql": "sw.from_pandas(pandas.read_sql(…)), or sw.sql for tables here",
        "read_table": "sw.table(name), or sw.read_csv(path, delimiter='\\t')",
        "scan_csv": f"sw.read_csv(path): {_LAZY}",
        "scan_ipc": f"sw.read_arrow(path): {_LAZY}",
        "scan_ndjson": f"sw.read_json(path): {_LAZY}",
        "scan_parquet": f"sw.read_parquet(path): {_LAZY}",
        "select": "sw.sql('SELECT …'), or df.select(…)",
        "to_datetime": "sw.col('a').str.to_datetime('%Y-%m-%d')",
        "zeros": "import swath.array as sa: sa.zeros(shape)",
        "arange": "import swath.array as sa: sa.arange(stop)",
        "ones": "import swath.array as sa: sa.ones(shape)",
        "asarray": "import swath.array as sa: sa.asarray(values)",
    },
    "str": {
        "capitalize": "to_titlecase() for every word",
        "concat": "sw.concat_str(…) for columns, join(…) for an aggregate",
        "count": "count_matches(pattern)",
        "endswith": "ends_with(text)",
        "get": "slice(i, 1)",
        "isdigit": r"contains(r'^\d+$')",
        "len": "len_chars()",
        "length": "len_chars()",
        "ljust": "pad_end(n)",
        "lower": "to_lowercase()",
        "lstrip": "strip_chars_start()",
        "match": "contains(pattern)",
        "pad": "pad_start(n), pad_end(n)",
        "rjust": "pad_start(n)",
        "rstrip": "strip_chars_end()",
        "startswith": "starts_with(text)",
        "strip": "strip_chars()",
        "title": "to_titlecase()",
        "to_decimal": "sw.col('a').cast(sw.Decimal(15, 2))",
        "trim": "strip_chars()",
        "upper": "to_uppercase()",
    },
    "dt": {
        "ceil": "truncate('1h').dt.offset_by('1h')",
        "day_name": "strftime('%A')",
        "day_of_week": "weekday(), 1 for Monday",
        "dayofweek": "weekday(), 1 for Monday",
        "dayofyear": "ordinal_day()",
        "days": "total_days()",
        "floor": "truncate('1h')",
        "isocalendar": "iso_year(), week(), weekday()",
        "month_name": "strftime('%B')",
        "normalize": "truncate('1d')",
        "tz_convert": "convert_time_zone('UTC')",
        "tz_localize": "replace_time_zone('UTC')",
        "weekofyear": "week()",
    },
    "list": {
        "agg": "eval, or explode and group_by",
        "explode": "df.explode('a')",
        "lengths": "len()",
        "size": "len()",
        "to_struct": "get(i), once for each field",
    },
    "struct": {
        "fields": "field(name)",
        "unnest": "df.unnest('a')",
    },
    "name": {},
    "meta": {},
    "swath.array": {
        "from_delayed": "from_map(function, shape=…)",
        "from_hdf5": "from_array(h5py.File(path)['name'])",
        "genfromtxt": "asarray(np.genfromtxt(path))",
        "load": "from_npy(path), from_npz(path, name), or from_zarr(folder)",
        "loadtxt": "asarray(np.loadtxt(path))",
        "lexsort": "argsort(x), or sort a table by several columns: x.to_dataframe(…).sort(…)",
        "ma": "where(mask, x, sa.nan), and the functions nanmean, nansum …",
        "polyfit": "linalg.lstsq of powers of x",
        "row_stack": "vstack(arrays)",
        "savetxt": "np.savetxt(path, x.compute())",
        "savez": "to_npz(path, name=x)",
        "to_hdf5": "to_zarr(x, folder), or store(x, dataset)",
    },
    "swath.array.linalg": {
        "expm": "scipy.linalg.expm(x.compute())",
        "lu": "solve, det and inv, which use it; scipy.linalg.lu(x.compute())",
        "tsqr": "qr(x), which goes by blocks of rows",
    },
    "swath.array.random": {
        "RandomState": "default_rng(seed)",
        "rand": "default_rng(seed).random(size)",
        "randint": "default_rng(seed).integers(low, high, size)",
        "randn": "default_rng(seed).standard_normal(size)",
        "seed": "default_rng(seed)",
        "choice": "default_rng(seed).choice(a, size)",
        "normal": "default_rng(seed).normal(loc, scale, size)",
        "permutation": "default_rng(seed).permutation(x)",
        "random": "default_rng(seed).random(size)",
        "shuffle": "default_rng(seed).permutation(x)",
        "uniform": "default_rng(seed).uniform(low, high, size)",
    },
    "Array": {
        "A1": "ravel()",
        "compute_chunk_sizes": "not needed: shapes are computed where they are asked for",
        "dask": "explain()",
        "data": "compute() gives a NumPy array",
        "itemset": "x[i] = value",
        "partitions": "blocks",
        "resize": "reshape, or sa.pad",
        "to_dask_dataframe": "to_dataframe(columns)",
        "to_delayed": "blocks[i] for the array of a block",
        "to_hdf5": "to_zarr(folder), or to_npy(path)",
        "tofile": "np.asarray(x).tofile(path), or to_npy(path)",
        "visualize": "show_plan()",
    },
}


def instead(kind: str, name: str, offered: Iterable[str]) -> str | None:
    """Say what to write instead of a name that is not there, if that is known.

    Parameters
    ----------
    kind
        What was asked for the name: ``"DataFrame"``, ``"Expr"``, ``"GroupBy"``, ``"Array"``,
        a module, or a namespace: ``"str"``, ``"dt"``, ``"list"``.
    name
        The name.
    offered
        The names that are there, of which one may be meant.

    Examples
    --------
    >>> from swath.foreign import instead
    >>> instead("DataFrame", "merge", [])
    "instead: join(other, 'k', 'left')"
    >>> instead("DataFrame", "with_colums", ["with_columns"])
    "did you mean 'with_columns'?"
    """
    remedy = _NAMES[kind].get(name)
    if remedy is not None:
        return f"instead: {remedy}"
    import difflib

    near = difflib.get_close_matches(name, [one for one in offered if one[0] != "_"], n=1, cutoff=0.75)
    return f"did you mean '{near[0]}'?" if near else None


def missing_of_module(module: str, name: str, offered: Iterable[str]) -> AttributeError:
    """Return the error about a name that a module lacks, with what to write instead.

    Parameters
    ----------
    module
        The module's name.
    name
        The name.
    offered
        The names that it has.
    """
    remedy = None if name.startswith("_") else instead(module, name, offered)
    text = f"module '{module}' has no attribute '{name}'"
    return AttributeError(f"{text}; {remedy}" if remedy else text, name=name)


def missing(kind: str, name: str, owner: object) -> AttributeError:
    """Return the error about a name that an object lacks, with what to write instead.

    Parameters
    ----------
    kind
        As for :func:`instead`.
    name
        The name.
    owner
        The object.
    """
    text = f"{_TITLES.get(kind, kind)} has no '{name}'"
    remedy = None if name.startswith("_") else instead(kind, name, dir(type(owner)))
    return AttributeError(f"{text}; {remedy}" if remedy else text, name=name, obj=owner)

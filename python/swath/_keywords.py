"""Keyword arguments of other libraries: the error says which one to use here.

Python itself refuses a keyword that a function lacks. The functions of `KEYWORDS` say what to write instead.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

__all__ = ["KEYWORDS", "POSITIONAL", "explain_keywords", "explained"]

_SELECT = ".select('a', …) after it: other columns are not read"
_HEAD = ".head(n) after it"
_ONE_ENGINE = "leave it out: there is one engine"
_NO_INPLACE = "df = df.…: frames do not change"
_NO_INDEX = "leave it out: rows have no index"
_UNORDERED = "leave it out, and .sort(…) the result: rows have no order"
_STORAGE = "sw.Session(storage_options=…)"

_CSV_STYLE = {"sep": "delimiter=", "separator": "delimiter="}
_ROLLING = {"window": "window_size=", "min_periods": "min_samples="}
_EWM = {"halflife": "half_life=", "min_periods": "min_samples=", "ignore_na": "ignore_nulls="}

#: By what it is called on, the function, and the keyword: a parameter of the function (``name=``), or words.
KEYWORDS: dict[str, dict[str, dict[str, str]]] = {
    "Session": {
        "read_csv": {
            **_CSV_STYLE,
            "has_header": "header=",
            "quotechar": "quote=",
            "quote_char": "quote=",
            "escapechar": "escape=",
            "comment_prefix": "comment=",
            "na_values": "null_values=",
            "null_value": "null_values=",
            "nullValue": "null_values=",
            "infer_schema_length": "infer_rows=",
            "inferSchema": "leave it out: types are found by looking at infer_rows= rows",
            "dtype": ".cast({'a': 'float64'}) after it, or schema= with all columns",
            "dtypes": ".cast({'a': 'float64'}) after it, or schema= with all columns",
            "schema_overrides": ".cast({'a': 'float64'}) after it, or schema= with all columns",
            "columns": _SELECT,
            "usecols": _SELECT,
            "nrows": _HEAD,
            "n_rows": _HEAD,
            "names": "header=False, and .rename({'column_1': 'a'}) after it",
            "new_columns": ".rename({…}) after it",
            "index_col": _NO_INDEX,
            "parse_dates": "leave it out: dates are found; others .str.to_datetime(format)",
            "try_parse_dates": "leave it out: dates are found; others .str.to_datetime(format)",
            "chunksize": ".stream() after it",
            "batch_size": ".stream() after it",
            "multiLine": "newlines_in_values=",
            "encoding": "leave it out: files are UTF-8; else sw.from_pandas(pd.read_csv(path, encoding=…))",
            "engine": _ONE_ENGINE,
            "hive_partitioning": "hive_partitions=",
            "storage_options": _STORAGE,
        },
        "read_parquet": {
            "columns": _SELECT,
            "n_rows": _HEAD,
            "filters": ".filter(…) after it: what is left out is not read",
            "engine": _ONE_ENGINE,
            "hive_partitioning": "hive_partitions=",
            "hive_schema": "partition_types=",
            "partitioning": "hive_partitions=",
            "storage_options": _STORAGE,
        },
        "read_json": {
            "lines": "leave it out: files have one object a line",
            "orient": "leave it out: files have one object a line",
            "infer_schema_length": "infer_rows=",
            "chunksize": ".stream() after it",
            "storage_options": _STORAGE,
        },
        "read_arrow": {"columns": _SELECT, "n_rows": _HEAD, "storage_options": _STORAGE},
        "from_pandas": {"index": "include_index=", "preserve_index": "include_index="},
        "from_dict": {
            "columns": ".select(…) after it",
            "orient": "sw.from_records for rows",
            "schema_overrides": "schema=",
        },
        "from_records": {"columns": "schema=", "orient": "leave it out", "schema_overrides": "schema="},
    },
    "DataFrame": {
        "__new__": {
            "columns": "schema=",
            "dtype": "schema=",
            "index": _NO_INDEX,
            "orient": "leave it out",
            "schema_overrides": "schema=",
        },
        "cast": {"dtypes": "types=", "errors": "strict="},
        "collect": {
            "engine": _ONE_ENGINE,
            "no_optimization": _ONE_ENGINE,
            "streaming": "leave it out; stream() gives batch by batch",
        },
        "describe": {
            "percentiles": "quantiles=",
            "include": ".select(…) before it",
            "exclude": ".drop(…) before it",
        },
        "distinct": {"keep": "unique('k', keep=…)", "maintain_order": _UNORDERED, "subset": "distinct('k')"},
        "drop": {
            "axis": "leave it out: columns are dropped; rows by filter(…)",
            "columns": "drop('a', 'b')",
            "inplace": _NO_INPLACE,
            "labels": "drop('a', 'b')",
        },
        "drop_nulls": {"how": "filter(…)", "inplace": _NO_INPLACE, "subset": "drop_nulls('a', 'b')"},
        "explode": {"column": "explode('a')", "ignore_index": _NO_INDEX},
        "explain": {"optimized": "leave it out", "streaming": "leave it out"},
        "fill_null": {"inplace": _NO_INPLACE, "method": "strategy="},
        "fillna": {
            "axis": "leave it out: a value is one for all columns, or {'a': 0} for some",
            "inplace": _NO_INPLACE,
            "limit": "fill_null(strategy='forward', limit=1)",
            "method": "fill_null(strategy='forward')",
        },
        "group_by": {
            "as_index": "leave it out: keys are columns",
            "dropna": "drop_nulls('k') before it: null is a group of its own",
            "group_keys": "leave it out: keys are columns",
            "maintain_order": _UNORDERED,
            "observed": "leave it out: groups are those that occur",
            "sort": _UNORDERED,
        },
        "group_by_dynamic": {"by": "group_by=", "truncate": "label="},
        "join": {
            "indicator": "other.with_columns(there=True) before it: null where a row has no match",
            "join_nulls": "nulls_equal=",
            "left_index": _NO_INDEX,
            "lsuffix": "suffix=",
            "maintain_order": _UNORDERED,
            "right_index": _NO_INDEX,
            "rsuffix": "suffix=",
            "sort": _UNORDERED,
            "suffixes": "suffix=",
            "validate": "leave it out; group_by('k').len() counts",
        },
        "join_asof": {
            "direction": "strategy=",
            "left_by": "by_left=",
            "right_by": "by_right=",
            "suffixes": "suffix=",
        },
        "pivot": {
            "aggfunc": "aggregate_function=",
            "columns": "on=",
            "fill_value": ".fill_null(0) after it",
            "maintain_order": _UNORDERED,
            "sort_columns": "on_columns=",
        },
        "rename": {
            "axis": "leave it out: columns are renamed",
            "columns": "rename({'old': 'new'})",
            "inplace": _NO_INPLACE,
            "mapping": "rename({'old': 'new'})",
        },
        "rows": {"named": "to_dicts()"},
        "sample": {
            "frac": "fraction=",
            "random_state": "seed=",
            "replace": "with_replacement=",
            "withReplacement": "with_replacement=",
        },
        "show": {"vertical": "iter_rows(named=True)"},
        "sort": {
            "ascending": "descending=, the other way round",
            "by": "sort('a', 'b')",
            "ignore_index": _NO_INDEX,
            "inplace": _NO_INPLACE,
            "key": "sort(sw.col('a').str.to_lowercase())",
            "maintain_order": "leave it out, and sort by more columns",
            "na_position": "nulls_last=",
        },
        "to_dict": {"as_series": "leave it out", "orient": "to_dicts() for rows"},
        "top_k": {"columns": "by="},
        "unique": {"inplace": _NO_INPLACE, "maintain_order": _UNORDERED},
        "unpivot": {"id_vars": "index=", "value_vars": "on=", "var_name": "variable_name="},
        "value_counts": {
            "ascending": ".sort('count') after it",
            "name": ".rename({'count': 'n'}) after it",
            "normalize": "sw.col('count') / sw.col('count').sum() of the result",
            "sort": "leave it out: the most frequent comes first",
            "subset": "value_counts('a')",
        },
        "write_csv": {
            **_CSV_STYLE,
            "compression_level": "leave it out",
            "has_header": "header=",
            "include_header": "header=",
            "index": _NO_INDEX,
            "na_rep": "null_value=",
            "partitionBy": "partition_by=",
        },
        "write_json": {"lines": "leave it out: files have one object a line", "orient": "leave it out"},
        "write_parquet": {
            "compression_level": "compression='zstd(9)'",
            "engine": _ONE_ENGINE,
            "index": _NO_INDEX,
            "partitionBy": "partition_by=",
            "partition_cols": "partition_by=",
            "partition_on": "partition_by=",
            "row_group_size": "row_group_rows=",
        },
    },
    "Table": {"row": {"named": "to_dicts()[index]"}},
    "GroupBy": {"quantile": {"q": "quantile="}},
    "Expr": {
        "clip": {
            "lower": "lower_bound=",
            "max": "upper_bound=",
            "min": "lower_bound=",
            "upper": "upper_bound=",
        },
        "cut": {"bins": "breaks=", "right": "left_closed=, the other way round"},
        "diff": {"periods": "n="},
        "ewm_mean": _EWM,
        "ewm_std": _EWM,
        "ewm_var": _EWM,
        "fill_null": {"inplace": _NO_INPLACE, "method": "strategy="},
        "is_between": {"inclusive": "closed="},
        "map_elements": {"skip_nulls": "leave it out"},
        "over": {
            "mapping_strategy": "leave it out: each row has its value",
            "partition_by": "over('k', order_by='t')",
        },
        "pct_change": {"periods": "n="},
        "qcut": {"q": "quantiles="},
        "quantile": {"q": "quantile="},
        "rank": {"ascending": "descending=, the other way round"},
        "replace": {"to_replace": "old=", "value": "new="},
        "round": {"ndigits": "decimals="},
        "shift": {"periods": "n="},
        "sort_by": {"reverse": "descending="},
        **{f"rolling_{name}": _ROLLING for name in ("max", "mean", "median", "min", "std", "sum", "var")},
    },
    "str": {
        "contains": {
            "case": "contains('(?i)' + pattern)",
            "pat": "pattern=",
            "regex": "literal=, the other way round",
            "strict": "leave it out",
        },
        "replace": {"pat": "pattern=", "regex": "literal=, the other way round", "repl": "value="},
        "replace_all": {"pat": "pattern=", "regex": "literal=, the other way round", "repl": "value="},
        "split": {"expand": "split_exact(by, n)", "pat": "by=", "sep": "by="},
    },
    "dt": {"round": {"freq": "every="}, "strftime": {"date_format": "format="}},
    "swath": {
        "concat": {
            "axis": "how='horizontal' for 1",
            "ignore_index": _NO_INDEX,
            "join": "how='diagonal' for columns of all",
            "keys": ".with_columns(key=sw.lit('a')) of each",
            "rechunk": "leave it out",
            "sort": _UNORDERED,
        },
    },
}

#: What to write instead of more arguments without a name than a function has.
POSITIONAL: dict[str, dict[str, str]] = {
    "DataFrame": {"bottom_k": "bottom_k(k, by='a')", "top_k": "top_k(k, by='a')"},
    "Expr": {"is_in": "is_in([1, 2]), one list of values"},
}

#: The flag of functions with ``*values``.
_TAKES_MORE = 0x04
#: The flag of functions with ``**named``.
_TAKES_OTHERS = 0x08

Function = TypeVar("Function", bound=Callable[..., Any])


def explain_keywords(kind: str, owner: type) -> None:
    """Have the methods of a class say what to write instead of keywords that other libraries have.

    Parameters
    ----------
    kind
        The name of the class in `KEYWORDS`.
    owner
        The class. Methods are replaced where they are defined, which may be a base.
    """
    for name in {**KEYWORDS[kind], **POSITIONAL.get(kind, {})}:
        home = next(part for part in owner.__mro__ if name in vars(part))
        method = explained(kind, name)(getattr(home, name))
        setattr(home, name, staticmethod(method) if name == "__new__" else method)


def explained(kind: str, name: str) -> Callable[[Function], Function]:
    """Return a decorator of functions, which then say what to write instead of some keywords.

    Parameters
    ----------
    kind
        What the function is called on, in `KEYWORDS`.
    name
        The name of the function there.
    """
    instead = KEYWORDS[kind].get(name, {})
    more_instead = POSITIONAL.get(kind, {}).get(name)

    def decorate(function: Function) -> Function:
        code = function.__code__
        own = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        takes_others = bool(code.co_flags & _TAKES_OTHERS)
        most = None if more_instead is None or code.co_flags & _TAKES_MORE else code.co_argcount

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            # Of this frame tracebacks say nothing.
            __tracebackhide__ = True
            if not kwargs.keys() <= own:
                for keyword, value in kwargs.items():
                    # Where every name may be that of a column, what can be a column is one.
                    if keyword not in own and (
                        not takes_others or (keyword in instead and _is_switch(value))
                    ):
                        title = kind if name == "__new__" else name
                        raise TypeError(_message(title, keyword, instead.get(keyword), own))
            if most is not None and len(args) > most:
                raise TypeError(
                    f"{name}() takes {most} positional arguments but {len(args)} were given; "
                    f"instead: {more_instead}"
                )
            return function(*args, **kwargs)

        return cast(Function, call)

    return decorate


def _is_switch(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _message(function: str, keyword: str, remedy: str | None, own: frozenset[str]) -> str:
    # Begins as Python's own.
    text = f"{function}() got an unexpected keyword argument '{keyword}'"
    if remedy is not None:
        return f"{text}; instead: {remedy}"
    import difflib

    near = difflib.get_close_matches(keyword, own - {"self", "cls"}, n=1, cutoff=0.75)
    return f"{text}; did you mean '{near[0]}'?" if near else text

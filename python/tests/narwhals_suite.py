"""narwhals' own tests, on our frames.

``python narwhals_suite.py FOLDER`` fetches the source of the narwhals that is installed, which has its
tests, into FOLDER and runs those that take a frame. As a plugin of pytest this module makes the frames, and
marks the tests that cannot pass: one that passes all the same is an error, so that `EXCEPTIONS` says no more
than is so.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

import swath as sw

OURS = "the test decides by a list of names of libraries what is expected"
LAZY = "narwhals has no such function for lazy frames of other libraries"
NOT_HERE = "there is no such function"
NULLS = "the most frequent value is none of the nulls, as in SQL"
ENUM = "there are no enumerations"
TEXT = "texts of times are those of ISO 8601, with a T"
FORMAT = "only ISO 8601 is read without a format"
ZONE = "instants are read into UTC, whose zone is left out"

#: Beginnings of names of tests, and why these cannot pass.
EXCEPTIONS = {
    "tests/dependencies/is_into_": OURS,
    "tests/expr_and_series/cast_test.py::test_cast_datetime_": TEXT,
    "tests/expr_and_series/drop_nulls_test.py::test_drop_nulls_agg": LAZY,
    "tests/expr_and_series/dt/timestamp_test.py::test_timestamp_invalid_date": "dates are taken, too",
    "tests/expr_and_series/is_finite_test.py::test_is_finite_expr": OURS,
    "tests/expr_and_series/list/contains_test.py::test_contains_inner_dtypes_expr[swath-x3": (
        "decimals of other precision are not looked for"
    ),
    "tests/expr_and_series/list/contains_test.py::test_contains_invalid_item_raises[swath-datetime": (
        "instants of other zones are looked for"
    ),
    "tests/expr_and_series/list/median_test.py::test_median_expr": NOT_HERE,
    "tests/expr_and_series/list/unique_test.py::test_unique_maintain_order_expr": "unique has no order",
    "tests/expr_and_series/map/": NOT_HERE,
    "tests/expr_and_series/median_test.py::test_median_expr_raises_on_str": "the message is another",
    "tests/expr_and_series/mode_test.py::test_mode_expr_keep_all_lazy": NOT_HERE,
    "tests/expr_and_series/mode_test.py::test_mode_expr_keep_any_nulls[swath-null": NULLS,
    "tests/expr_and_series/mode_test.py::test_mode_group_by_nulls": NULLS,
    "tests/expr_and_series/mode_test.py::test_mode_over_nulls": NULLS,
    "tests/expr_and_series/rank_test.py::test_rank_with_order_by": LAZY,
    "tests/expr_and_series/replace_strict_test.py::test_replace_strict_expr_basic": "a default is needed",
    "tests/expr_and_series/unique_test.py::test_unique_expr_agg": LAZY,
    "tests/frame/explode_test.py::test_explode_frame_options[swath-columns4": LAZY,
    "tests/frame/explode_test.py::test_explode_frame_options[swath-columns5": LAZY,
    "tests/frame/explode_test.py::test_explode_frame_options[swath-columns6": LAZY,
    "tests/frame/explode_test.py::test_explode_frame_options[swath-columns7": LAZY,
    "tests/frame/explode_test.py::test_explode_frame_single_elements": LAZY,
    "tests/frame/explode_test.py::test_explode_multiple_cols[": LAZY,
    "tests/frame/explode_test.py::test_explode_multiple_cols_null_and_empty_same_index": LAZY,
    "tests/frame/with_columns_test.py::test_with_columns_numpy_array": "the message is another",
    "tests/selectors_test.py::test_enum": ENUM,
    "tests/series_only/cast_test.py::test_cast_to_enum_vmain": ENUM,
    "tests/translate/get_native_namespace_test.py": OURS,
    "tests/v1_test.py::test_cast_to_enum_v1": ENUM,
    "tests/expr_and_series/str/to_titlecase_test.py::test_str_to_titlecase_expr": (
        "a letter after a digit stays small"
    ),
    "tests/expr_and_series/str/to_datetime_test.py::test_to_datetime_tz_aware": ZONE,
    "tests/expr_and_series/str/to_datetime_test.py::test_to_datetime_infer_fmt[swath-data1": FORMAT,
    "tests/expr_and_series/str/to_datetime_test.py::test_to_datetime_infer_fmt[swath-data2": FORMAT,
    "tests/expr_and_series/str/replace_test.py::test_str_replace_edge_expr_scalar[swath-insert": (
        "the first match is replaced, or all are"
    ),
    "tests/expr_and_series/str/replace_test.py::test_str_replace_value_edge_expr_scalar[swath-backslash": (
        "a backslash and a number are a group, as in SQL"
    ),
}

#: Beginnings of names of tests that ask for an order of rows, which frames put together have by chance.
BY_CHANCE = ("tests/frame/concat_test.py::test_concat_",)

SETTINGS = """[pytest]
filterwarnings =
    ignore
"""


def swath_lazy(data):
    return sw.from_dict(data).lazy()


def pytest_generate_tests(metafunc):
    if "constructor" in metafunc.fixturenames:
        metafunc.parametrize("constructor", [swath_lazy], ids=["swath"])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    kept, others = [], []
    for item in items:
        takes_frame = "constructor" in getattr(getattr(item, "callspec", None), "params", {})
        (kept if takes_frame else others).append(item)
    for item in kept:
        reasons = [reason for name, reason in EXCEPTIONS.items() if item.nodeid.startswith(name)]
        if reasons:
            item.add_marker(pytest.mark.xfail(reason=reasons[0], strict=True))
        if item.nodeid.startswith(BY_CHANCE):
            item.add_marker(pytest.mark.xfail(reason="there is no order of rows", strict=False))
    config.hook.pytest_deselected(items=others)
    items[:] = kept


def source(folder):
    """Give where the source is, and fetch it if it is not there."""
    place = folder / f"narwhals-{version('narwhals')}"
    if not (place / "tests").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as fetched:
            what = ["--no-deps", "--no-binary", "narwhals", f"narwhals=={version('narwhals')}"]
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", fetched, *what]
            subprocess.run(command, check=True)
            (archive,) = Path(fetched).glob("narwhals-*.tar.gz")
            with tarfile.open(archive) as files:
                files.extractall(fetched, filter="data")
            # Whole or not at all.
            shutil.move(Path(fetched) / place.name, place)
    return place


def main(folder):
    place = source(folder)
    settings = folder / "pytest.ini"
    settings.write_text(SETTINGS)
    ours = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ours), str(place)])}
    options = ["-q", "-c", str(settings), "--rootdir", str(place), "-p", "no:cacheprovider", "--tb=short"]
    options += ["-p", Path(__file__).stem, "--use-external-constructor", "tests"]
    return subprocess.run([sys.executable, "-m", "pytest", *options], cwd=place, env=environment).returncode


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python narwhals_suite.py FOLDER")
    sys.exit(main(Path(sys.argv[1]).resolve()))

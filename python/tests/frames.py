"""What tests of frames compare with."""

import decimal


def rows(frame):
    """The rows of a frame of ours or of polars, in an order that does not hang on the engine."""
    return sorted(
        frame.rows(), key=lambda row: tuple((value is None, str(type(value)), str(value)) for value in row)
    )


def assert_same(frame, expected, *, ordered=False):
    """A frame has the columns and rows of a polars frame."""
    assert frame.columns == expected.columns
    if ordered:
        assert frame.rows() == expected.rows()
    else:
        assert rows(frame) == rows(expected)


def assert_close_rows(got, expected):
    """Two lists of rows are equal in any order, numbers nearly and whatever their types."""

    def plain(value):
        is_number = isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool)
        if is_number and value != value:
            return "NaN"
        return round(float(value), 9) + 0.0 if is_number else value

    def key(row):
        return [(value is None, str(type(value)), str(value)) for value in row]

    got, expected = (sorted((tuple(map(plain, row)) for row in one), key=key) for one in (got, expected))
    assert got == expected

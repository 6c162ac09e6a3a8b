"""What tests of frames compare with."""


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

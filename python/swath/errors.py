"""What can go wrong, by kind. Every message names the thing and the remedy."""

__all__ = [
    "ArrayError",
    "ArrayIndexError",
    "ArrayOverflowError",
    "ArrayTypeError",
    "AxisError",
    "ClusterError",
    "ColumnNotFoundError",
    "EngineError",
    "FileError",
    "FunctionError",
    "InvalidArgumentError",
    "InvalidValueError",
    "LinAlgError",
    "PlanError",
    "ResourceError",
    "ShapeError",
    "SqlError",
    "SwathError",
    "TableNotFoundError",
    "WorkerError",
]


class SwathError(Exception):
    """Any error of Swath."""


class ColumnNotFoundError(SwathError, LookupError):
    """A name that is no column of the table; the message has the nearest one."""


class TableNotFoundError(SwathError, LookupError):
    """A name that is no table of the session; the message has the nearest one."""


class InvalidArgumentError(SwathError, ValueError):
    """An argument that is out of range or does not fit the others."""


class InvalidValueError(SwathError, ValueError):
    """A value in the data that an operation cannot take."""


class ResourceError(SwathError, MemoryError):
    """The memory or spill limit of the session was reached."""


class PlanError(SwathError, ValueError):
    """A query that makes no sense: what it asks for cannot be planned."""


class SqlError(PlanError):
    """SQL that cannot be parsed or planned; the message shows the place."""


class FileError(SwathError, OSError):
    """A file, folder or address that cannot be read or written."""


class ClusterError(SwathError, ConnectionError):
    """A cluster that cannot be started or reached, or has another version."""


class WorkerError(ClusterError):
    """
    Workers that were lost.

    Either one was lost with rows that had been handed out in part; or a query lost one worker after another,
    and is not tried again: the message names the stage, and the function of yours that it calls.
    """


class ArrayError(SwathError, ValueError):
    """A mistake about an array: its shape, axis, dtype or index."""


class FunctionError(SwathError, RuntimeError):
    """
    A function of yours raised an exception.

    Where it ran in this process, that exception is the ``__cause__``; from a worker its traceback comes as
    text.

    Attributes
    ----------
    function
        The function's name.
    exception_class
        The name of the class of what it raised, such as ``"ValueError"``.
    exception_message
        The message of what it raised.
    traceback_text
        Where it was raised, as Python shows it.
    """

    function: str
    exception_class: str
    exception_message: str
    traceback_text: str


class EngineError(SwathError, RuntimeError):
    """Any other error of the engine."""


class ShapeError(ArrayError):
    """Shapes that do not go together, or elements that do not fit into a shape."""


class AxisError(ArrayError, IndexError):
    """An axis that an array does not have."""


class ArrayIndexError(ArrayError, IndexError):
    """An index beyond an axis, or more indices than axes."""


class ArrayTypeError(ArrayError, TypeError):
    """Dtypes that have no common one, or a function that has no form for them."""


class ArrayOverflowError(ArrayError, OverflowError):
    """A number that a dtype cannot hold."""


class LinAlgError(ArrayError):
    """A matrix that is singular or not positive definite."""

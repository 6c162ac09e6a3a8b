"""Clusters: one on this machine, or one that runs elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from swath import _internal
from swath.errors import ClusterError

if TYPE_CHECKING:
    from typing_extensions import Self

    from swath import Session

__all__ = ["LocalCluster", "Worker", "connect"]


def connect(address: str, **options: Any) -> Session:
    """
    Open a session whose work is done by a cluster.

    Parameters
    ----------
    address
        Where its scheduler listens: ``"swath://host:7050"``.
    **options
        Those of :class:`swath.Session`, for what is done in this process.

    Returns
    -------
    Session
        A context manager: leaving it ends the session, not the cluster.

    Raises
    ------
    swath.errors.ClusterError
        If no scheduler of this version answers there.

    Examples
    --------
    >>> import swath as sw
    >>> with sw.LocalCluster(workers=1) as cluster:
    ...     session = sw.connect(cluster.address)
    ...     session.sql("SELECT value FROM range(10)").count()
    10
    """
    from swath import Session

    return Session(address=address, **options)


class Worker(NamedTuple):
    """
    A worker of a cluster, and what it holds; bytes and counts are ``None`` where it did not answer.

    Examples
    --------
    >>> import swath as sw
    >>> with sw.LocalCluster(workers=1, memory_limit="1GB") as cluster:
    ...     [worker] = cluster.connect().workers()
    >>> worker.threads, worker.memory_limit
    (1, 1073741824)
    """

    #: What the scheduler calls it.
    id: str
    #: Where it serves data, ``host:port``.
    address: str
    #: Partitions that it works on at one time.
    threads: int
    #: Bytes that operators and results may take together.
    memory_limit: int | None
    #: Bytes that they take.
    memory_in_use: int | None
    #: Bytes of the process in memory; 0 where its system does not tell.
    process_memory: int | None
    #: Results of tasks that it holds: of queries that run, and of what is persisted.
    results: int | None
    #: Bytes of these in memory.
    held_in_memory: int | None
    #: Bytes of these on disk.
    held_on_disk: int | None
    #: Bytes that operators have spilled.
    spilled: int | None
    #: Whether it was told to stop, and takes no more tasks.
    draining: bool | None


def _program() -> str:
    """Give the program of a process that finds the modules that this one finds."""
    return f"import sys; sys.path[:] = {sys.path!r}; from swath.__main__ import main; sys.exit(main())"


class LocalCluster:
    """
    A cluster on this machine: a scheduler and workers as processes of this Python.

    The workers run Python functions. A worker whose process such a function ends is started again. All
    processes end when the cluster is closed, and when this process ends, however it ends.

    Parameters
    ----------
    workers
        How many worker processes.
    threads
        Threads of each of them. Python functions of one worker share its GIL: more workers of fewer threads
        hold each other up less.
    memory_limit
        Memory of each worker, as bytes or as text such as ``"4GB"``. By default they share 70 % of the
        machine's.
    port
        The scheduler's port; 0 takes a free one.
    log
        What the processes log to standard error, in the form of ``RUST_LOG``: ``"info"``, say.

    Examples
    --------
    >>> import swath as sw
    >>> with sw.LocalCluster(workers=2, threads=1) as cluster:
    ...     cluster.connect().sql("SELECT value FROM range(10)").count()
    10
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        threads: int = 1,
        memory_limit: int | str | None = None,
        port: int = 0,
        log: str | None = None,
    ) -> None:
        from swath.session import _bytes

        self._cluster = _internal.LocalCluster(
            program=sys.executable,
            program_arguments=["-c", _program()],
            workers=workers,
            threads=threads,
            memory_limit=_bytes("memory_limit", memory_limit),
            port=port,
            log=log,
        )

    @property
    def address(self) -> str:
        """Where clients connect to: ``swath://host:port``."""
        return self._cluster.address

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return self._cluster.worker_ids

    @property
    def scheduler(self) -> int:
        """The process id of the scheduler."""
        return self._cluster.scheduler_id

    def connect(self, **options: Any) -> Session:
        """
        Open a session on this cluster.

        Parameters
        ----------
        **options
            Those of :class:`swath.Session`.
        """
        return connect(self.address, **options)

    def add_worker(self) -> None:
        """Start one more worker and wait until it is ready."""
        self._cluster.add_worker()

    def kill_worker(self, number: int) -> None:
        """
        End a worker at once, as a lost machine would; it is not started again.

        Parameters
        ----------
        number
            Its place in the order of their starts.
        """
        self._cluster.kill_worker(number)

    def close(self) -> None:
        """End all processes. Closing twice does nothing."""
        self._cluster.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        from swath._scheduler import summary, workers

        try:
            address = self.address
        except ClusterError:
            return "<LocalCluster: closed>"
        return f"<LocalCluster {address}: {summary(workers(address))}>"

    def _repr_html_(self) -> str:
        from swath.notebook.html import cluster_html

        return cluster_html(self)

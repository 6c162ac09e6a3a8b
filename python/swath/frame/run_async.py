"""Running a frame from a coroutine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath import _internal
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.frame.table import Table


class RunAsync(Frame):
    """Methods that run a frame beside other coroutines."""

    async def collect_async(self) -> Table:
        """
        Run the frame and return all rows, while the event loop goes on.

        Cancelling the task that awaits it cancels the query.

        Returns
        -------
        Table
            A frame whose rows are in memory.

        Examples
        --------
        >>> import asyncio
        >>> import swath as sw
        >>> async def both():
        ...     frames = [sw.sql("SELECT * FROM range(10)"), sw.sql("SELECT * FROM range(20)")]
        ...     return [len(table) for table in await asyncio.gather(*(f.collect_async() for f in frames))]
        >>> asyncio.run(both())
        [10, 20]
        """
        # Imported where it is used: with its sockets it would be a good part of what `import swath` takes.
        import asyncio

        from swath.frame.table import Table

        loop = asyncio.get_running_loop()
        future: asyncio.Future[_internal.Batches] = loop.create_future()

        def settle(batches: _internal.Batches | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(batches)  # type: ignore[arg-type]

        def done(batches: _internal.Batches | None, error: BaseException | None) -> None:
            # A loop that was closed has nobody waiting.
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, batches, error)

        awaited = _internal.Awaited(self._frame, done)
        try:
            return Table._of_batches(self._frame.session(), await future)
        finally:
            awaited.cancel()

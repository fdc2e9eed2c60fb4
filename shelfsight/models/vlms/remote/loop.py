"""An event loop in a thread of its own, so that callers in any thread share connections, a limit and deadlines."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["Loop", "in_order"]

_T = TypeVar("_T")


class Loop:
    """Runs coroutines for threads that wait for them. A request that hangs is cut off by its deadline at any point,
    be it while a name is resolved or a header drips in, which time limits of a blocking socket do not do."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._turn, name=name, daemon=True)
        self._thread.start()

    def run(self, asked: Coroutine[Any, Any, _T], meanwhile: Callable[["Future[_T]"], None] | None = None) -> _T:
        """Wait for ``asked``. Whatever ends the waiting early cancels it.

        Args:
            meanwhile: called in this thread with the future, and returns when that is done.
        """
        future = asyncio.run_coroutine_threadsafe(asked, self._loop)
        try:
            if meanwhile is not None:
                meanwhile(future)
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def end(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what runs, run ``last`` and stop, without waiting for any of it."""
        asyncio.run_coroutine_threadsafe(self._finish(last), self._loop)

    async def _finish(self, last: Coroutine[Any, Any, None]) -> None:
        try:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for other in others:
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await last
            await self._loop.shutdown_default_executor()
        finally:
            self._loop.stop()

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


async def in_order(asked: Sequence[Callable[[], Coroutine[Any, Any, _T]]]) -> list[_T]:
    """What each gives, in order. The first that fails ends the others, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one()) for one in asked]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]

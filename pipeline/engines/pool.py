"""The engine of one machine: a pool of processes, each with what the work needs loaded once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from pipeline.engines.engine import ResultT, ShardT
from pipeline.errors import EngineError

_work: Callable[[Any], Any] | None = None


class PoolEngine:
    """Works on as many shards at once as there are workers."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map_shards(
        self,
        start: Callable[[], Callable[[ShardT], ResultT]],
        shards: Sequence[ShardT],
    ) -> Iterator[ResultT]:
        """Yield results as shards are done; see ``engine.Engine``."""
        if not shards:
            return
        workers = min(self._workers, len(shards))
        # Forked processes inherit locks that other threads hold; spawned ones start clean.
        with ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=_start, initargs=(start,)
        ) as pool:
            futures = [pool.submit(_work_on, shard) for shard in shards]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BrokenProcessPool as error:
                raise EngineError(
                    f"one of {workers} worker processes died; was there too little memory? What "
                    "was finished is kept: run the same command again, with fewer workers "
                    "(--workers)."
                ) from error
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def _start(start: Callable[[], Callable[[Any], Any]]) -> None:
    """Load in a worker what the work needs; with one thread each, for processes fill the cores."""
    global _work
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _work = start()


def _work_on(shard: Any) -> Any:
    if _work is None:
        raise RuntimeError("the worker was not started")
    return _work(shard)

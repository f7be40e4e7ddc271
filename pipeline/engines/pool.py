"""The engine of one machine: a pool of processes, each with what the work needs loaded once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from pipeline.engines.engine import ResultT, ShardT
from pipeline.errors import EngineError

_work: Callable[[Any], Any] | None = None


class PoolEngine:
    """Works on as many shards at once as there are workers.

    A worker that is killed, as by a system that runs out of memory, takes its pool with it. The
    shards that are not done go to a new one: as large as before if the old one had finished any,
    or else half as large, for fewer workers need less memory.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map_shards(
        self,
        start: Callable[[], Callable[[ShardT], ResultT]],
        shards: Sequence[ShardT],
    ) -> Iterator[ResultT]:
        """Yield results as shards are done; see ``engine.Engine``.

        Raises:
            EngineError: The only worker died before it had finished a shard.
        """
        workers = self._workers
        waiting = dict(enumerate(shards))
        while waiting:
            n_before, workers = len(waiting), min(workers, len(waiting))
            for number, result in _work_on_all(workers, start, waiting):
                del waiting[number]
                yield result
            if len(waiting) < n_before:
                continue
            if workers == 1:
                raise EngineError(
                    "a worker process died, and so did each that took its place; is there too "
                    "little memory? What was finished is kept: run the same command again when "
                    "there is more."
                )
            workers //= 2


def _work_on_all(
    workers: int,
    start: Callable[[], Callable[[ShardT], ResultT]],
    shards: Mapping[int, ShardT],
) -> Iterator[tuple[int, ResultT]]:
    """Yield number and result of the shards that one pool finishes: all, unless a worker dies."""
    # Forked processes inherit locks that other threads hold; spawned ones start clean.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start, initargs=(start,)
    ) as pool:
        numbers = {}
        try:
            for number, shard in shards.items():
                numbers[pool.submit(_work_on, shard)] = number
        except BrokenProcessPool:  # died so soon that not all could be handed in
            pass
        try:
            for future in as_completed(numbers):
                if not isinstance(future.exception(), BrokenProcessPool):
                    yield numbers[future], future.result()
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

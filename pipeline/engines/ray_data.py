"""The engine of many machines: Ray Data, whose actors hold what the work needs.

Shards and results travel through Ray; the files that they name must lie where every machine of
the cluster finds them under the same path.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pipeline.engines.engine import ResultT, ShardT
from pipeline.errors import EngineError, RequestError

CPUS_OF_ACTOR = 0.5
"""Two actors of one processor each wait forever on two processors: the reading of the shards
needs one too."""


class RayEngine:
    """Works on shards in Ray actors; joins the cluster of ``RAY_ADDRESS`` or starts one here."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map_shards(
        self,
        start: Callable[[], Callable[[ShardT], ResultT]],
        shards: Sequence[ShardT],
    ) -> Iterator[ResultT]:
        """Yield results as shards are done; see ``engine.Engine``.

        Raises:
            RequestError: Ray is not installed.
        """
        if not shards:
            return
        ray = _connect(self._workers)
        try:
            rows = ray.data.from_items([{"shard": shard} for shard in shards])
            done = rows.repartition(len(shards)).map_batches(
                _Actor,
                fn_constructor_kwargs={"start": start},
                batch_size=1,
                concurrency=min(self._workers, len(shards)),
                num_cpus=CPUS_OF_ACTOR,
            )
            for row in done.iter_rows():
                yield row["result"]
        except ray.exceptions.RayError as error:
            raise EngineError(
                f"a Ray worker failed ({str(error).strip().splitlines()[-1]}). What was finished "
                "is kept: run the same command again."
            ) from error
        finally:
            ray.shutdown()


class _Actor:
    """Holds the work in a Ray process."""

    def __init__(self, start: Callable[[], Callable[[Any], Any]]) -> None:
        self._work = start()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        return {"result": [self._work(shard) for shard in batch["shard"]]}


def _connect(workers: int) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise RequestError(
            "the Ray engine is not installed. Run `pip install 'conclabel[ray]'`, or choose "
            "engine pool."
        ) from error
    if not ray.is_initialized():
        cluster = os.environ.get("RAY_ADDRESS")
        own: dict[str, Any] = {"num_cpus": max(workers, 1)} if cluster is None else {}
        ray.init(
            address=cluster, include_dashboard=False, log_to_driver=False, logging_level=40, **own
        )
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray

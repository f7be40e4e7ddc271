"""The engine of one process: this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pipeline.engines.engine import ResultT, ShardT


class SerialEngine:
    """Works on one shard after the other, here."""

    def map_shards(
        self,
        start: Callable[[], Callable[[ShardT], ResultT]],
        shards: Sequence[ShardT],
    ) -> Iterator[ResultT]:
        """Yield results in the order of the shards; see ``engine.Engine``."""
        if shards:
            yield from map(start(), shards)

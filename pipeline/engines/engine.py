"""The protocol that every engine keeps: what runs where is its only concern.

Resume, order and output belong to the workflow, so that they are the same on every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

ShardT = TypeVar("ShardT")
ResultT = TypeVar("ResultT")


class Engine(Protocol):
    """Does the same work on many shards."""

    def map_shards(
        self,
        start: Callable[[], Callable[[ShardT], ResultT]],
        shards: Sequence[ShardT],
    ) -> Iterator[ResultT]:
        """Yield one result for each shard, in whatever order they are done.

        Args:
            start: Called once in every process; loads what the work needs and returns the work.
                It, the shards and the results must pickle.
            shards: What to work on.

        Raises:
            EngineError: A process of the engine died, and none could do its work instead.
        """
        ...

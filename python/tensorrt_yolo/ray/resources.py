"""What the pools on a cluster take of its machines."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import ray
from ray.data import ActorPoolStrategy

from tensorrt_yolo.batch.predicting import PoolSetup
from tensorrt_yolo.option import InferOption


#: Batches that an actor works on at a time: while the rows of one are written, the pool has images of the next.
_AT_ONCE = 2


@dataclasses.dataclass(frozen=True)
class Resources:
    """What each pool takes, and how many there are. Each is an actor with a model and its clones."""

    cpus: int | None = None
    """Cores of each pool. None: those of the machine with the fewest, or half of them where other work of Ray's reads
    the images."""
    gpus: float = 0.0
    """GPUs of each pool: whole ones, or a part of one, which several pools then share."""
    pools: int | None = None
    """Most pools. None: as many as the cluster has room for when the work begins. A number waits for machines that are
    added later."""

    def filled(self, *, reading: bool) -> Resources:
        """The same with numbers for what was left open, by the cluster's machines.

        reading: whether other work of Ray's needs cores besides.
        Raises ValueError if no machine has room for a pool.
        """
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        fewest = int(min((node["CPU"] for node in nodes), default=1))
        cpus = self.cpus or max(1, fewest // 2 if reading else fewest)
        pools = self.pools or sum(self._room(node, cpus) for node in nodes)
        if reading and not self.pools and pools > 1 and pools * cpus >= sum(node["CPU"] for node in nodes):
            pools -= 1  # who reads needs a core
        if not pools:
            raise ValueError(
                f"no machine of the cluster has the {cpus} cores and {self.gpus:g} GPUs that a pool is to have; ask "
                "for less, or say how many pools are wanted, to wait for machines that are added"
            )
        return Resources(cpus, self.gpus, pools)

    def _room(self, node: dict[str, float], cpus: int) -> int:
        by_gpus = int(node.get("GPU", 0) / self.gpus + 1e-6) if self.gpus else None
        by_cpus = int(node["CPU"] // cpus)
        return by_cpus if by_gpus is None else min(by_cpus, by_gpus)

    def setup(self, setup: PoolSetup) -> PoolSetup:
        """The same pool for other machines, with a thread for each of its cores, unless its option says how many."""
        values = {"threads": self.cpus, **setup.option.values()}
        return dataclasses.replace(setup, file=os.path.abspath(setup.file), option=InferOption(**values))

    def arguments(self, *, reading: bool) -> dict[str, Any]:
        """For Dataset.map_batches(), of a class whose __call__ is for several threads. Of filled() resources.

        reading: whether other work of Ray's needs cores besides. Then pools are added as that leaves room: all at once
            could take every core, and wait for images for ever.
        """
        first = 1 if reading else self.pools
        strategy = ActorPoolStrategy(
            min_size=1,
            initial_size=first,
            max_size=self.pools,
            max_concurrent_calls_per_actor=_AT_ONCE,
            enable_true_multi_threading=True,
        )
        return {"compute": strategy, "num_cpus": self.cpus, "num_gpus": self.gpus or None}

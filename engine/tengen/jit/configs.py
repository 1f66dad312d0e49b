"""Settings of static graphs, with MegEngine's names."""

import dataclasses

from ..base.errors import ArgumentError


@dataclasses.dataclass
class SublinearMemoryConfig:
    """Recompute activations to save memory: how hard to search for what to drop.

    `thresh_nr_try`: budgets tried around the best one found; `genetic_nr_iter` and
    `genetic_pool_size`: rounds and size of a random search after that; `lb_memory_mb`: do not go
    below this many megabytes; `num_worker`: kept for MegEngine's programs, the search is quick.
    """

    thresh_nr_try: int = 10
    genetic_nr_iter: int = 0
    genetic_pool_size: int = 20
    lb_memory_mb: int = 0
    num_worker: int = 1

    def __post_init__(self) -> None:
        for name in ("thresh_nr_try", "genetic_nr_iter", "genetic_pool_size", "lb_memory_mb"):
            if getattr(self, name) < 0:
                raise ArgumentError(
                    f"[SublinearMemoryConfig] {name} is at least 0; got {getattr(self, name)}"
                )


@dataclasses.dataclass
class DTRConfig:
    """Dynamic rematerialisation: evict tensors above `eviction_threshold` bytes in use.

    Tensors smaller than `evictee_minimum_size` bytes stay; the factors weigh memory and time in
    choosing what goes (Kirisame et al., 2021).
    """

    eviction_threshold: int = 0
    evictee_minimum_size: int = 1024**2
    recomp_memory_factor: float = 1
    recomp_time_factor: float = 1

    def __post_init__(self) -> None:
        if self.eviction_threshold < 0 or self.evictee_minimum_size < 0:
            raise ArgumentError("[DTRConfig] sizes are at least 0 bytes")


@dataclasses.dataclass
class GraphOptimizationConfig:
    """Which optimizations a graph goes through: 0 is automatic, -1 off, 1 on.

    `jit_fuse_dimshuffle`: transposes and broadcasts join fused elementwise operators;
    `jit_fuse_reduce`: reductions do.
    """

    jit_fuse_dimshuffle: int = 0
    jit_fuse_reduce: int = 0

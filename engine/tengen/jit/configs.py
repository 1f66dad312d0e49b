"""Settings of static graphs, with MegEngine's names."""

import dataclasses

from ..base.errors import ArgumentError


@dataclasses.dataclass
class SublinearMemoryConfig:
    """Recompute activations: take the least memory that making each call at most twice reaches.

    `lb_memory_mb`: do not go below this many megabytes. The other fields steer MegEngine's search;
    they are checked and change nothing, since the search here needs no such steering.
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
    """Passes turned on (true) or off (false), whatever `opt_level` says; None leaves it to that.

    `jit_fuse_dimshuffle`: reshapes make way so that what is around them fuses;
    `jit_fuse_reduce`: elementwise calls and the reduction behind them become one kernel.
    """

    jit_fuse_dimshuffle: bool | int | None = None
    jit_fuse_reduce: bool | int | None = None

    @property
    def passes(self) -> dict[str, bool]:
        """The passes that are asked for or against, by name."""
        asked = {
            "sink_reshapes": self.jit_fuse_dimshuffle,
            "fuse_reduction": self.jit_fuse_reduce,
        }
        return {name: bool(value) for name, value in asked.items() if value is not None}

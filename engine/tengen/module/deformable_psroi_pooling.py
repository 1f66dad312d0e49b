"""DeformablePSROIPooling: pooling of regions whose parts are shifted by learned amounts."""

from typing import Any

from ..functional import nn
from .module import Module


class DeformablePSROIPooling(Module):
    """Position-sensitive pooling of regions with shifted parts (Dai et al., 2017).

    The settings are those of `functional.nn.deformable_psroi_pooling`; `forward` takes the
    image, the regions (R, 5) and the shifts.
    """

    def __init__(
        self,
        no_trans: bool,
        part_size: int,
        pooled_h: int,
        pooled_w: int,
        sample_per_part: int,
        spatial_scale: float,
        trans_std: float = 0.1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.no_trans = no_trans
        self.part_size = part_size
        self.pooled_h = pooled_h
        self.pooled_w = pooled_w
        self.sample_per_part = sample_per_part
        self.spatial_scale = spatial_scale
        self.trans_std = trans_std

    def forward(self, inp: Any, rois: Any, trans: Any) -> Any:
        return nn.deformable_psroi_pooling(
            inp, rois, trans, self.no_trans, self.part_size, self.pooled_h, self.pooled_w,
            self.sample_per_part, self.spatial_scale, self.trans_std,
        )  # fmt: skip

"""functional.nn: what neural networks are made of, gathered from the files of this package."""

from .activation import *  # noqa: F403
from .attention import *  # noqa: F403
from .convolution import *  # noqa: F403
from .dot_product import *  # noqa: F403
from .dropout import *  # noqa: F403
from .linear import *  # noqa: F403
from .lookup import *  # noqa: F403
from .loss import *  # noqa: F403
from .math import matmul, normalize  # noqa: F401
from .normalisation import *  # noqa: F403
from .pooling import *  # noqa: F403
from .sliding import *  # noqa: F403
from .softmax import *  # noqa: F403
from .vision import (  # noqa: F401
    correlation,
    cvt_color,
    deformable_conv2d,
    deformable_psroi_pooling,
    interpolate,
    nms,
    remap,
    roi_align,
    roi_pooling,
    warp_affine,
    warp_perspective,
)

"""Functions on tensors. `functional.nn` and `functional.loss` hold those of neural networks."""

from . import loss, nn, vision  # noqa: F401
from .comparison import *  # noqa: F403
from .complex_numbers import *  # noqa: F403
from .creation import *  # noqa: F403
from .elemwise import *  # noqa: F403
from .linalg import *  # noqa: F403
from .math import *  # noqa: F403
from .nn import *  # noqa: F403
from .orientation import *  # noqa: F403
from .resizing import *  # noqa: F403
from .sorting import *  # noqa: F403
from .tensor import *  # noqa: F403

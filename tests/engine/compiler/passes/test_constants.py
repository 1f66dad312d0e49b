"""What is known before the first run is computed once."""

from functools import partial

from tengen.compiler.passes.constants import fold_constants
from tengen.compiler.passes.dead_code import drop_dead_code

from ..interpreting import evaluate, judge, leaves_alone

fold = partial(fold_constants, evaluate=evaluate)


def test_a_chain_on_constants_becomes_a_constant():
    judge(
        lambda graph: drop_dead_code(fold(graph)),
        """
        graph(v0: float32[2, 2]):
            v1: float32[] = constant(1.0)
            v2: float32[] = affine(v1, scale=0.5)
            v3: float32[1, 1] = reshape(v2, shape=(1, 1))
            v4: float32[2, 2] = broadcast_to(v3, shape=(2, 2))
            v5: float32[2, 2] = mul(v0, v4)
            return v5
        """,
        """
        graph(v0: float32[2, 2]):
            v1: float32[2, 2] = constant(0.5, 0.5, 0.5, 0.5)
            v2: float32[2, 2] = mul(v0, v1)
            return v2
        """,
    )


def test_what_would_grow_is_left_to_the_run():
    leaves_alone(
        fold,
        """
        graph(v0: float32[300, 300]):
            v1: float32[] = constant(1.0)
            v2: float32[300, 300] = broadcast_to(v1, shape=(300, 300))
            v3: float32[300, 300] = matmul(v0, v2)
            return v3
        """,
    )


def test_an_output_stays_a_call():
    leaves_alone(
        fold,
        """
        graph():
            v0: float32[] = constant(2.0)
            v1: float32[] = sqrt(v0)
            return v1
        """,
    )

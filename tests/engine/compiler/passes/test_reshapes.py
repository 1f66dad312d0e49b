"""Reshapes of matrix products go behind what is done to each element."""

from tengen.compiler.passes.algebra import simplify
from tengen.compiler.passes.dead_code import drop_dead_code
from tengen.compiler.passes.reshapes import sink_reshapes

from ..interpreting import judge, leaves_alone

HEAD = "graph(v0: float32[6, 4], v1: float32[4, 5], v2: float32[2, 3, 5], v3: float32[]):"


def sunk(graph):
    return drop_dead_code(simplify(sink_reshapes(graph)))


def test_an_addition_is_done_to_the_product():
    judge(
        sunk,
        f"""{HEAD}
            v4: float32[6, 5] = matmul(v0, v1)
            v5: float32[2, 3, 5] = reshape(v4, shape=(2, 3, 5))
            v6: float32[2, 3, 5] = add(v2, v5)
            return v6
        """,
        f"""{HEAD}
            v4: float32[6, 5] = matmul(v0, v1)
            v5: float32[6, 5] = reshape(v2, shape=(6, 5))
            v6: float32[6, 5] = add(v5, v4)
            v7: float32[2, 3, 5] = reshape(v6, shape=(2, 3, 5))
            return v7
        """,
    )


def test_a_chain_between_two_products_loses_its_reshapes():
    judge(
        sunk,
        f"""{HEAD}
            v4: float32[6, 5] = matmul(v0, v1)
            v5: float32[2, 3, 5] = reshape(v4, shape=(2, 3, 5))
            v6: float32[2, 3, 5] = relu(v5)
            v7: float32[2, 3, 5] = mul(v6, v3)
            v8: float32[2, 3, 5] = mul(v7, v5)
            v9: float32[6, 5] = reshape(v8, shape=(6, 5))
            v10: float32[6, 4] = matmul(v9, v1, transpose_b=True)
            return v10
        """,
        f"""{HEAD}
            v4: float32[6, 5] = matmul(v0, v1)
            v5: float32[6, 5] = relu(v4)
            v6: float32[6, 5] = mul(v5, v3)
            v7: float32[6, 5] = mul(v6, v4)
            v8: float32[6, 4] = matmul(v7, v1, transpose_b=True)
            return v8
        """,
    )


def test_other_reshapes_stay():
    leaves_alone(
        sink_reshapes,
        f"""{HEAD}
            v4: float32[6, 5] = matmul(v0, v1)
            v5: float32[2, 3, 5] = reshape(v4, shape=(2, 3, 5))
            v6: float32[5, 6] = reshape(v2, shape=(5, 6))
            v7: float32[5, 6] = relu(v6)
            v8: float32[1, 1, 5] = sum_to(v5, shape=(1, 1, 5))
            v9: float32[2, 3, 5] = mul(v5, v8)
            return v7, v9
        """,
    )

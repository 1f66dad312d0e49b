"""Calls come in the order that holds least, and updates never before what reads the old value."""

from tengen.compiler.liveness import peak_bytes
from tengen.compiler.passes.schedule import order_for_memory

from ..interpreting import judge, leaves_alone, read


def test_updates_come_when_their_gradient_is_complete():
    judge(
        order_for_memory,
        """
        graph(v0: float32[9, 9], v1: float32[9, 9], v2: float32[9, 9], v3: float64[2]):
            v4: float32[9, 9] = matmul(v2, v0)
            v5: float32[9, 9] = matmul(v2, v1)
            v6: float32[9, 9] = sgd_update(v0, v4, v3)
            v7: float32[9, 9] = sgd_update(v1, v5, v3)
            return v6, v7
        """,
        """
        graph(v0: float32[9, 9], v1: float32[9, 9], v2: float32[9, 9], v3: float64[2]):
            v4: float32[9, 9] = matmul(v2, v0)
            v6: float32[9, 9] = sgd_update(v0, v4, v3)
            v5: float32[9, 9] = matmul(v2, v1)
            v7: float32[9, 9] = sgd_update(v1, v5, v3)
            return v6, v7
        """,
    )


def test_an_update_waits_for_the_readers_of_the_old_value():
    graph = read("""
        graph(v0: float32[9, 9], v1: float32[9, 9], v2: float64[2]):
            v3: float32[9, 9] = matmul(v1, v1)
            v4: float32[9, 9] = exp(v3)
            v5: float32[9, 9] = matmul(v0, v4)
            v6: float32[9, 9] = exp(v5)
            v7: float32[9, 9] = sgd_update(v0, v3, v2)
            return v6, v7
    """)
    made = order_for_memory(graph)
    names = [n.op.name for n in made.nodes]
    assert names.index("sgd_update") > max(i for i, n in enumerate(names) if n == "matmul")


def test_what_frees_memory_comes_first():
    judge(
        order_for_memory,
        """
        graph(v0: float32[90], v1: float32[90]):
            v2: float32[90] = exp(v0)
            v3: float32[90] = exp(v1)
            v4: float32[90] = neg(v1)
            v5: float32[] = sum(v2)
            v6: float32[] = sum(v3)
            v7: float32[] = sum(v4)
            v8: float32[] = add(v5, v6)
            v9: float32[] = add(v8, v7)
            return v9
        """,
        """
        graph(v0: float32[90], v1: float32[90]):
            v2: float32[90] = exp(v0)
            v5: float32[] = sum(v2)
            v3: float32[90] = exp(v1)
            v6: float32[] = sum(v3)
            v8: float32[] = add(v5, v6)
            v4: float32[90] = neg(v1)
            v7: float32[] = sum(v4)
            v9: float32[] = add(v8, v7)
            return v9
        """,
    )


def test_a_good_order_stays():
    leaves_alone(
        order_for_memory,
        """
        graph(v0: float32[90]):
            v1: float32[90] = exp(v0)
            v2: float32[] = sum(v1)
            v3: float32[90] = neg(v0)
            v4: float32[] = sum(v3)
            return v2, v4
        """,
    )


def test_views_hold_what_they_show():
    graph = read("""
        graph(v0: float32[90], v1: float32[90]):
            v2: float32[90] = exp(v0)
            v3: float32[9, 10] = reshape(v2, shape=(9, 10))
            v4: float32[90] = exp(v1)
            v5: float32[] = sum(v4)
            v6: float32[] = sum(v3)
            return v5, v6
    """)
    made = order_for_memory(graph)
    assert peak_bytes(made) < peak_bytes(graph)

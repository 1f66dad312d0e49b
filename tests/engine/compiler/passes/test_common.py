"""Common subexpressions are computed once."""

from tengen.compiler.passes.common import merge_common

from ..interpreting import judge, leaves_alone


def test_equal_calls_are_merged_along_a_chain():
    judge(
        merge_common,
        """
        graph(v0: float32[3], v1: float32[3]):
            v2: float32[3] = add(v0, v1)
            v3: float32[3] = add(v0, v1)
            v4: float32[3] = exp(v2)
            v5: float32[3] = exp(v3)
            v6: float32[3] = sub(v4, v5)
            return v6
        """,
        """
        graph(v0: float32[3], v1: float32[3]):
            v2: float32[3] = add(v0, v1)
            v3: float32[3] = exp(v2)
            v4: float32[3] = sub(v3, v3)
            return v4
        """,
    )


def test_attributes_are_compared_with_their_types():
    leaves_alone(
        merge_common,
        """
        graph(v0: float32[3]):
            v1: float32[3] = affine(v0, scale=2.0)
            v2: float32[3] = affine(v0, scale=2.5)
            v3: float32[3] = add(v1, v2)
            return v3
        """,
    )


def test_outputs_keep_their_own_memory():
    leaves_alone(
        merge_common,
        """
        graph(v0: float32[3]):
            v1: float32[3] = exp(v0)
            v2: float32[3] = exp(v0)
            return v1, v2
        """,
    )


def test_random_calls_are_merged_only_on_one_state():
    judge(
        merge_common,
        """
        graph(v0: uint64[2]):
            v1: float32[3], v2: uint64[2] = uniform(v0, shape=(3,))
            v3: float32[3], v4: uint64[2] = uniform(v0, shape=(3,))
            v5: float32[3], v6: uint64[2] = uniform(v2, shape=(3,))
            v7: float32[3] = sub(v1, v3)
            v8: float32[3] = sub(v7, v5)
            return v8
        """,
        """
        graph(v0: uint64[2]):
            v1: float32[3], v2: uint64[2] = uniform(v0, shape=(3,))
            v3: float32[3], v4: uint64[2] = uniform(v2, shape=(3,))
            v5: float32[3] = sub(v1, v1)
            v6: float32[3] = sub(v5, v3)
            return v6
        """,
    )

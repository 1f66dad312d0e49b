"""Dead code goes, inputs stay."""

from tengen.compiler.passes.dead_code import drop_dead_code

from ..interpreting import judge, leaves_alone


def test_what_nobody_reads_is_dropped():
    judge(
        drop_dead_code,
        """
        graph(v0: float32[3], v1: float32[3]):
            v2: float32[3] = constant(1.0, 2.0, 3.0)
            v3: float32[3] = exp(v0)
            v4: float32[3] = mul(v3, v2)
            v9: float32[3] = neg(v3)
            return v9
        """,
        """
        graph(v0: float32[3], v1: float32[3]):
            v2: float32[3] = exp(v0)
            v3: float32[3] = neg(v2)
            return v3
        """,
    )


def test_a_call_stays_when_one_of_its_results_is_read():
    leaves_alone(
        drop_dead_code,
        """
        graph(v0: float32[4, 3]):
            v1: float32[4, 3], v2: float32[1, 3], v3: float32[1, 3] = batch_norm(v0)
            v4: float32[1, 3] = sqrt(v3)
            return v4
        """,
    )

"""The report's verdict: what a user reads first."""

import pytest

from tengen.jit.report import ConversionReport, CostRow, ParityRow


@pytest.mark.parametrize(
    ("ms", "memory", "verdict"),
    [
        (50.0, 40.0, "Static, same results, 2.0x faster, 40% of the memory."),
        (125.0, 130.0, "Static, same results, 0.80x the speed, 130% of the memory."),
        (98.0, 100.2, "Static, same results, the same speed, the same memory."),
    ],
)
def test_the_verdict_tells_speed_and_memory(ms, memory, verdict):
    report = ConversionReport("step")
    report.parity.append(ParityRow("outputs", 0.0, 1e-6, None))
    report.costs += [CostRow("time", "ms", 100.0, ms), CostRow("peak", "bytes", 100.0, memory)]
    assert report.verdict == verdict


def test_the_verdict_names_what_differs_most():
    report = ConversionReport("step")
    report.parity.append(ParityRow("outputs", 2e-6, 1e-6, None))
    report.parity.append(ParityRow("gradients", 3e-3, 1e-6, None))
    assert report.verdict == "Not the same: gradients differ by 3.0e-03."

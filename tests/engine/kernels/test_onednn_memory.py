"""Forms of arrays, reorders between them, and the ways to call a plan."""

import threading

import ml_dtypes
import numpy as np
import pytest

from tengen.base.layout import Layout
from tengen.kernels.onednn import binary, convolution, eltwise, library, matmul, reorder
from tengen.kernels.onednn.errors import Unsupported
from tengen.kernels.onednn.memory import Desc, desc_of, md_of
from tests.engine.kernels.onednn_running import close, normal, run

pytestmark = pytest.mark.skipif(not library.available(), reason=library.why_not())
F32 = np.dtype(np.float32)

FORMS = [
    ((2, 58, 5, 6), Layout.parse("aBcd16b")),
    ((2, 58, 5, 6), Layout.parse("aBcd8b")),
    ((2, 3, 4, 4), Layout.parse("aBcd16b")),
    ((24, 58, 3, 3), Layout.parse("ABcd16b16a")),
    ((24, 58, 1, 1), Layout.parse("ABcd16a16b")),
    ((64, 3, 7, 7), Layout.parse("Acdb16a")),
    ((64, 1, 7, 7), Layout.parse("Acdb16a")),
    ((33, 1, 1, 3, 3), Layout.parse("Abcde16a")),
    ((4, 20, 17, 3, 3), Layout.parse("aBCde16c16b")),
    ((2, 20, 3, 4, 5), Layout.parse("aBcde16b")),
    ((40, 70), Layout.parse("BA16a64b")),
    ((2, 58, 5, 6), (58 * 30, 1, 58 * 6, 58)),
    ((7, 5), (1, 7)),
]


@pytest.mark.parametrize(("shape", "form"), FORMS)
def test_reorder_agrees_with_numpy_both_ways(shape, form):
    desc, plain = Desc.of(shape, F32, form), Desc.plain(shape, F32)
    logical = normal(shape)
    np.testing.assert_array_equal(run(reorder.reorder(plain, desc), src=logical)["dst"], logical)
    np.testing.assert_array_equal(run(reorder.reorder(desc, plain), src=logical)["dst"], logical)


@pytest.mark.parametrize(("shape", "form"), FORMS)
def test_a_desc_comes_back_from_onednn_as_it_went(shape, form):
    desc = Desc.of(shape, F32, form)
    assert desc_of(md_of(desc)) == desc
    assert desc.nbytes == load_size(desc)


def load_size(desc):
    return library.load().c.dnnl_memory_desc_get_size(md_of(desc))


def test_equal_forms_are_equal_however_written():
    assert Desc.plain((4, 1, 5, 5), F32, (25, 1, 5, 1)) == Desc.plain((4, 1, 5, 5), F32)
    one = Desc.blocked((16, 1, 3, 3), F32, Layout.parse("Acdb16a"))
    assert one == Desc.blocked((16, 1, 3, 3), F32, Layout.parse("Abcd16a"))
    view = np.zeros((2, 4, 5, 3), F32).transpose(0, 3, 1, 2)
    assert Desc.like(view) == Desc.channels_last((2, 3, 4, 5), F32)
    assert Desc.like(view).form == (60, 1, 15, 3)
    assert Desc.plain((2, 3), "float32").form is None
    assert Desc.any((2, 3), F32).is_any


def test_reorder_rounds_to_bfloat16_and_back():
    values = normal((3, 40))
    narrow = Desc.plain(values.shape, ml_dtypes.bfloat16)
    made = run(reorder.reorder(Desc.like(values), narrow), src=values)["dst"]
    np.testing.assert_array_equal(made, values.astype(ml_dtypes.bfloat16))
    wide = run(reorder.reorder(narrow, Desc.like(values)), src=made)["dst"]
    np.testing.assert_array_equal(wide, made.astype(F32))


def test_strided_views_are_read_and_written_in_place():
    whole = normal((6, 8))
    part = whole[1:5, 2:7]
    target = np.zeros((9, 9), F32)
    plan = reorder.reorder(Desc.like(part), Desc.plain((4, 5), F32, (9, 1)))
    plan(part, target[3:7, 1:6])
    np.testing.assert_array_equal(target[3:7, 1:6], part)
    assert np.count_nonzero(target) == part.size


def test_what_has_no_descriptor_is_refused():
    with pytest.raises(Unsupported, match=r"strides \(-4,\) of a float32"):
        Desc.like(normal((4,))[::-1])
    with pytest.raises(Unsupported, match="float64"):
        eltwise.forward(Desc.plain((4,), np.float64), "relu")
    with pytest.raises(Unsupported, match="aBcd7b"):
        md_of(Desc.blocked((1, 7, 2, 2), F32, Layout.parse("aBcd7b")))
    with pytest.raises(ValueError, match=r"shapes must agree; got \(2,\) and \(3,\)"):
        reorder.reorder(Desc.plain((2,), F32), Desc.plain((3,), F32))


def test_plans_are_kept_and_refusals_are_remembered():
    x, w = Desc.any((1, 16, 8, 8), F32), Desc.any((16, 16, 3, 3), F32)
    assert convolution.forward(x, w, padding=1) is convolution.forward(x, w, padding=1)
    assert convolution.forward(x, w, padding=1) is not convolution.forward(x, w)
    refusals = []
    for _ in range(2):
        with pytest.raises(Unsupported) as caught:
            eltwise.forward(Desc.plain((4,), np.float64), "relu")
        refusals.append(caught.value)
    assert refusals[0] is refusals[1]


def test_bound_call_and_given_scratchpad():
    a, b, out = normal((8, 16)), normal((16, 4), 1), np.zeros((8, 4), F32)
    plan = matmul.matmul(Desc.like(a), Desc.like(b))
    expected = a.astype(np.float64) @ b
    plan(a, b, out, np.empty(plan.scratchpad_bytes, np.uint8))
    close(out, expected)
    out[...] = 0
    call = plan.bind(a, b, out)
    call()
    close(out, expected)
    a *= 2
    call()
    close(out, 2 * expected)


def test_one_plan_runs_from_many_threads_at_once():
    shape = (64, 64)
    plan = binary.binary("add", Desc.plain(shape, F32), Desc.plain(shape, F32))
    wrong: list[int] = []

    def work(number: int) -> None:
        left, right = np.full(shape, number, F32), np.full(shape, 1, F32)
        out = np.empty(shape, F32)
        for _ in range(300):
            out.fill(0)
            plan(left, right, out)
            if not (out == number + 1).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_threads_can_be_set_and_plans_are_built_anew():
    before = library.get_threads()
    x = Desc.plain((4, 4), F32)
    plan = eltwise.forward(x, "relu")
    try:
        library.set_threads(1 if before > 1 else 2)
        assert library.get_threads() != before
        assert eltwise.forward(x, "relu") is not plan
    finally:
        library.set_threads(before)


def test_a_library_that_is_not_there_is_explained(tmp_path):
    library.use_path(str(tmp_path / "libdnnl.so.3"))
    try:
        assert not library.available()
        assert "libdnnl.so.3" in library.why_not()
    finally:
        library.use_path("")
    assert library.available()
    assert library.why_not() == ""
    assert library.version().startswith("3.")


def test_zero_sized_arrays_run():
    empty = Desc.plain((0, 4), F32)
    made = run(eltwise.forward(empty, "relu"), src=np.empty((0, 4), F32))["dst"]
    assert made.shape == (0, 4)

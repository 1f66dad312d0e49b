"""Multi-head attention against PyTorch's."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

COVERS = ("tengen.functional.nn.multi_head_attention",)

rng = np.random.default_rng(23)
N, L, S, E, HEADS = 2, 3, 5, 8, 4


def draw(*shape):
    return rng.standard_normal(shape)


def reference(kdim, vdim, **more):
    """PyTorch's function on our row of weights, which are (in, out)."""

    def run(q, k, v, flat, weights=False):
        cut, place = [], 0
        for shape in ((E, E), (kdim, E), (vdim, E), (E, E), (E,), (E,), (E,), (E,)):
            count = int(np.prod(shape))
            cut.append(flat[0, place : place + count].reshape(shape))
            place += count
        wq, wk, wv, wo, *biases = cut
        y, attention = torch.nn.functional.multi_head_attention_forward(
            q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1), E, HEADS, None,
            torch.cat(biases[:3]), None, None, more.get("zero", False), 0.0, wo.T, biases[3],
            use_separate_proj_weight=True, q_proj_weight=wq.T, k_proj_weight=wk.T,
            v_proj_weight=wv.T, attn_mask=more.get("attn_mask"),
            key_padding_mask=more.get("padding"), average_attn_weights=more.get("average", False),
        )  # fmt: skip
        return attention if weights else y.transpose(0, 1)

    return run


def ours(**more):
    def run(q, k, v, flat):
        return F.multi_head_attention(
            q,
            k,
            v,
            E,
            HEADS,
            0.0,
            0.0,
            flat,
            qbias=True,
            kbias=True,
            vbias=True,
            obias=True,
            **more,
        )[0]

    return run


def operands(kdim=E, vdim=E):
    count = (E + kdim + vdim + E) * E + 4 * E
    return draw(N, L, E), draw(N, S, kdim), draw(N, S, vdim), draw(1, count)


def test_signature():
    check_signature(COVERS[0])


@pytest.mark.parametrize("kdim, vdim", [(E, E), (6, 7)])
def test_without_a_mask(kdim, vdim):
    check(ours(), reference(kdim, vdim), *operands(kdim, vdim))


def test_masks_hide_or_are_added():
    hidden = rng.random((L, S)) < 0.3
    added = draw(N * HEADS, L, S)
    padding = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 1]], bool)
    for mask in (hidden, added):
        theirs = reference(E, E, attn_mask=torch.tensor(mask))
        check(ours(attn_mask=Tensor(mask, dtype=mask.dtype)), theirs, *operands())
    theirs = reference(E, E, padding=torch.tensor(padding))
    check(ours(key_padding_mask=Tensor(padding)), theirs, *operands())
    both = {"attn_mask": Tensor(added, dtype="float64"), "key_padding_mask": Tensor(padding)}
    floats = torch.where(torch.tensor(padding), -torch.inf, 0.0).double()
    theirs = reference(E, E, attn_mask=torch.tensor(added), padding=floats)
    check(ours(**both), theirs, *operands())


def test_causal():
    q, _, _, flat = operands()
    later = torch.triu(torch.ones(L, L, dtype=torch.bool), 1)
    check(ours(is_causal=True), reference(E, E, attn_mask=later), q, q, q, flat)


def test_masks_as_intervals_of_keys():
    start, end, lengths = [0, 1, 0], [2, 5, 3], [4, 5]
    place = np.arange(S)
    hidden = (place < np.array(start)[:, None]) | (place >= np.array(end)[:, None])
    padding = place >= np.array(lengths)[:, None]
    got = ours(
        attn_mask=Tensor([start, end]), key_padding_mask=Tensor([[L, L], lengths]),
        maybe_cudnn_style_mask=True,
    )  # fmt: skip
    theirs = reference(E, E, attn_mask=torch.tensor(hidden), padding=torch.tensor(padding))
    check(got, theirs, *operands())


def test_a_row_of_zeros_and_the_input_added():
    check(ours(add_zero_attn=True), reference(E, E, zero=True), *operands())
    plain = reference(E, E)
    check(ours(reslink=True), lambda q, k, v, w: plain(q, k, v, w) + q, *operands())


def test_bias_rows_of_keys_and_values():
    q, k, v, flat = operands()
    rows = [draw(1, 1, E) for _ in range(2)]
    y, attention = F.multi_head_attention(
        *[Tensor(a) for a in (q, k, v)], E, HEADS, 0.0, 0.0, Tensor(flat), qbias=True, kbias=True,
        vbias=True, obias=True, bias_k=Tensor(rows[0]), bias_v=Tensor(rows[1]), need_weights=True,
    )  # fmt: skip
    assert y.shape == (N, L, E) and attention.shape == (N * HEADS, L, S + 1)
    np.testing.assert_allclose(attention.numpy().sum(-1), 1, rtol=1e-5)


def test_weights_and_dropout():
    arrays = operands()
    q, k, v, flat = (Tensor(a) for a in arrays)
    full = {"qbias": True, "kbias": True, "vbias": True, "obias": True, "need_weights": True}
    with torch.no_grad():
        want = reference(E, E, average=True)(*[torch.tensor(a) for a in arrays], weights=True)
    got = F.multi_head_attention(
        q, k, v, E, HEADS, 0.0, 0.0, flat, average_attn_weights=True, **full
    )[1]
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-4, atol=1e-6)
    kept = F.multi_head_attention(q, k, v, E, HEADS, 0.5, 0.5, flat, training=False, **full)
    np.testing.assert_array_equal(
        kept[0].numpy(),
        F.multi_head_attention(q, k, v, E, HEADS, 0.0, 0.0, flat, **full)[0].numpy(),
    )
    dropped = F.multi_head_attention(q, k, v, E, HEADS, 0.0, 0.5, flat, **full)[0].numpy()
    assert 0 < (dropped == 0).mean() < 1


def test_projections_left_out():
    """Without projections every head sees the whole of query, key and value."""

    def theirs(q, k, v):
        y = torch.softmax(q @ k.transpose(1, 2) * E**-0.5, -1) @ v
        return y.repeat(1, 1, HEADS)

    def run(q, k, v):
        none = {"qproj_size": 0, "kproj_size": 0, "vproj_size": 0, "oproj_size": 0}
        return F.multi_head_attention(q, k, v, E, HEADS, 0.0, 0.0, None, **none)[0]

    check(run, theirs, draw(N, L, E), draw(N, S, E), draw(N, S, E))


@pytest.mark.parametrize("causal", (False, True))
def test_scaled_dot_product_attention(causal):
    function = torch.nn.functional.scaled_dot_product_attention
    for queries, keys in ((6, 6), (40, 40)) if causal else ((6, 5), (40, 70)):
        arrays = draw(2, 3, queries, 16), draw(2, 3, keys, 16), draw(2, 3, keys, 8)
        check(
            lambda q, k, v: F.nn.scaled_dot_product_attention(q, k, v, is_causal=causal),
            lambda q, k, v: function(q, k, v, is_causal=causal),
            *arrays,
        )
    keep = rng.random((40, 70)) < 0.7
    arrays = draw(2, 3, 40, 16), draw(2, 3, 70, 16), draw(2, 3, 70, 8)
    check(
        lambda q, k, v: F.nn.scaled_dot_product_attention(q, k, v, Tensor(keep), scale=0.3),
        lambda q, k, v: function(q, k, v, torch.tensor(keep), scale=0.3),
        *arrays,
    )


def test_attention_of_operands_that_are_views():
    qkv = draw(2, 24, 3, 4, 16)
    function = torch.nn.functional.scaled_dot_product_attention

    def ours(x):
        q, k, v = F.transpose(x, (2, 0, 3, 1, 4))
        return F.nn.scaled_dot_product_attention(q, k, v, is_causal=True)

    check(ours, lambda x: function(*x.permute(2, 0, 3, 1, 4), is_causal=True), qkv)


def test_attention_dropout_and_wrong_operands():
    q = Tensor(draw(1, 2, 8, 4))
    ones = Tensor(np.ones((1, 2, 8, 4)))
    kept = F.nn.scaled_dot_product_attention(q, q, ones, dropout_p=0.5).numpy()
    assert not np.allclose(kept, 1)
    assert F.nn.scaled_dot_product_attention(q, q, ones).numpy() == pytest.approx(1, abs=1e-5)
    with pytest.raises(ShapeError, match=r"query must be \(B, heads, T, d\)"):
        F.nn.scaled_dot_product_attention(q[0], q, q)
    with pytest.raises(ShapeError, match=r"k \(B, H, S, d\) and v \(B, H, S, e\) are needed"):
        F.nn.scaled_dot_product_attention(q, q[:, :, :, :2], q)


def test_bad_arguments():
    q, k, v, flat = (Tensor(a) for a in operands())
    with pytest.raises(ShapeError, match="io_weight_bias must hold"):
        F.multi_head_attention(q, k, v, E, HEADS, 0.0, 0.0, flat[:, :9])
    with pytest.raises(ShapeError, match="3 heads must divide"):
        F.multi_head_attention(q, k, v, E, 3, 0.0, 0.0, flat)
    with pytest.raises(ShapeError, match="are needed; got"):
        F.multi_head_attention(q, k, v[:, :2], E, HEADS, 0.0, 0.0, flat)
    with pytest.raises(ArgumentError, match="masks are bool or float"):
        F.multi_head_attention(
            q, k, v, E, HEADS, 0.0, 0.0, flat, attn_mask=Tensor(np.zeros((L, S), "int32"))
        )

"""Single operators, family by family: imported, they give PyTorch's values and gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tengen as tg  # noqa: E402
from tengen.interop import from_torch  # noqa: E402
from tests.engine.interop.beside_torch import close, scalar_of_ours, scalar_of_torch  # noqa: E402

F = torch.nn.functional


def x():
    """The float input of most cases."""
    return torch.randn(2, 4, 6, 6, dtype=torch.float64)


FAMILIES = {
    "arithmetic": lambda x, y: [
        x + y, x - 2 * y, 3 - x, x * y, x / y, (x // y).detach(), x % y, torch.fmod(x, y),
        x**3, y**x,
        2.0**x, -x, torch.addcmul(x, y, y, value=0.5), torch.addcdiv(x, x, y),
        torch.lerp(x, y, 0.3),
        torch.div(x, y, rounding_mode="trunc").detach(),
        torch.div(x, y, rounding_mode="floor").detach(),
        torch.maximum(x, y), torch.minimum(x, y), torch.atan2(x, y), torch.logaddexp(x, y),
        x.clamp(-0.5, 0.5), x.clamp(min=0.1), torch.clamp(x, y - 1, y), torch.where(x > 0, x, y),
        x.masked_fill(x > 1, -2.0), torch.rsub(x, y, alpha=2), torch.add(x, y, alpha=3),
        torch.nan_to_num(torch.log(x.detach()), nan=0.5),
    ],
    "functions": lambda x, y: [
        x.exp(), x.expm1(), y.log(), y.log1p(), y.log2(), y.log10(), x.exp2(), x.sin(), x.cos(),
        x.tan(), x.sinh(), x.cosh(), x.tanh(), x.atan(), x.asinh(), y.sqrt(), y.rsqrt(),
        y.reciprocal(), x.erf(), torch.erfc(x), x.abs(), x.sign(), x.floor(), x.ceil(), x.round(),
        x.trunc(), x.frac(), x.square(), x.sigmoid(), (x / 9).asin(), (x / 9).acos(),
        (x / 9).atanh(), (y + 1).acosh(),
    ],
    "activations": lambda x, y: [
        F.relu(x), F.relu6(x * 4), F.leaky_relu(x, 0.2), F.elu(x, 0.7), F.selu(x), F.celu(x, 1.3),
        F.gelu(x), F.gelu(x, approximate="tanh"), F.silu(x), F.mish(x), F.softplus(x, 2.0),
        F.softsign(x), F.logsigmoid(x), F.hardtanh(x), F.threshold(x, 0.1, -1.0), F.glu(x, 1),
        F.hardshrink(x, 0.3), F.softshrink(x, 0.3), F.prelu(x, y[0, :, 0, 0]), F.softmax(x, 1),
        F.log_softmax(x, -1), F.tanhshrink(x), F.softmin(x, 1), F.normalize(x, dim=1),
    ],
    "arrangement": lambda x, y: [
        x.flatten(1), x.reshape(2, -1), x.permute(0, 2, 3, 1), x.transpose(1, 2),
        x.mT, x[:, :1].expand(-1, 3, -1, -1),
        x[:, :1].squeeze(1), x.unsqueeze(-1), torch.cat([x, y], 2), torch.stack([x, y], 1),
        *x.split(2, 1), *x.split([1, 3], 1), *x.chunk(3, 2), *torch.tensor_split(x, 4, 2),
        *x.unbind(1), x.repeat(1, 2, 1, 1), torch.tile(x, (2, 1)), x.repeat_interleave(2, 1),
        torch.roll(x, (1, -2), (2, 3)), x.flip([1, 3]), F.pixel_shuffle(x, 2),
        F.pixel_unshuffle(x, 2), x.movedim(1, -1), x.unflatten(2, (2, 3)),
        x.diagonal(0, 2, 3), x.to(torch.float32).to(torch.float64), x.tril(1), x.triu(-1),
        F.channel_shuffle(x, 2), x.narrow(1, 1, 2), torch.rot90(x, 1, (2, 3)),
    ],
    "reductions": lambda x, y: [
        x.sum(), x.sum((1, 2)), x.mean(1, keepdim=True), x.prod(1), y.prod(), x.var(1),
        x.var((2, 3), correction=0), x.std(2), x.amax((2, 3)), x.amin(1, keepdim=True), x.max(),
        x.min(), x.max(1).values, x.min(2, keepdim=True).values, x.logsumexp(1), x.norm(),
        torch.linalg.vector_norm(x, 1, (2, 3)), x.cumsum(1), x.sort(-1).values,
        x.sort(1, descending=True).values, x.topk(3, 1).values, x.argmax(1), x.argmin(),
        x.topk(2, 3, largest=False).indices, x.argsort(2), (x > 0).any(1), (x > 0).all(),
        (x > 0).sum(1), *torch.var_mean(x, 1), *torch.aminmax(x),
    ],
    "indexing": lambda x, y: [
        x[:, 1], x[..., ::2, 1:-1], x[:, [0, 2]], x[:, torch.tensor([3, 1, 1])],
        x[torch.tensor([1, 0]), torch.tensor([2, 3])], x.index_select(2, torch.tensor([5, 0])),
        x.gather(1, torch.argsort(y, 1)), x.scatter(1, torch.argsort(y, 1), y),
        x.scatter_add(1, torch.argsort(y, 1)[:, :2], y[:, :2]),
        x.index_add(1, torch.tensor([0, 0, 3]), y[:, :3]),
        torch.select_scatter(x, y[:, 0], 1, 2), torch.slice_scatter(x, y[:, :2], 1, 1, 3),
        torch.index_put(x, (torch.tensor([0, 1]), torch.tensor([1, 2])), y[0, :2]),
        torch.index_put(x, (torch.tensor([1, 1]),), y, accumulate=True),
        torch.bucketize(x, torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)),
        torch.take_along_dim(x, torch.argsort(y, 1), 1),
    ],
    "convolution and pooling": lambda x, y: [
        F.conv2d(x, y[:, :, :3, :3], stride=2, padding=1), F.conv2d(x, y[:, :2, :2, :3], groups=2),
        F.conv2d(x, y[:, :, :3, :1], padding="same"), F.conv2d(x, y[:, :, :3, :2], dilation=2),
        F.conv1d(x[:, :, 0], y[:, :, :2, 0], y[0, :2, 0, 0]), F.conv2d(x[0], y[:, :, :3, :3]),
        F.conv3d(x[:, :2, None], y[:, :2, None, :3, :3]),
        F.conv_transpose2d(x[:, :2], y[:, :, :3, :3], stride=2, padding=1, output_padding=1),
        F.conv_transpose2d(x, torch.cat([y, y])[:, :2, :2, :2], groups=2),
        F.conv_transpose1d(x[:, :2, 0], y[:, :, :3, 0], y[0, :, 0, 0], stride=2),
        F.max_pool2d(x, 3, 2, 1), F.max_pool2d(x, 2, 2, ceil_mode=True),
        F.max_pool2d(x[..., :5], 2, ceil_mode=True), F.max_pool2d(x, 2, dilation=2),
        F.avg_pool2d(x, 3, 2, 1), F.avg_pool2d(x[..., :5], 2, ceil_mode=True),
        F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), F.avg_pool2d(x, 2, divisor_override=3),
        F.max_pool1d(x[:, :, 0], 3, 1), F.avg_pool1d(x[:, :, 0], 2), F.max_pool3d(x, 2),
        F.adaptive_avg_pool2d(x, (3, 2)), F.adaptive_avg_pool2d(x, (4, 5)),
        F.adaptive_avg_pool1d(x[:, :, 0], 4), F.lp_pool2d(y, 2, 2), F.unfold(x, 2)[:, :2],
    ],
    "padding and resizing": lambda x, y: [
        F.pad(x, (1, 2)), F.pad(x, (1, 0, 2, 1), value=0.5), F.pad(x, (-1, 1)),
        F.pad(x, (1, 2, 2, 1), mode="reflect"), F.pad(x, (2, 1, 1, 1), mode="replicate"),
        F.pad(x, (1, 2, 2, 1), mode="circular"),
        F.interpolate(x, scale_factor=2, mode="nearest"), F.interpolate(x, (4, 9), mode="nearest"),
        F.interpolate(x, scale_factor=2, mode="bilinear"),
        F.interpolate(x, scale_factor=1.7, mode="bilinear"),
        F.interpolate(x, (5, 8), mode="bilinear", align_corners=True),
        F.interpolate(x, (9, 4), mode="bicubic"), F.interpolate(x, (9, 7), mode="nearest-exact"),
        F.interpolate(x, (4, 4), mode="bilinear", antialias=True),
        F.interpolate(x, (3, 4), mode="bicubic", antialias=True),
        F.interpolate(x[:, :, 0], 9, mode="linear"), F.interpolate(x[:, None], (2, 5, 8),
        mode="trilinear"),
    ],
    "normalisation and losses": lambda x, y: [
        F.layer_norm(x, (6,)), F.layer_norm(x, (6, 6), y[0, 0], y[0, 1]), F.group_norm(x, 2),
        F.group_norm(x, 2, y[0, :, 0, 0], y[0, :, 0, 1]), F.instance_norm(x), F.rms_norm(x, (6,),
        y[0, 0, 0]),
        F.batch_norm(x, None, None, training=True), F.local_response_norm(x, 3),
        F.cross_entropy(x, torch.argmax(y, 1)), F.cross_entropy(x, torch.softmax(y, 1)),
        F.cross_entropy(x, torch.argmax(y, 1), y[0, :, 0, 0].detach(), label_smoothing=0.1),
        F.cross_entropy(x, torch.argmax(y, 1), ignore_index=2, reduction="sum"),
        F.nll_loss(x, torch.argmax(y, 1)), F.mse_loss(x, y), F.l1_loss(x, y, reduction="sum"),
        F.smooth_l1_loss(x, y, beta=0.5), F.huber_loss(x, y), F.kl_div(x, torch.softmax(y, 1),
        reduction="batchmean"),
        F.binary_cross_entropy(torch.sigmoid(x), torch.sigmoid(y)), F.cosine_similarity(x, y),
        F.binary_cross_entropy_with_logits(x, torch.sigmoid(y), pos_weight=y[0, 0, 0].detach()),
    ],
    "products": lambda x, y: [
        x @ y, x[0, 0] @ y[0, 0, 0], torch.mm(x[0, 0], y[0, 0]), torch.bmm(x[0], y[0]),
        torch.einsum("bchw,bcwk->bhk", x, y), torch.outer(x[0, 0, 0], y[0, 0, 0]),
        torch.addmm(x[0, 0], x[0, 1], y[0, 0], beta=0.5, alpha=2), torch.kron(x[0, 0], y[0, 0]),
        F.linear(x, y[0, 0], y[0, 0, 0]), F.scaled_dot_product_attention(x, y, x),
        F.scaled_dot_product_attention(x, y[:, :, :4], x[:, :, :4], is_causal=True),
        F.scaled_dot_product_attention(x[0], y[0], x[0], attn_mask=x[0, 0] > 0),
        F.scaled_dot_product_attention(x, y, x, attn_mask=y[0, 0], scale=0.3),
        F.scaled_dot_product_attention(x, y[:, :2], x[:, :2], enable_gqa=True),
    ],
    "making": lambda x, y: [
        x + torch.arange(6), x * torch.linspace(0, 1, 6), x + torch.eye(6), torch.zeros_like(x),
        torch.ones(x.shape[0], 3) * 2, x.new_full((2,), 3.5), torch.full((2, 2), 7),
        F.one_hot(torch.argmax(x, 1), 4), torch.tril(torch.ones(6, 6, dtype=torch.bool)),
        *torch.meshgrid(torch.arange(3), torch.arange(2), indexing="xy"), torch.scalar_tensor(2.5),
        torch.isnan(x), torch.isfinite(x), ~(x > 0), (x > 0) & (y > 1), (x > 0) ^ (y > 1),
        torch.logical_or(x > 0, y > 1), (x * 5).int() & 3, (x * 9).long() % 4, (x * 9).long() // 2,
        torch.arange(1, 9, 2) ** 2, x.size(0) * torch.ones(2), (x > 0).nonzero()[:3],
    ],
}  # fmt: skip


class Family(torch.nn.Module):
    """All cases of one family as one module."""

    def __init__(self, cases):
        super().__init__()
        self.cases = cases

    def forward(self, x, y):
        return self.cases(x, y)


@pytest.mark.parametrize("name", FAMILIES)
def test_values_and_gradients(name):
    torch.manual_seed(4)
    module = Family(FAMILIES[name])
    a, b = x().requires_grad_(), (x().abs() + 0.2).requires_grad_()
    want = module(a, b)
    scalar_of_torch(want).backward()
    ours = from_torch(module, a.detach(), b.detach())
    tensors = [tg.Tensor(v.detach().numpy(), dtype="float64") for v in (a, b)]
    gm = tg.autodiff.GradManager().attach(tensors)
    with gm:
        got = ours(*tensors)
        gm.backward(scalar_of_ours(got))
    for number, (g, w) in enumerate(zip(got, want, strict=True)):
        w = w.detach().numpy()
        assert g.shape == w.shape, number
        assert g.dtype == w.dtype, number
        # float32 only where the case says so
        if w.dtype == bool:
            np.testing.assert_array_equal(g.numpy(), w)
            continue
        close(g.numpy(), w, 1e-11 if w.dtype != np.float32 else 1e-6, f"{name} {number}")
    for tensor, leaf in zip(tensors, (a, b), strict=True):
        if leaf.grad is not None:
            close(tensor.grad.numpy(), leaf.grad.numpy(), 1e-6, name)

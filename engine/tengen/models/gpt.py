"""GPT: a decoder-only transformer for text (Radford et al., 2019), in the form of GPT-2."""

import dataclasses
import math
from typing import Any

from .. import functional as F
from .. import module as M
from ..base.errors import ShapeError
from ..module import init
from ..ops.gelu_tanh import gelu_tanh


@dataclasses.dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT: words, context, layers, heads, width; dropout; biases or none."""

    vocab_size: int = 50304
    block_size: int = 256
    layers: int = 6
    heads: int = 6
    width: int = 384
    drop_prob: float = 0.0
    bias: bool = True


class CausalSelfAttention(M.Module):
    """Attention of every position over itself and those before it: (B, T, C) to (B, T, C)."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.heads = config.heads
        self.qkv = M.Linear(config.width, 3 * config.width, bias=config.bias)
        self.proj = M.Linear(config.width, config.width, bias=config.bias)
        self.drop_prob = config.drop_prob

    def forward(self, x: Any) -> Any:
        b, t, c = x.shape
        head = c // self.heads
        qkv = F.reshape(self.qkv(x), (b, t, 3, self.heads, head))
        parts = F.split(F.transpose(qkv, (2, 0, 3, 1, 4)), 3)
        q, k, v = (F.squeeze(part, 0) for part in parts)  # each (B, heads, T, head)
        drop = self.drop_prob if self.training else 0.0
        y = F.nn.scaled_dot_product_attention(q, k, v, dropout_p=drop, is_causal=True)
        return self.proj(F.reshape(F.transpose(y, (0, 2, 1, 3)), (b, t, c)))


class MLP(M.Module):
    """Four times wider, gelu, and back: (B, T, C) to (B, T, C)."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.fc = M.Linear(config.width, 4 * config.width, bias=config.bias)
        self.proj = M.Linear(4 * config.width, config.width, bias=config.bias)

    def forward(self, x: Any) -> Any:
        return self.proj(gelu_tanh(self.fc(x)))


class Block(M.Module):
    """Attention and MLP, each on the normalised input and added to it."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.ln1 = M.LayerNorm(config.width)
        self.attn = CausalSelfAttention(config)
        self.ln2 = M.LayerNorm(config.width)
        self.mlp = MLP(config)
        self.drop = M.Dropout(config.drop_prob)

    def forward(self, x: Any) -> Any:
        x = x + self.drop(self.attn(self.ln1(x)))
        return x + self.drop(self.mlp(self.ln2(x)))


class GPT(M.Module):
    """Word numbers (B, T) to logits of the next word (B, T, vocab_size); T is at most
    `config.block_size`. The head has weights of its own."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.wte = M.Embedding(config.vocab_size, config.width)
        self.wpe = M.Embedding(config.block_size, config.width)
        self.drop = M.Dropout(config.drop_prob)
        self.blocks = [Block(config) for _ in range(config.layers)]
        self.ln = M.LayerNorm(config.width)
        self.head = M.Linear(config.width, config.vocab_size, bias=False)
        narrow = 0.02 / math.sqrt(2 * config.layers)
        for name, param in self.named_parameters():
            if name.endswith("proj.weight"):
                init.normal_(param, 0.0, narrow)
            elif name.endswith("weight") and ".ln" not in f".{name}":
                init.normal_(param, 0.0, 0.02)

    def forward(self, tokens: Any) -> Any:
        t = tokens.shape[1]
        if t > self.config.block_size:
            raise ShapeError(
                f"[GPT] at most {self.config.block_size} positions; got tokens of {tokens.shape}"
            )
        places = F.arange(t, dtype="int32", device=tokens.device)
        x = self.drop(self.wte(tokens) + self.wpe(places))  # (B, T, C)
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln(x))


def gpt(**sizes: Any) -> GPT:
    """A GPT of the given sizes (see GPTConfig); 6 layers of width 384 by default."""
    return GPT(GPTConfig(**sizes))

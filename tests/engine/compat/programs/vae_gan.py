"""A variational autoencoder against a critic: two optimizers, sampling, and detached values.

The data are points on a circle in eight dimensions. The autoencoder learns to rebuild them
through two latent numbers; the critic learns to tell points from rebuilt ones.
"""

import json

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np
from megengine import Parameter, Tensor
from megengine.autodiff import GradManager
from megengine.optimizer import Adam
from megengine.random import normal, uniform


class Encoder(M.Module):
    def __init__(self, dims, hidden, latent):
        super().__init__()
        self.body = M.Sequential(M.Linear(dims, hidden), M.LeakyReLU(0.1))
        self.mean = M.Linear(hidden, latent)
        self.logvar = M.Linear(hidden, latent)

    def forward(self, x):
        h = self.body(x)
        return self.mean(h), self.logvar(h)


class Decoder(M.Module):
    def __init__(self, latent, hidden, dims):
        super().__init__()
        self.body = M.Sequential(M.Linear(latent, hidden), M.SiLU(), M.Linear(hidden, dims))
        self.scale = Parameter(np.ones((1, dims), dtype=np.float32))

    def forward(self, z):
        return F.tanh(self.body(z)) * self.scale


class Critic(M.Module):
    def __init__(self, dims, hidden):
        super().__init__()
        self.fc1 = M.Linear(dims, hidden)
        self.ln = M.LayerNorm(hidden)
        self.drop = M.Dropout(0.1)
        self.fc2 = M.Linear(hidden, 1)

    def forward(self, x):
        return self.fc2(self.drop(F.leaky_relu(self.ln(self.fc1(x)), 0.2)))


def points(count, mix):
    angle = uniform(low=0, high=2 * np.pi, size=(count, 1))
    return F.matmul(F.concat([F.cos(angle), F.sin(angle)], axis=1), mix)


def main():
    mge.random.seed(11)
    mix = F.normalize(normal(size=(2, 8)), axis=1)
    encoder, decoder, critic = Encoder(8, 32, 2), Decoder(2, 32, 8), Critic(8, 32)
    generator_params = list(encoder.parameters()) + list(decoder.parameters())
    gm_g = GradManager().attach(generator_params)
    gm_d = GradManager().attach(critic.parameters())
    opt_g = Adam(generator_params, lr=3e-3, betas=(0.5, 0.999))
    opt_d = Adam([{"params": critic.parameters(), "lr": 1e-3}], lr=1e-2, weight_decay=1e-4)

    rebuilt_losses, critic_losses = [], []
    for _ in range(300):
        x = points(64, mix)
        real, fake = F.ones((64, 1)), F.zeros((64, 1))
        with gm_g:
            mean, logvar = encoder(x)
            z = mean + F.exp(0.5 * logvar) * normal(size=mean.shape)
            y = decoder(z)
            rebuilt = F.nn.square_loss(y, x)
            kl = -0.5 * F.mean(1 + logvar - mean**2 - F.exp(logvar))
            fooled = F.nn.binary_cross_entropy(critic(y), real)
            gm_g.backward(rebuilt + 0.003 * kl + 0.003 * fooled)
        opt_g.step()
        opt_g.clear_grad()

        gm_d.record()
        told = F.nn.binary_cross_entropy(critic(x), real)
        told = told + F.nn.binary_cross_entropy(critic(y.detach()), fake)
        gm_d.backward(told)
        opt_d.step().clear_grad()
        rebuilt_losses.append(float(rebuilt))
        critic_losses.append(told.item())

    decoder.eval()
    drawn = decoder(normal(0, 1, (256, 2)))
    assert isinstance(drawn, Tensor) and not np.isnan(drawn.numpy()).any()
    print(json.dumps({
        "first": rebuilt_losses[0], "last": float(np.mean(rebuilt_losses[-10:])),
        "score": 1.0 - float(np.mean(rebuilt_losses[-10:])) / rebuilt_losses[0],
        "critic": float(np.mean(critic_losses[-10:])),
    }))  # fmt: skip


if __name__ == "__main__":
    main()

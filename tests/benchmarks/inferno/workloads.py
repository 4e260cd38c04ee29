"""The three-layer network of the benchmarks, for this package and for the reference alike."""

from typing import Any

import torch
from torch import Tensor

import inferno
from inferno import functional, learn, neural

STEPS = 50


class Model(inferno.Module):
    """Excitatory neurons that inhibit each other through a second group."""

    def __init__(self, size: int, batch: int) -> None:
        inferno.Module.__init__(self)
        delta = neural.DeltaCurrent.partialconstructor
        exc = neural.ALIF(
            (size,), 1.0, rest_v=-65.0, reset_v=-60.0, thresh_eq_v=-52.0, refrac_t=5.0,
            tc_membrane=100.0, tc_adaptation=1e7, spike_increment=0.05, batch_size=batch,
        )  # fmt: skip
        inh = neural.LIF(
            (size,), 1.0, rest_v=-60.0, reset_v=-45.0, thresh_v=-40.0, refrac_t=2.0,
            time_constant=75.0, batch_size=batch,
        )  # fmt: skip
        enc2exc = neural.LinearDense(
            (28, 28), (size,), 1.0, synapse=delta(100.0), batch_size=batch,
            weight_init=lambda x: inferno.rescale(inferno.uniform(x), 0.0, 0.3),
        )  # fmt: skip
        inh2exc = neural.LinearLateral(
            (size,), 1.0, synapse=delta(100.0), batch_size=batch,
            weight_init=lambda x: inferno.full(x, -180.0),
        )  # fmt: skip
        exc2inh = neural.LinearDirect(
            (size,), 1.0, synapse=delta(75.0), batch_size=batch,
            weight_init=lambda x: inferno.full(x, 22.5),
        )  # fmt: skip
        self.feedfwd = neural.Serial(enc2exc, exc)
        self.inhibit = neural.Serial(inh2exc, exc)
        self.trigger = neural.Serial(exc2inh, inh)

    def forward(self, inputs: Tensor, trainer: Any = None) -> Tensor:
        """Runs the steps of a batch."""

        def clear(module: torch.nn.Module) -> None:
            if isinstance(module, neural.Neuron | neural.Connection):
                module.clear()

        def step(x: Tensor) -> Tensor:
            out = self.feedfwd(x)
            self.inhibit(self.trigger(out))
            if self.training and trainer:
                trainer()
                self.feedfwd.connection.update()
            return out

        spikes = torch.stack([step(x) for x in inputs], dim=0)
        self.apply(clear)
        return spikes


class Run:
    """One workload, ready to be called again and again.

    Args:
        kind: "train", "eval", "encode" or, for one step of neurons alone, "neurons".
        size: number of neurons.
        batch: number of samples.
    """

    def __init__(self, kind: str, size: int, batch: int) -> None:
        torch.manual_seed(0)
        self.kind = kind
        if kind == "neurons":
            self.neurons = neural.LIF(
                (size,), 1.0, rest_v=-60.0, reset_v=-65.0, thresh_v=-50.0, refrac_t=2.0,
                time_constant=20.0, batch_size=batch,
            )  # fmt: skip
            self.currents = torch.rand(batch, size) * 30
            return
        self.images = torch.rand(batch, 28, 28)
        self.images *= self.images > 0.8
        self.encoder = neural.HomogeneousPoissonEncoder(250, 1.0, frequency=128.0)
        with torch.no_grad():
            self.model = Model(size, batch)
            self.hooks = self._hooks()
            self.trains = self.encoder(self.images)[:STEPS]
        self.model.train(kind == "train")
        self.trainer.train(kind == "train")

    def _hooks(self) -> tuple[Any, ...]:
        model, connection = self.model, self.model.feedfwd.connection
        norm = neural.Normalization(
            model, "feedfwd.connection.weight", order=1, scale=78.4, dim=-1, eval_update=False
        )
        norm.register()
        norm()
        self.trainer = learn.STDP(lr_post=5e-4, lr_pre=-5e-6, tc_post=30.0, tc_pre=30.0)
        connection.updater = connection.defaultupdater()
        self.trainer.register_cell("feedfwd", model.feedfwd.cell)
        clamp = neural.Clamping(connection.updater, "parent.weight", min=0.0)
        clamp.register()
        connection.updater.weight.upperbound(functional.bound_upper_multiplicative, 1.0)
        return norm, clamp

    @torch.no_grad()
    def __call__(self) -> None:
        """Runs the workload once."""
        if self.kind == "neurons":
            self.neurons(self.currents)
        elif self.kind == "encode":
            self.encoder(self.images)
        else:
            self.model(self.trains, self.trainer if self.kind == "train" else None)

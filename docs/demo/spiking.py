"""Part 3: a sheet of spiking neurons that learns by spike-timing dependent plasticity."""

import inspect

import matplotlib.pyplot as plt
import torch
from digits import Digits
from matplotlib.figure import Figure
from report import Picture, Section
from torch import Tensor
from tqdm import tqdm

import inferno
from inferno import functional, learn, neural

SHAPE, STEP_TIME, BATCH = (10, 10), 1.0, 20
DELTA = neural.DeltaCurrent.partialconstructor


class Model(inferno.Module):
    """Excitatory neurons that are driven by the image and inhibit one another."""

    def __init__(self) -> None:
        inferno.Module.__init__(self)
        exc = neural.ALIF(
            SHAPE, STEP_TIME, rest_v=-65.0, reset_v=-60.0, thresh_eq_v=-52.0, refrac_t=5.0,
            tc_membrane=100.0, tc_adaptation=1e7, spike_increment=0.05, batch_size=BATCH,
        )  # fmt: skip
        inh = neural.LIF(
            SHAPE, STEP_TIME, rest_v=-60.0, reset_v=-45.0, thresh_v=-40.0, refrac_t=2.0,
            time_constant=75.0, batch_size=BATCH,
        )  # fmt: skip
        enc2exc = neural.LinearDense(
            (28, 28), SHAPE, STEP_TIME, synapse=DELTA(100.0), batch_size=BATCH,
            weight_init=lambda x: inferno.rescale(inferno.uniform(x), 0.0, 0.3),
        )  # fmt: skip
        inh2exc = neural.LinearLateral(
            SHAPE, STEP_TIME, synapse=DELTA(100.0), batch_size=BATCH,
            weight_init=lambda x: inferno.full(x, -180.0),
        )  # fmt: skip
        exc2inh = neural.LinearDirect(
            SHAPE, STEP_TIME, synapse=DELTA(75.0), batch_size=BATCH,
            weight_init=lambda x: inferno.full(x, 22.5),
        )  # fmt: skip
        self.feedfwd = neural.Serial(enc2exc, exc)
        self.inhibit = neural.Serial(inh2exc, exc)
        self.trigger = neural.Serial(exc2inh, inh)

    def forward(self, inputs: Tensor, trainer: learn.STDP | None = None) -> Tensor:
        """Spikes `[T, B, *shape]` of the excitatory neurons for input spikes `[T, B, 28, 28]`."""
        spikes = []
        for x in inputs:
            spikes.append(self.feedfwd(x))
            self.inhibit(self.trigger(spikes[-1]))
            if self.training and trainer:
                trainer()
                self.feedfwd.connection.update()
        for part in self.modules():
            if isinstance(part, neural.Neuron | neural.Connection):
                part.clear()
        return torch.stack(spikes)


def build() -> tuple[Model, learn.STDP, list[inferno.Hook]]:
    """The network, its plasticity, and the hooks that bound its weights."""
    model = Model()
    normalise = neural.Normalization(
        model, "feedfwd.connection.weight", order=1, scale=78.4, dim=-1, eval_update=False
    )
    normalise.register()
    normalise()

    trainer = learn.STDP(step_time=STEP_TIME, lr_post=5e-4, lr_pre=-5e-6, tc_post=30.0, tc_pre=30.0)
    updater = model.feedfwd.connection.defaultupdater()
    model.feedfwd.connection.updater = updater
    trainer.register_cell("feedfwd", model.feedfwd.cell)
    updater.weight.upperbound(functional.bound_upper_multiplicative, 1.0)
    clamp = neural.Clamping(updater, "parent.weight", min=0.0)
    clamp.register()
    return model, trainer, [normalise, clamp]


def train(model: Model, trainer: learn.STDP, digits: Digits) -> learn.MaxRateClassifier:
    """Show every training digit once for 250 ms; labels only name the neurons."""
    encoder = neural.HomogeneousPoissonEncoder(250, STEP_TIME, frequency=128.0)
    classifier = learn.MaxRateClassifier(SHAPE, num_classes=10, decay=1e-6)
    parts = zip(digits.train_images.split(BATCH), digits.train_labels.split(BATCH), strict=True)
    model.train(), trainer.train()
    rates, labels = [], []
    for image, label in tqdm(list(parts), desc="inferno", unit="batch"):
        rates.append(model(encoder(image), trainer).float().mean(dim=0))
        labels.append(label)
        if len(labels) == 10:
            classifier(torch.cat(rates), torch.cat(labels))
            rates, labels = [], []
    return classifier


def test(model: Model, classifier: learn.MaxRateClassifier, digits: Digits) -> float:
    """Share of test digits that the named neurons get right."""
    encoder = neural.HomogeneousPoissonEncoder(250, STEP_TIME, frequency=128.0)
    model.eval()
    parts = zip(digits.test_images.split(BATCH), digits.test_labels.split(BATCH), strict=True)
    right = 0
    for image, label in parts:
        rates = model(encoder(image)).float().mean(dim=0)
        right += int((classifier(rates, None) == label).sum())
    return right / len(digits.test_labels)


def draw_fields(model: Model) -> Figure:
    """Weights onto each neuron as an image."""
    weight = model.feedfwd.connection.weight.detach().reshape(5, 20, 28, 28)
    figure, axis = plt.subplots(figsize=(10, 2.7), layout="constrained")
    axis.imshow(weight.permute(0, 2, 1, 3).reshape(140, 560).numpy(), "inferno")
    axis.set_axis_off()
    return figure


def draw_raster(model: Model, digits: Digits) -> Figure:
    """Input and output spikes while one digit is shown."""
    encoder = neural.HomogeneousPoissonEncoder(250, STEP_TIME, frequency=128.0)
    spikes_in = encoder(digits.test_images[:BATCH])
    spikes_out = model(spikes_in)
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(10, 4.2), sharex=True, height_ratios=(1, 1.4), layout="constrained"
    )
    for axis, spikes, name, colour, size in (
        (top, spikes_in, "pixel", "#8b949e", 3),
        (bottom, spikes_out, "neuron", "#1f6f8b", 14),
    ):
        time, cell = spikes[:, 0].flatten(1).nonzero(as_tuple=True)
        axis.scatter(time * STEP_TIME, cell, s=size, color=colour, linewidths=0)
        axis.set(ylabel=name, xlim=(0, len(spikes) * STEP_TIME), ylim=(0, spikes[0, 0].numel()))
    top.set_title(f"spikes while a {digits.test_labels[0]} is shown")
    bottom.set_xlabel("time (ms)")
    return figure


@torch.no_grad()
def run(digits: Digits) -> Section:
    """Train the network and describe what it learned."""
    model, trainer, _hooks = build()
    classifier = train(model, trainer, digits)
    accuracy = test(model, classifier, digits)
    return Section(
        package="inferno",
        title="a sheet of spiking neurons learns by spike timing",
        lead="A hundred neurons with adaptive thresholds inhibit one another; spike-timing "
        "dependent plasticity shapes what drives them. Labels only name the neurons afterwards.",
        program="\n\n".join(inspect.getsource(part) for part in (Model, build, train)),
        results={
            "test accuracy": f"{accuracy:.1%}",
            "neurons": "100",
            "steps simulated": f"{250 * len(digits.train_labels) // BATCH:,}",
        },
        pictures=[
            Picture.of(
                draw_fields(model),
                "Receptive fields: one image for the weights onto each neuron. The brightest have "
                "settled on a digit; the others are still on their way.",
            ),
            Picture.of(
                draw_raster(model, digits),
                "A quarter of a second: bright pixels spike fastest, and the neuron that fits "
                "the image best keeps the others quiet.",
            ),
        ],
    )

"""A generator on a crossbar draws digits, against a digital discriminator.

The generator 64-128-256-512-784 is trained in mixed precision; the discriminator 784-256-64-1
is an ordinary network.
"""

from itertools import pairwise
from typing import Any

import torch
from common import arguments, load_mnist
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import tqdm

from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import MappingParameter
from aihwkit.simulator.presets import MixedPrecisionEcRamMOPreset

N_LATENT = 64
WIDTHS = (N_LATENT, 128, 256, 512)


# --8<-- [start:networks]
def generator() -> AnalogSequential:
    """Return the network that draws, analog."""
    config = MixedPrecisionEcRamMOPreset(mapping=MappingParameter(weight_scaling_omega=0.8))
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(WIDTHS):
        layers += [AnalogLinear(n_in, n_out, rpu_config=config), nn.BatchNorm1d(n_out), nn.ReLU()]
    return AnalogSequential(*layers, AnalogLinear(WIDTHS[-1], 784, rpu_config=config), nn.Sigmoid())


def discriminator() -> nn.Sequential:
    """Return the network that judges, digital."""
    return nn.Sequential(
        nn.Linear(784, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 64),
        nn.LeakyReLU(0.2),
        nn.Linear(64, 1),
    )


# --8<-- [end:networks]


def judged(logits: Tensor, real: bool) -> Tensor:
    """Return the loss of a discriminator that should find images real, or not."""
    target = torch.ones_like(logits) if real else torch.zeros_like(logits)
    return binary_cross_entropy_with_logits(logits, target)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train both networks and return how dark and how varied the drawn images are."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=5, lr=0.02, batch_size=64)
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    draws, judges = generator().to(options.device), discriminator().to(options.device)
    draw_step = AnalogSGD(draws.parameters(), lr=options.lr)
    draw_step.regroup_param_groups(draws)
    judge_step = torch.optim.Adam(judges.parameters(), lr=2e-4)
    images = load_mnist(options, train=True)[0].flatten(1)

    def noise(n: int) -> Any:
        return torch.randn(n, N_LATENT, device=options.device)

    for epoch in range(options.epochs):
        losses = []
        for part in tqdm(
            torch.randperm(len(images)).split(options.batch_size), disable=options.quiet
        ):
            judge_step.zero_grad()
            with torch.no_grad():
                drawn = draws(noise(len(part)))
            (judged(judges(images[part]), True) + judged(judges(drawn), False)).backward()
            judge_step.step()
            draw_step.zero_grad()
            loss = judged(judges(draws(noise(len(part)))), True)
            loss.backward()
            draw_step.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss of the generator {sum(losses) / len(losses):.3f}")
    draws.eval()
    with torch.no_grad():
        drawn = draws(noise(64))
    results = {"mean": float(drawn.mean()), "spread": float(drawn.std(0).mean())}
    print(f"mean {results['mean']:.3f} (digits: {float(images.mean()):.3f})")
    if options.plot:
        from matplotlib.figure import Figure
        from toy import save

        figure = Figure(figsize=(6, 6), layout="constrained")
        for axes, image in zip(figure.subplots(8, 8).flat, drawn.cpu().numpy(), strict=True):
            axes.imshow(image.reshape(28, 28), cmap="gray_r")
            axes.axis("off")
        save(figure, options.plot)
    return results


if __name__ == "__main__":
    main()

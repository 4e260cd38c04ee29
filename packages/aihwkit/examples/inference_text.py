"""A recurrent network recites rhymes from a chip, from one second to one year after programming.

An LSTM learns to predict the next character of the rhymes of `rhymes.txt` (L. Carroll and W. Blake,
both in the public domain), first exactly; then it is trained on, once exactly and once with the
noise of the chip ("hardware-aware"). Products of recurrent networks feed back on themselves, so
errors of the weights tell more than in a network of the same size that looks once.
"""

import argparse
import copy
import json
from pathlib import Path
from typing import Any

import torch
from drift import over_time, plot, summary
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from tqdm import tqdm

from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
from aihwkit.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
from aihwkit.nn import AnalogLSTMCell, AnalogRNN
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.optim import AnalogAdam
from aihwkit.simulator.configs import (
    InputRangeParameter,
    IOParameters,
    MappingParameter,
    PrePostProcessingParameter,
    TorchInferenceRPUConfig,
    WeightModifierParameter,
    WeightModifierType,
)
from aihwkit.simulator.configs.utils import BoundManagementType, NoiseManagementType

TEXT = Path(__file__).parent / "rhymes.txt"


def chip(noise: float) -> TorchInferenceRPUConfig:
    """Return the chip: converters of 8 bits, noisy outputs, phase-change memory.

    Args:
        noise: standard deviation of the weights in training, relative to the largest.
    """
    forward = IOParameters(inp_res=254, out_res=254, out_bound=10.0, out_noise=0.04)
    forward.bound_management = BoundManagementType.NONE
    forward.noise_management = NoiseManagementType.NONE
    return TorchInferenceRPUConfig(
        forward=forward,
        mapping=MappingParameter(
            digital_bias=True, weight_scaling_omega=1.0, weight_scaling_columnwise=True
        ),
        modifier=WeightModifierParameter(type=WeightModifierType.ADD_NORMAL, std_dev=noise),
        pre_post=PrePostProcessingParameter(input_range=InputRangeParameter(enable=True)),
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=GlobalDriftCompensation(),
    )


# --8<-- [start:network]
class Network(nn.Module):
    """One LSTM layer and a decoder; characters come as one-hot vectors."""

    def __init__(self, n_characters: int, n_hidden: int) -> None:
        super().__init__()
        self.rnn = AnalogRNN(AnalogLSTMCell, n_characters, n_hidden, rpu_config=None)
        self.decoder = nn.Linear(n_hidden, n_characters)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits `[T, B, C]` of the next characters of `[T, B, C]`."""
        hidden, _ = self.rnn(x)
        return self.decoder(hidden)


# --8<-- [end:network]


def windows(length: int) -> tuple[Tensor, Tensor]:
    """Return the text as inputs `[T, B, C]` and next characters `[T, B]`, in overlapping parts."""
    text = TEXT.read_text()
    alphabet = {character: index for index, character in enumerate(sorted(set(text)))}
    codes = torch.tensor([alphabet[character] for character in text])
    parts = codes.unfold(0, length + 1, length // 2)
    return one_hot(parts[:, :-1], len(alphabet)).float().movedim(0, 1), parts[:, 1:].t()


def loss_of(model: nn.Module, data: tuple[Tensor, Tensor]) -> Tensor:
    """Return the cross entropy of the second half of every part."""
    x, target = data
    half = len(x) // 2
    return cross_entropy(model(x)[half:].flatten(0, 1), target[half:].flatten())


@torch.no_grad()
def right(model: nn.Module, data: tuple[Tensor, Tensor]) -> float:
    """Return how many characters of the second halves are predicted, in percent."""
    x, target = data
    half = len(x) // 2
    model.eval()
    return 100 * float((model(x)[half:].argmax(-1) == target[half:]).float().mean())


def fit(model: nn.Module, data: Any, steps: int, lr: float, options: Any) -> None:
    """Train with a learning rate that falls to zero."""
    optimizer = AnalogAdam(model.parameters(), lr=lr)
    optimizer.regroup_param_groups(model)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    model.train()
    for _ in tqdm(range(steps), disable=options.quiet):
        optimizer.zero_grad()
        loss = loss_of(model, data)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()


def deployed(model: nn.Module, data: tuple[Tensor, Tensor], noise: float) -> Any:
    """Return a digital network on the chip, with ranges that fit inputs and outputs."""
    analog = convert_to_analog(model, chip(noise))
    kind = InputRangeCalibrationType.CACHE_QUANTILE
    batch = [((data[0],), {})]
    calibrate_input_ranges(analog, kind, batch, quantile=1.0, output_quantile=0.999)
    return analog


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--length", type=int, default=60, help="characters of a part")
    parser.add_argument("--steps", type=int, default=800, help="steps of exact training")
    parser.add_argument("--tune-steps", type=int, default=300, help="with noise, or without")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--tune-lr", type=float, default=0.003)
    parser.add_argument("--noise", type=float, default=0.1, help="of weights in training")
    parser.add_argument("--repeats", type=int, default=10, help="number of programmed chips")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="save the figure to this file")
    parser.add_argument("--json", type=Path, help="save the results to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train both networks and return the predicted characters over time, in percent."""
    options = parse(argv)
    data = windows(options.length)
    torch.manual_seed(options.seed)
    exact = Network(data[0].shape[-1], options.hidden)
    fit(exact, data, options.steps, options.lr, options)
    aware = deployed(copy.deepcopy(exact), data, options.noise)
    fit(exact, data, options.tune_steps, options.tune_lr, options)
    fit(aware, data, options.tune_steps, options.tune_lr, options)
    results: dict[str, Any] = {"digital": right(exact, data)}
    print(f"digital: {results['digital']:.2f} % of the characters")
    for name, model in (("exact", deployed(exact, data, options.noise)), ("aware", aware)):
        results |= summary(name, over_time(model, lambda m: right(m, data), options))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.plot:
        plot(options.plot, results, "characters predicted [%]")
    return results


if __name__ == "__main__":
    main()

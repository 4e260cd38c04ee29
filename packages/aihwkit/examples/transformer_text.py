"""A decoder writes text from a chip, and forgets it from one second to eleven days.

As GPT-2 it predicts the next character. It learns the rhymes exactly; then it is converted and
trained on with the noise of the chip. The program prints the loss over time, and what each chip
writes after the first words.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformer import TIMES, Transformer, arguments, chip, encoded, fit, over_time, report

from aihwkit.inference import drift_analog_weights
from aihwkit.nn.conversion import convert_to_analog


def loss_of(model: nn.Module, parts: Tensor) -> Tensor:
    """Return the cross entropy of the next characters."""
    return cross_entropy(model(parts[:, :-1]).flatten(0, 1), parts[:, 1:].flatten())


# --8<-- [start:write]
@torch.no_grad()
def written(model: nn.Module, start: Tensor, options: Any) -> Tensor:
    """Return tokens `[n]` and what the network writes after them.

    Tokens are drawn from the `top-k` likeliest, sharpened by the temperature; those of the last few
    places are made less likely by the penalty.
    """
    tokens = start.clone()
    for _ in range(options.letters):
        seen = tokens[-options.length + 1 :]
        scores = model(seen.unsqueeze(0))[0, -1]
        recent = tokens[-options.recent :]
        chosen = scores[recent]
        scores[recent] = torch.where(chosen > 0, chosen / options.penalty, chosen * options.penalty)
        best = torch.topk(scores / options.temperature, min(options.top_k, len(scores)))
        drawn = torch.multinomial(best.values.softmax(0), 1)
        tokens = torch.cat([tokens, best.indices[drawn]])
    return tokens


# --8<-- [end:write]


def parse(argv: list[str] | None) -> Any:
    """Return the options."""
    parser = arguments((__doc__ or "").splitlines()[0], steps=1500, length=64)
    parser.add_argument("--letters", type=int, default=120, help="length of what is written")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--top-k", type=int, default=50)
    parser.add_argument("--penalty", type=float, default=1.1, help="on characters just written")
    parser.add_argument("--recent", type=int, default=2, help="characters that count as such")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train, convert, train on, and return losses over time and what is written."""
    options = parse(argv)
    # All parts, so that any character may stand at any place, as it does while writing.
    parts, alphabet = encoded(list(options.text.read_text()), options.length, 1)
    torch.manual_seed(options.seed)
    parts = parts.to(options.device)
    some = parts[:: max(options.length // 4, 1)]
    digital = Transformer(len(alphabet), options.length, options, causal=True).to(options.device)
    fit(digital, lambda part: loss_of(digital, part), parts, options.steps, options.lr, options)
    analog = convert_to_analog(digital, chip(options.noise, read_noise=0.0))
    fit(
        analog,
        lambda part: loss_of(analog, part),
        parts,
        options.tune_steps,
        options.tune_lr,
        options,
    )

    @torch.no_grad()
    def loss(model: nn.Module = analog) -> float:
        model.eval()
        return float(loss_of(model, some))

    results: dict[str, Any] = {"digital": loss(digital)}
    print(f"digital: loss {results['digital']:.3f}")
    results["aware"] = over_time(analog, loss, options)
    report({"aware": results["aware"]}, "cross entropy", options.plot)
    for time in (TIMES[0], TIMES[-1]):
        drift_analog_weights(analog, time)
        text = "".join(alphabet[index] for index in written(analog, parts[0, :16], options))
        print(f"--- after {time:.0f} s\n{text}")
        results[f"text after {time:.0f} s"] = text
    return results


if __name__ == "__main__":
    main()

"""An encoder fills gaps in a text from a chip, from one second to eleven days after programming.

As BERT it sees whole parts of a text in which some words are masked. It learns the rhymes exactly;
then it is converted and trained on, once exactly and once with the noise of the chip. `--model`
takes a folder with a masked language model and its tokenizer instead, as the library `transformers`
saves them; nothing is downloaded.
"""

import copy
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformer import Transformer, arguments, chip, encoded, fit, over_time, report

from aihwkit.nn.conversion import convert_to_analog

MASK = "[MASK]"
SHARE = 0.15


# --8<-- [start:task]
def masked(parts: Tensor, mask: int) -> tuple[Tensor, Tensor]:
    """Return parts with some tokens masked, and where they are; at least one in each part."""
    hidden = torch.rand(parts.shape, device=parts.device) < SHARE
    hidden[torch.arange(len(parts)), torch.randint(parts.shape[1], (len(parts),))] = True
    return parts.masked_fill(hidden, mask), hidden


def loss_of(model: nn.Module, parts: Tensor, mask: int) -> Tensor:
    """Return the cross entropy of the masked tokens."""
    tokens, hidden = masked(parts, mask)
    return cross_entropy(scores(model, tokens)[hidden], parts[hidden])


@torch.no_grad()
def right(model: nn.Module, parts: Tensor, mask: int, seed: int) -> float:
    """Return how many masked tokens are found, in percent; the same ones are masked every time."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tokens, hidden = masked(parts, mask)
    model.eval()
    found = scores(model, tokens)[hidden].argmax(-1) == parts[hidden]
    return 100 * float(found.float().mean())


# --8<-- [end:task]


def scores(model: nn.Module, tokens: Tensor) -> Tensor:
    """Return scores `[B, T, tokens]` of the own network, or of one of `transformers`."""
    output = model(tokens)
    return output if isinstance(output, Tensor) else output.logits


def from_folder(folder: Path, text: str, length: int) -> tuple[nn.Module, Tensor, int]:
    """Return a network of `transformers` from a folder, the text in its tokens, and its mask."""
    try:
        from transformers import AutoModelForMaskedLM, AutoTokenizer
    except ImportError as error:
        raise SystemExit("--model needs the library transformers: pip install transformers") from (
            error
        )
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForMaskedLM.from_pretrained(folder, local_files_only=True)
    codes = torch.tensor(tokenizer(text, add_special_tokens=False)["input_ids"])
    return model, codes.unfold(0, length, max(length // 4, 1)).clone(), tokenizer.mask_token_id


def prepare(options: Any) -> tuple[nn.Module, Tensor, int]:
    """Return a network that knows the text, digital, parts of the text, and the masking token."""
    text = options.text.read_text()
    if options.model is not None:
        return from_folder(options.model, text, options.length)
    words = re.findall(r"\w+|[^\w\s]", text.lower())
    parts, alphabet = encoded(words, options.length, max(options.length // 4, 1))
    mask = len(alphabet)
    print(f"no --model: an encoder of {options.layers} layers learns {len(words)} words first")
    model = Transformer(mask + 1, options.length, options, causal=False).to(options.device)
    parts = parts.to(options.device)
    fit(model, lambda part: loss_of(model, part, mask), parts, options.steps, options.lr, options)
    return model, parts, mask


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train, convert, train on, and return the share of tokens found over time in percent."""
    parser = arguments((__doc__ or "").splitlines()[0], steps=600, length=24)
    parser.add_argument("--model", type=Path, help="folder with a network of transformers")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    digital, parts, mask = prepare(options)
    digital, parts = digital.to(options.device), parts.to(options.device)
    results: dict[str, Any] = {"digital": right(digital, parts, mask, options.seed)}
    print(f"digital: {results['digital']:.2f} % of the masked tokens")
    curves = {}
    for name, noise in (("exact", 0.0), ("aware", options.noise)):
        start = copy.deepcopy(digital)
        model = start if noise == 0 else convert_to_analog(start, chip(noise))
        fit(
            model,
            lambda part, model=model: loss_of(model, part, mask),
            parts,
            options.tune_steps,
            options.tune_lr,
            options,
        )
        analog = convert_to_analog(model, chip(noise)) if noise == 0 else model
        curves[name] = over_time(
            analog, lambda model=analog: right(model, parts, mask, options.seed), options
        )
    report(curves, "masked tokens found [%]", options.plot)
    return results | curves


if __name__ == "__main__":
    main()

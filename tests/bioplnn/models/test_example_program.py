"""The published training loop, on a few random images."""

import subprocess
import sys

import pytest
import torch
from tests.bioplnn.models.spatial import basic_classifier
from torch import nn


@pytest.mark.parametrize("mark_step", ["torch._inductor", "torch.compiler"])
def test_training_loop(mark_step):
    model = basic_classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    x, labels = torch.randn(8, 1, 28, 28), torch.arange(8)
    model.train()
    losses = []
    for _ in range(15):
        if mark_step == "torch.compiler":
            torch.compiler.cudagraph_mark_step_begin()
        else:
            torch._inductor.cudagraph_mark_step_begin()
        logits = model(x, num_steps=5)
        loss = criterion(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_activity_by_population():
    activity = basic_classifier().activity(torch.randn(2, 1, 28, 28), num_steps=3)
    assert {name: tuple(a.shape) for name, a in activity.items()} == {
        "excitatory": (2, 3, 16, 28, 28),
        "inhibitory": (2, 3, 16, 28, 28),
    }


def test_models_import_without_optional_packages():
    program = (
        "import sys, bioplnn.models, bioplnn.utils\n"
        "print([m for m in ('pandas', 'matplotlib', 'torchvision', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

"""Updates and training steps on analog tiles."""

import torch
from case import Case, Ways, load
from torch import nn

__all__ = ["CASES"]


def update(device_name: str, device: str) -> Ways:
    """Return an update of 512 x 512 devices with 64 vectors, four pulses a cross-point."""
    from aihwkit.simulator import configs

    torch.manual_seed(0)
    kind = getattr(configs, f"{device_name}Device")()
    settings = configs.UpdateParameters(update_bl_management=False, update_management=False)
    config = configs.SingleRPUConfig(device=kind, update=settings)
    tile = config.tile_class(512, 512, config)
    x, d = (torch.rand(64, 512, device=device) * 2 - 1 for _ in range(2))
    tile.set_weights(torch.rand(512, 512) * 0.2 - 0.1)
    tile = tile.to(device)
    tile.tile.set_learning_rate(0.5 * 31 * kind.dw_min)

    def ours() -> None:
        # both directions by turns, so that the weights stay where they are
        tile.tile.update(x, d, False)
        d.neg_()

    weight = torch.rand(512, 512, device=device)
    return Ways(
        ours,
        lambda: pulse_by_pulse(weight, x, d),
        lambda: (torch.randn(512, 512, device=device), weight.addmm_(d.t(), x, alpha=1e-9)),
    )


def pulse_by_pulse(weight: torch.Tensor, x: torch.Tensor, d: torch.Tensor) -> None:
    """Do as the definition says: trains of 31 slots, vector by vector, noise for every step."""
    for xs, ds in zip(x, d, strict=True):
        on_x = torch.rand(31, 512, device=x.device) < 0.7 * xs.abs()
        on_d = torch.rand(31, 512, device=x.device) < 0.7 * ds.abs()
        counts = on_d.float().t() @ on_x.float()
        noise = torch.randn_like(counts).mul_(0.3 * counts.sqrt()).add_(counts)
        step = noise * torch.outer(ds.sign(), xs.sign())
        weight.sub_(step, alpha=1e-9).clamp_(-0.6, 0.6)


def lenet(device: str) -> Ways:
    """Return a training step of LeNet5 on constant-step devices."""
    workloads = load("aihwkit/workloads.py")
    torch.manual_seed(0)
    x, labels = torch.rand(8, 1, 28, 28, device=device), torch.randint(0, 10, (8,), device=device)
    analog = workloads._lenet5().to(device)
    digital = nn.Sequential(
        nn.Conv2d(1, 16, 5), nn.Tanh(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.Tanh(),
        nn.MaxPool2d(2), nn.Tanh(), nn.Flatten(), nn.Linear(512, 128), nn.Tanh(),
        nn.Linear(128, 10), nn.LogSoftmax(dim=1),
    ).to(device)  # fmt: skip

    from aihwkit.optim import AnalogSGD

    optimizer = AnalogSGD(analog.parameters(), lr=0.01)
    optimizer.regroup_param_groups(analog)
    plain = torch.optim.SGD(digital.parameters(), lr=0.01)

    def training(model: nn.Module, optimizer: torch.optim.Optimizer) -> object:
        def step() -> None:
            optimizer.zero_grad()
            nn.functional.nll_loss(model(x), labels).backward()
            optimizer.step()

        return step

    return Ways(training(analog, optimizer), training(digital, plain), training(digital, plain))


def _reference(workload: str) -> tuple[str, ...]:
    """Return the program that times a workload of the package's own benchmark."""
    return ("aihwkit/bench_tiles.py", "--worker", workload, "{threads}")


CASES = (
    Case(
        "aihwkit",
        "update of 512 x 512 constant-step devices, 64 vectors, 4 pulses each",
        lambda device: update("ConstantStep", device),
        plain="trains of pulses and their noise, vector by vector",
        floor="one normal number for each device, one product",
        gap="bit counts of 16.8 million coincidences; bounds within reach",
        reference=_reference("update ConstantStep, 4 pulses"),
    ),
    Case(
        "aihwkit",
        "the same with soft bounds, whose steps depend on the weight",
        lambda device: update("SoftBounds", device),
        plain="the same with constant steps: no dependence on the weight",
        floor="one normal number for each device, one product",
        gap="a normal number and a step for each of 12 million coincidences, in order",
        reference=_reference("update SoftBounds, 4 pulses"),
    ),
    Case(
        "aihwkit",
        "training step of LeNet5 on constant-step devices, batch of 8",
        lenet,
        plain="the same network in digital layers",
        floor="the same as plain torch",
        gap="noise of reads both ways, converters, pulses onto 80,000 devices",
        reference=_reference("step LeNet5 ConstantStep"),
    ),
)

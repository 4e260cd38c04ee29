"""A network for digits learns in several processes with the noise of a chip.

Network 784-256-128-10, its last layer split over tiles by its own mapping; each process learns from
its part of every batch. Without `torchrun` the program starts the processes itself:

    python distributed_mnist.py --processes 2
    torchrun --nproc-per-node 2 distributed_mnist.py
"""

import os
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing
from common import accuracy, arguments, load_mnist, plot_values
from torch import nn
from torch.nn.functional import nll_loss
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from aihwkit.nn import AnalogLinear, AnalogLinearMapped, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import InferenceRPUConfig


def build() -> AnalogSequential:
    """Return the network."""
    config = InferenceRPUConfig()
    return AnalogSequential(
        nn.Flatten(),
        AnalogLinear(784, 256, rpu_config=config),
        nn.Sigmoid(),
        AnalogLinear(256, 128, rpu_config=config),
        nn.Sigmoid(),
        AnalogLinearMapped(128, 10, rpu_config=config),
        nn.LogSoftmax(dim=1),
    )


# --8<-- [start:work]
def work(options: Any) -> dict[str, float]:
    """Train as one process of a group; all processes return the same results.

    Processes draw the same order of images, and each takes every n-th.
    """
    rank, size = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(options.seed)
    model = build().to(options.device)
    model.prepare_for_ddp()
    parallel = DistributedDataParallel(model)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr, momentum=0.1)
    optimizer.regroup_param_groups(model)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    images, labels = load_mnist(options, train=True)
    mean, means = torch.zeros(()), dict[str, float]()
    for epoch in range(options.epochs):
        model.train()
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(epoch))
        parts = [part[rank::size] for part in order.split(options.batch_size) if len(part) >= size]
        mean = torch.zeros(())
        for part in tqdm(parts, disable=options.quiet or rank > 0):
            optimizer.zero_grad()
            loss = nll_loss(parallel(images[part]), labels[part])
            loss.backward()
            optimizer.step()
            mean += loss.detach().cpu() / len(parts)
        scheduler.step()
        dist.all_reduce(mean)
        if rank == 0:
            means[f"epoch {epoch + 1}"] = mean.item() / size
            print(f"epoch {epoch + 1}: loss {mean.item() / size:.4f}")
            if options.folder is not None:
                options.folder.mkdir(parents=True, exist_ok=True)
                torch.save(model.state_dict(), options.folder / f"epoch{epoch + 1}.pt")
    # Reads differ between processes, so the first one tells the accuracy.
    right = torch.tensor(accuracy(model, load_mnist(options, train=False)))
    dist.broadcast(right, 0)
    if options.plot and rank == 0:
        plot_values(options.plot, means, "loss")
    return {"loss": mean.item() / size, "accuracy": right.item(), "processes": size}


# --8<-- [end:work]


def start(rank: int, options: Any) -> dict[str, float]:
    """Join the group, train, and leave it."""
    cuda = options.device.startswith("cuda")
    if cuda:
        options.device = f"cuda:{rank % torch.cuda.device_count()}"
        torch.cuda.set_device(options.device)
    dist.init_process_group("nccl" if cuda else "gloo", rank=rank, world_size=options.processes)
    try:
        results = work(options)
    finally:
        dist.destroy_process_group()
    if rank == 0:
        print(f"{options.processes} processes: test accuracy {results['accuracy']:.2%}")
    return results


def parse(argv: list[str] | None) -> Any:
    """Return the options."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=5, lr=0.1, batch_size=64)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--port", default="29500", help="at which the processes meet")
    parser.add_argument("--folder", type=Path, help="save a checkpoint of each epoch here")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float] | None:
    """Train in some processes; return the results where they are those of this process."""
    options = parse(argv)
    if "WORLD_SIZE" in os.environ:
        options.processes = int(os.environ["WORLD_SIZE"])
        return start(int(os.environ["RANK"]), options)
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = "127.0.0.1", options.port
    if options.processes == 1:
        return start(0, options)
    torch.multiprocessing.spawn(start, (options,), options.processes)
    return None


if __name__ == "__main__":
    main()

"""A training from a configuration, from start or from a checkpoint."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from bioplnn.training.building import build_model
from bioplnn.training.checkpoints import (
    load_checkpoint,
    random_state,
    save_checkpoint,
    set_random_state,
)
from bioplnn.training.loops import train_epoch, validate_epoch
from bioplnn.training.overrides import apply_overrides
from bioplnn.training.records import make_recorder
from bioplnn.utils.initializers import (
    initialize_criterion,
    initialize_dataloader,
    initialize_optimizer,
    initialize_scheduler,
)
from bioplnn.utils.seeding import manual_seed, manual_seed_deterministic
from synaptensor.validation import check_integer


class Trainer:
    """Everything that a training needs, made from a configuration.

    A checkpoint holds the model, the optimizer, the schedule, the position in the epoch and the
    states of all random generators: a training that is resumed, also in the middle of an epoch,
    goes on bit by bit as the one that was not stopped.

    Args:
        config: Configuration as a mapping; ``bioplnn/config/config.yaml`` shows the keys.

    Attributes:
        model: The network.
        history: Loss and accuracy of every epoch.

    Raises:
        ValueError: A value contradicts another; the message names both.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = apply_overrides(config)
        for part in ("model", "data"):
            if not self.config.get(part):
                raise ValueError(f"{part} must be chosen, got {self.config.get(part)!r}")
        self._seed()
        torch.set_float32_matmul_precision(self.config["matmul_precision"])
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = build_model(self.config["model"]).to(self.device)
        self.criterion = initialize_criterion(**self.config["criterion"]).to(self.device)
        self.train_loader, self.val_loader = initialize_dataloader(
            **self.config["data"], seed=self.config["seed"]
        )
        self.optimizer = initialize_optimizer(
            model_parameters=self.model.parameters(), **self.config["optimizer"]
        )
        self.scheduler = self._scheduler()
        compile_kwargs = dict(self.config["compile"])
        disabled = compile_kwargs.pop("disable", False)
        self._called: Any = self.model
        if not disabled:
            self._called = torch.compile(self.model, **compile_kwargs)
        self.folder = Path(self.config["checkpoint"]["root"]) / str(
            self.config["checkpoint"]["run"]
        )
        self.epoch, self.batch, self.global_step = 0, 0, 0
        self.history: list[dict[str, float]] = []
        self._totals = [0.0, 0.0, 0.0]
        self._epoch_start: dict[str, Any] | None = None

    def _seed(self) -> None:
        seed, deterministic = self.config["seed"], self.config["deterministic"]
        if seed is None:
            if deterministic:
                raise ValueError("seed must be a number with deterministic=True, got None")
            return
        (manual_seed_deterministic if deterministic else manual_seed)(seed)

    def _scheduler(self) -> torch.optim.lr_scheduler.LRScheduler | None:
        given = self.config.get("scheduler")
        if not given:
            return None
        kwargs = dict(given)
        if kwargs["class_name"] == "OneCycleLR":
            kwargs.setdefault("max_lr", self.config["optimizer"]["lr"])
            steps = len(self.train_loader) * self.config["train"]["epochs"]
            kwargs.setdefault("total_steps", steps)
        return initialize_scheduler(optimizer=self.optimizer, **kwargs)

    def state(self) -> dict[str, Any]:
        """Everything that is needed to go on from here."""
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "global_step": self.global_step,
            "model_state_dict": self.model.state_dict(),
            "optimizer_state_dict": self.optimizer.state_dict(),
            "scheduler_state_dict": None if self.scheduler is None else self.scheduler.state_dict(),
            "totals": list(self._totals),
            "history": self.history,
            "epoch_start": self._epoch_start,
            "random": random_state(),
            "generator": _generator_state(self.train_loader),
        }

    def save(self, name: str | None = None) -> Path:
        """Write a checkpoint to the folder of the run."""
        if name is None:
            middle = f"_{self.batch}" if self.batch else ""
            name = f"checkpoint_{self.epoch}{middle}.pt"
        return save_checkpoint(self.folder, name, self.state())

    def load(self, path: str | Path | None = None) -> None:
        """Go on from a checkpoint; from the newest of the run if ``path`` is ``None``.

        Raises:
            FileNotFoundError: There is none.
        """
        state = load_checkpoint(self.folder if path is None else path, self.device)
        self.model.load_state_dict(state["model_state_dict"])
        self.optimizer.load_state_dict(state["optimizer_state_dict"])
        if self.scheduler is not None and state["scheduler_state_dict"] is not None:
            self.scheduler.load_state_dict(state["scheduler_state_dict"])
        self.epoch, self.batch = state["epoch"], state["batch"]
        self.global_step, self._totals = state["global_step"], state["totals"]
        self.history, self._epoch_start = state["history"], _on_cpu(state["epoch_start"])
        set_random_state(_on_cpu(state["random"]))
        _set_generator(self.train_loader, _on_cpu(state["generator"]))

    def fit(self) -> list[dict[str, float]]:
        """Train for the epochs that are left; returns loss and accuracy of every epoch."""
        recorder = make_recorder(self.config, self.folder)
        save_every = self.config["checkpoint"].get("every_batches")
        if save_every is not None:
            check_integer("checkpoint.every_batches", save_every, minimum=1)

        def progress(batch: int, numbers: Mapping[str, float]) -> None:
            self.batch = batch
            self.global_step += 1
            if numbers:
                recorder.log(numbers, self.global_step)
            if save_every is not None and batch % save_every == 0 and batch < self._batches():
                self.save()

        try:
            while self.epoch < self.config["train"]["epochs"]:
                self._one_epoch(progress, recorder)
        finally:
            recorder.close()
        return self.history

    def _batches(self) -> int:
        limit = self.config["debug_num_batches"]
        return len(self.train_loader) if limit is None else min(limit, len(self.train_loader))

    def _one_epoch(self, progress: Any, recorder: Any) -> None:
        batches = self._batches_left()
        loss, accuracy, _ = train_epoch(
            self.config, self._called, self.optimizer, self.scheduler, self.criterion, batches,
            self.epoch, self.global_step, self.device,
            first_batch=self.batch, totals=self._totals, progress=progress,
        )  # fmt: skip
        val_loss, val_accuracy = validate_epoch(
            self.config, self._called, self.criterion, self.val_loader, self.device
        )
        numbers = {"loss": loss, "acc": accuracy, "val_loss": val_loss, "val_acc": val_accuracy}
        self.history.append(numbers)
        recorder.log({f"epoch/{name}": value for name, value in numbers.items()}, self.global_step)
        print(
            f"epoch {self.epoch}: loss {loss:.4f}, accuracy {accuracy:.2%}; "
            f"validation loss {val_loss:.4f}, accuracy {val_accuracy:.2%}",
            flush=True,
        )
        self.epoch, self.batch = self.epoch + 1, 0
        self._totals, self._epoch_start = [0.0, 0.0, 0.0], None
        self.save()

    def _batches_left(self) -> Iterator[Any]:
        """The batches of this epoch that have not been trained on.

        In the middle of an epoch the order is drawn again from the generators as they were at its
        start; then the generators get the states that they had at the checkpoint.
        """
        if self._epoch_start is None:
            self._epoch_start = {
                "random": random_state(),
                "generator": _generator_state(self.train_loader),
            }
            return iter(self.train_loader)
        now, generator = random_state(), _generator_state(self.train_loader)
        set_random_state(self._epoch_start["random"])
        _set_generator(self.train_loader, self._epoch_start["generator"])
        batches = iter(self.train_loader)
        for _ in itertools.islice(batches, self.batch):
            pass
        set_random_state(now)
        _set_generator(self.train_loader, generator)
        return batches


def train(config: Mapping[str, Any]) -> list[dict[str, float]]:
    """Train as a configuration says; with ``checkpoint.load`` from the newest checkpoint.

    Returns:
        Loss and accuracy of every epoch.
    """
    trainer = Trainer(config)
    if trainer.config["checkpoint"]["load"]:
        trainer.load()
    return trainer.fit()


def test(config: Mapping[str, Any]) -> tuple[float, float]:
    """Loss and accuracy of a checkpoint on the validation data."""
    trainer = Trainer(config)
    state = load_checkpoint(trainer.folder, trainer.device)
    trainer.model.load_state_dict(state["model_state_dict"])
    loss, accuracy = validate_epoch(
        trainer.config, trainer.model, trainer.criterion, trainer.val_loader, trainer.device
    )
    recorder = make_recorder(trainer.config, trainer.folder)
    recorder.log({"test/loss": loss, "test/acc": accuracy}, state["global_step"])
    recorder.close()
    print(f"test loss {loss:.4f}, accuracy {accuracy:.2%}", flush=True)
    return loss, accuracy


def _generator_state(loader: DataLoader) -> Any:
    return None if loader.generator is None else loader.generator.get_state()


def _set_generator(loader: DataLoader, state: Any) -> None:
    if loader.generator is not None and state is not None:
        loader.generator.set_state(state)


def _on_cpu(state: Any) -> Any:
    """Random states live on the CPU wherever the rest of a checkpoint goes."""
    if isinstance(state, torch.Tensor):
        return state.cpu()
    if isinstance(state, dict):
        return {key: _on_cpu(value) for key, value in state.items()}
    if isinstance(state, list):
        return [_on_cpu(value) for value in state]
    return state

"""Training and testing from a configuration, with exact resume."""

from bioplnn.training.building import build_model
from bioplnn.training.checkpoints import load_checkpoint, save_checkpoint
from bioplnn.training.loops import train_epoch, validate_epoch
from bioplnn.training.overrides import apply_overrides
from bioplnn.training.records import CSVRecorder, Recorder, TensorBoardRecorder, WandbRecorder
from bioplnn.training.trainer import Trainer, test, train

__all__ = [
    "CSVRecorder",
    "Recorder",
    "TensorBoardRecorder",
    "Trainer",
    "WandbRecorder",
    "apply_overrides",
    "build_model",
    "load_checkpoint",
    "save_checkpoint",
    "test",
    "train",
    "train_epoch",
    "validate_epoch",
]

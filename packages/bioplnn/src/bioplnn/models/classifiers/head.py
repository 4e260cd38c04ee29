"""The readout that all classifiers share."""

from torch import nn

from synaptensor.validation import check_in_range, check_integer


def build_head(features: int, fc_dim: int, num_classes: int, dropout: float) -> nn.Sequential:
    """Flatten, one hidden layer of rectified units with dropout, class scores.

    Args:
        features: Number of features per sample after flattening.
        fc_dim: Hidden units.
        num_classes: Number of classes.
        dropout: Probability of dropping a hidden unit.
    """
    fc_dim = check_integer("fc_dim", fc_dim, minimum=1)
    num_classes = check_integer("num_classes", num_classes, minimum=1)
    check_in_range("dropout", dropout, 0.0, 1.0)
    return nn.Sequential(
        nn.Flatten(1),
        nn.Linear(features, fc_dim),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(fc_dim, num_classes),
    )

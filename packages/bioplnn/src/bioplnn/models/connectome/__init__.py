"""Networks wired by a connectome."""

from bioplnn.models.connectome.ode import ConnectomeODERNN
from bioplnn.models.connectome.rnn import ConnectomeRNN

__all__ = ["ConnectomeODERNN", "ConnectomeRNN"]

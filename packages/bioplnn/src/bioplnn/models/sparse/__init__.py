"""Sparse layers and recurrent networks."""

from bioplnn.models.sparse.linear import SparseLinear
from bioplnn.models.sparse.ode import SparseODERNN
from bioplnn.models.sparse.rnn import SparseRNN

__all__ = ["SparseLinear", "SparseODERNN", "SparseRNN"]

"""Pure functions on tensors: steps of the dynamics, sparse products, differential equations."""

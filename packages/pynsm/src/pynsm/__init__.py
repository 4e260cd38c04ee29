"""Similarity-matching circuits for PyTorch: forward passes that relax to a fixed point, trained from one local loss."""

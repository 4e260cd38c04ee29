"""Evaluation of trained circuits."""

from pynsm.util.validation import extract_embeddings

__all__ = ["extract_embeddings"]

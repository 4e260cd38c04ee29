"""Classifiers of spike trains; import them from `inferno.learn`."""

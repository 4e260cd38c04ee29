"""Spike-timing dependent plasticity of pairs and triplets of spikes."""

from inferno.learn.trainers.stdp import STDP, StableSTDP
from inferno.learn.trainers.triplet_stdp import StableTripletSTDP, TripletSTDP

__all__ = ["STDP", "StableSTDP", "StableTripletSTDP", "TripletSTDP"]

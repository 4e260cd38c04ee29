"""Tools around analog models: plots of devices, conversion of old checkpoints."""

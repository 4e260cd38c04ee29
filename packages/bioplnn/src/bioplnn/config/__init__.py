"""The configuration tree of the commands; ``config.yaml`` is its root."""

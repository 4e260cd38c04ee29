"""Digital layers with quantised weights and outputs."""

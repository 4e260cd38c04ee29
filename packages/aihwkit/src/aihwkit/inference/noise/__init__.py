"""Statistical models of programming, drift and reading; see the modules."""

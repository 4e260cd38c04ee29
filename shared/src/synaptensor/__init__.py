"""The small core under pynsm, bioplnn, inferno and aihwkit: tensor utilities, hooks, random streams, contract tests."""

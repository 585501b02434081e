"""The benchmarks, `cityloop bench`: each builds a city of its own, measures, and prints its ratio to a floor, the least
that could be done instead. No benchmark touches the city of a home.

Read in this order: `city` (the measured city), `workload` (filled histories, senders, actors, the floor), then a
benchmark such as `intake` or `queue`, `calculations` (those that need no city), `command` (the output), `ratios` and
`weekly` (the ratios of all, beside those kept).
"""

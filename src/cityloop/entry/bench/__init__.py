"""The benchmarks, `cityloop bench`: each builds a city of its own, measures, and prints its ratio to a floor.

Read in this order: `city` (the city that is measured), `load` (the senders), `floor` (the least a server could do),
`intake` and `queue` (what is measured), `command` (how it is told). No bench touches the city of a home.
"""

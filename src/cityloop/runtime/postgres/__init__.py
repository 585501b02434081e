"""The embedded PostgreSQL: its binaries, its folder, and its life from start to stop. No Django, no schema.

Read in this order: `cluster` (start, adopt, stop), `postmaster` (the process itself), `account` (as whom it runs),
`creation` (the first start), `folders` (where its files are), `register` (who is using it), `binaries`, `faults`.
"""

from cityloop.runtime.postgres.cluster import Cluster, running

__all__ = ["Cluster", "running"]

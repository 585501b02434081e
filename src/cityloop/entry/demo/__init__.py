"""The demo city: an invented city that is built in an empty home, by the same actions as a real one.

Read in this order: `script` (the contents of demo.yaml), `ground` (areas), `people` (units and accounts), `stories`
(what happens to each report, and when), `building` (doing it), `command` (`cityloop demo`).
"""

"""The demo city: an invented city that is built into an empty home and worked through the same actions as a real one.

Read in this order: `script` (what demo.yaml says), `ground` (its areas), `people` (its units and accounts), `stories`
(what is to happen to each report, and when), `building` (making it happen), `command` (`cityloop demo`).
"""

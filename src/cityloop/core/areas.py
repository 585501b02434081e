"""The kinds of areas a city is divided into: the administrative tree, and the grids that lie across it. No polygons.

Source: GB/T 30428.1-2013 (unit grids); the kinds of larger grids as standards.md §1.1 gives them.
"""

TREE = ("city", "district", "street", "community", "unit_grid")  # each within the one before
GRIDS = ("patrol_grid", "appraisal_grid", "social_grid")  # 管理网格 评价网格 社会治理网格; a city may add its own


def is_in_tree(level: str) -> bool:
    """Return whether areas of a level divide those around them; other kinds overlap them."""
    return level in TREE

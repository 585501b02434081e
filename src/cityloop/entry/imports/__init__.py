"""`cityloop import`: one file for each kind of table."""

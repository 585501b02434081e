"""What the commands of `cityloop import` do: one module for each kind of table; `rows` has what they share."""

"""`cityloop serve`: the processes, the web application, the root addresses."""

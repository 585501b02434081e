"""`cityloop serve`: its processes, the web application, the root URLs."""

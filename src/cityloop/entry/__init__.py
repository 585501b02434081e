"""The entry points: the command line, the web application, the root URLs, the demo and the benchmarks."""

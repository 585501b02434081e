"""The ways in: the command line, the web application, the root of all addresses, the demo."""

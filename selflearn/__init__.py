"""Wiring: settings, URLs, checks, bootstrap, the web server's configuration, the worker."""

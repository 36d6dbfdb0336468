"""One file per alert rule, each with its declaration; the registry is one package up."""

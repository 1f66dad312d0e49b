"""About: the versions in use and what this machine has to offer."""

"""Projects: folders with a name, a history and people."""

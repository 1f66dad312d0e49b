"""Saving: files are replaced whole, and never by somebody who has not seen what is there."""

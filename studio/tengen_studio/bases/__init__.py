"""Merge bases: what files were like when somebody read or wrote them last."""

"""Sharing: members with roles, links, the public gallery and stars."""

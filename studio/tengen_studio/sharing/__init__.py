"""Sharing: members with roles, links, and publishing."""

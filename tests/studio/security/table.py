"""The one table of who gets which status from which route. A new route needs a row here.

The project belongs to the account `owner` and is private; `viewer` and `editor` are its members,
`stranger` is an account without a role in it, and so is the host. Each call starts from a fresh
project with one version, one link and no folder. `{names}` are filled in by the test.
"""

from __future__ import annotations

from typing import Any

ACTORS = ("anonymous", "stranger", "viewer", "editor", "owner", "host")
# A body: JSON, an archive with this file, or none.
ARCHIVE = "archive"
Row = tuple[str, str, Any, str]

HOST_ONLY = "403 403 403 403 403 "
PEOPLE = "403 200 200 200 200 200"
EVERYBODY = "200 200 200 200 200 200"
READERS = "404 404 200 200 200 404"

# fmt: off
API_ROWS: list[Row] = [
    # the server itself
    ("GET", "/about", None, HOST_ONLY + "200"),
    ("GET", "/audit", None, HOST_ONLY + "200"),
    ("GET", "/openapi.json", None, PEOPLE),
    ("GET", "/docs", None, PEOPLE),
    ("GET", "/templates", None, HOST_ONLY + "200"),
    ("POST", "/templates/{slug}/copies", {}, HOST_ONLY + "201"),
    ("GET", "/graphs?path=none.tgm", None, HOST_ONLY + "404"),
    ("GET", "/kernels/none/deaths", None, HOST_ONLY + "404"),
    ("GET", "/gpus", None, HOST_ONLY + "200"),
    ("POST", "/kernels/none/park", None, HOST_ONLY + "404"),
    ("GET", "/secrets", None, HOST_ONLY + "200"),
    ("PUT", "/secrets/NAME", {"value": "long enough"}, HOST_ONLY + "200"),
    ("DELETE", "/secrets/NAME", None, HOST_ONLY + "204"),
    ("GET", "/datasets", None, HOST_ONLY + "200"),
    ("POST", "/datasets", {}, HOST_ONLY + "400"),
    ("GET", "/datasets/none", None, HOST_ONLY + "404"),
    ("DELETE", "/datasets/none", None, HOST_ONLY + "404"),
    ("GET", "/datasets/none/files", None, HOST_ONLY + "404"),
    ("GET", "/datasets/none/preview", None, HOST_ONLY + "404"),
    ("GET", "/refused-saves", None, HOST_ONLY + "200"),
    ("GET", "/refused-saves/none", None, HOST_ONLY + "404"),
    ("POST", "/refused-saves/none", {"how": "beside"}, HOST_ONLY + "404"),
    ("DELETE", "/refused-saves/none", None, HOST_ONLY + "404"),
    ("GET", "/runs?kernel=none", None, HOST_ONLY + "200"),
    ("POST", "/runs", {"kernel": "none", "ids": []}, HOST_ONLY + "204"),
    # people
    ("GET", "/people/me", None, EVERYBODY),
    ("PATCH", "/people/me", {"name": "Another name"}, PEOPLE),
    ("PUT", "/people/me/password", {"old": "wrong password", "new": "new password"},
     "403 403 403 403 403 403"),
    ("GET", "/people/me/sessions", None, PEOPLE),
    ("DELETE", "/people/me/sessions/session-owner", None, "403 404 404 404 204 404"),
    ("POST", "/people/session", {"name": "owner", "password": "wrong password"},
     "403 403 403 403 403 403"),
    ("DELETE", "/people/session", None, "204 204 204 204 204 204"),
    ("GET", "/people/invitations", None, HOST_ONLY + "200"),
    ("POST", "/people/invitations", {}, HOST_ONLY + "201"),
    ("DELETE", "/people/invitations/none", None, HOST_ONLY + "404"),
    ("POST", "/people/acceptances", {"token": "guess", "password": "long enough"},
     "403 403 403 403 403 403"),
    ("GET", "/people/accounts", None, HOST_ONLY + "200"),
    ("DELETE", "/people/accounts/viewer", None, HOST_ONLY + "204"),
    ("POST", "/people/accounts/viewer/resets", None, HOST_ONLY + "201"),
    # projects
    ("GET", "/projects", None, PEOPLE),
    ("POST", "/projects", {"name": "New"}, "403 201 201 201 201 201"),
    ("GET", "/tags", None, PEOPLE),
    ("POST", "/imports?name=New", ARCHIVE, "403 201 201 201 201 201"),
    ("GET", "/projects/{project}", None, READERS),
    ("PATCH", "/projects/{project}", {"name": "Other"}, "403 404 403 200 200 404"),
    ("PATCH", "/projects/{project}", {"archived": True}, "403 404 403 403 200 404"),
    ("DELETE", "/projects/{project}", None, "403 404 403 403 409 404"),
    ("PUT", "/projects/{project}/trash", None, "403 404 403 403 200 404"),
    ("DELETE", "/projects/{project}/trash", None, "403 404 403 403 409 404"),
    ("GET", "/projects/{project}/audit", None, "403 404 403 403 200 404"),
    ("GET", "/projects/{project}/datasets", None, HOST_ONLY + "404"),
    ("POST", "/projects/{project}/datasets", {"dataset_id": "none"}, HOST_ONLY + "404"),
    ("DELETE", "/projects/{project}/datasets/none", None, HOST_ONLY + "404"),
    # history
    ("GET", "/projects/{project}/versions", None, READERS),
    ("POST", "/projects/{project}/versions", {}, "403 404 403 403 403 404"),
    ("GET", "/projects/{project}/versions/1", None, READERS),
    ("PUT", "/projects/{project}/versions/1/clearance", None, "403 404 403 403 200 404"),
    ("GET", "/projects/{project}/versions/1/files", None, READERS),
    ("GET", "/projects/{project}/versions/1/content?path=README.md", None, READERS),
    ("GET", "/projects/{project}/versions/1/archive", None, READERS),
    ("GET", "/projects/{project}/versions/1/environment", None, READERS),
    ("GET", "/projects/{project}/versions/1/findings", None, "403 404 403 200 200 404"),
    ("GET", "/projects/{project}/diff?from=1&to=1", None, READERS),
    ("GET", "/projects/{project}/diff/file?from=1&to=1&path=README.md", None, READERS),
    ("POST", "/projects/{project}/restores", {"version": 1}, "403 404 403 201 201 404"),
    ("POST", "/projects/{project}/pulls", {}, "403 404 403 409 409 404"),
    ("POST", "/projects/{project}/pushes?base=1", ARCHIVE, "403 404 403 201 201 404"),
    ("GET", "/projects/{project}/forks", None, READERS),
    ("POST", "/projects/{project}/forks", {}, "403 404 201 201 201 404"),
    ("GET", "/projects/{project}/reproductions", None, READERS),
    ("POST", "/projects/{project}/reproductions", {}, HOST_ONLY + "404"),
    ("GET", "/projects/{project}/reproductions/none", None, "404 404 404 404 404 404"),
    ("DELETE", "/projects/{project}/reproductions/none", None, HOST_ONLY + "404"),
    # sharing
    ("GET", "/projects/{project}/members", None, "404 404 403 200 200 404"),
    ("POST", "/projects/{project}/members", {"name": "stranger", "role": "viewer"},
     "403 404 403 403 201 404"),
    ("PATCH", "/projects/{project}/members/viewer", {"role": "editor"},
     "403 404 403 403 200 404"),
    ("DELETE", "/projects/{project}/members/viewer", None, "403 404 204 403 204 404"),
    ("GET", "/projects/{project}/links", None, "403 404 403 403 200 404"),
    ("POST", "/projects/{project}/links", {}, "403 404 403 403 201 404"),
    ("DELETE", "/projects/{project}/links/{link}", None, "403 404 403 403 204 404"),
    ("GET", "/projects/{project}/publication", None, READERS),
    ("PATCH", "/projects/{project}/publication", {"public": True}, "403 404 403 403 200 404"),
    ("GET", "/projects/{project}/star", None, READERS),
    ("PUT", "/projects/{project}/star", None, "403 404 200 200 200 404"),
    ("DELETE", "/projects/{project}/star", None, "403 404 200 200 200 404"),
    ("POST", "/links/openings", {"token": "guess"}, "403 403 403 403 403 403"),
    ("GET", "/gallery", None, EVERYBODY),
    # a socket, asked for without the upgrade that would open it
    ("GET", "/projects/{project}/live", None, "404 404 400 400 400 404"),
]

PAGE_ROWS: list[Row] = [
    ("GET", "/", None, EVERYBODY),
    ("GET", "/p/{project}", None, READERS),
    ("GET", "/p/{project}/files", None, READERS),
    ("GET", "/p/{project}/files/README.md", None, READERS),
    ("GET", "/p/{project}/frame/train.ipynb", None, READERS),
    ("GET", "/p/{project}/raw/picture.png", None, READERS),
    ("GET", "/p/{project}/history", None, READERS),
    ("GET", "/open", None, EVERYBODY),
    ("GET", "/join", None, EVERYBODY),
    ("GET", "/login", None, EVERYBODY),
    ("GET", "/account", None, PEOPLE),
    ("GET", "/texts/zh.json", None, EVERYBODY),
    ("GET", "/static/pages.css", None, EVERYBODY),
]
# fmt: on

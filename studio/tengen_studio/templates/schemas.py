"""What the templates' routes take and give, and the shape of a `template.json`."""

from __future__ import annotations

from msgspec import Struct


class LocalText(Struct, frozen=True, forbid_unknown_fields=True):
    """One text in the languages that the studio speaks."""

    en: str
    zh: str


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """A `template.json`: `picture` and `notebook` are file names in the template's folder.

    Templates are listed by `rank`, then by slug.
    """

    title: LocalText
    description: LocalText
    picture: str
    notebook: str
    rank: int = 100


class Template(Struct, frozen=True):
    """A template on offer; `picture` is the text of an SVG drawing."""

    slug: str
    title: LocalText
    description: LocalText
    picture: str


class TemplateList(Struct, frozen=True):
    """One page of templates; `next` is the cursor of the following page, or null at the end."""

    items: list[Template]
    next: str | None = None


class CopyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to copy to: `directory` is relative to the user's folder, "" is that folder."""

    directory: str = ""


class Copy(Struct, frozen=True):
    """A finished copy: its folder and the notebook to open, relative to the user's folder."""

    directory: str
    notebook: str

"""What of somebody else's HTML may stand on a page: the one list, and the one pass through it.

Everything that comes out of a project (Markdown, outputs of cells, attributes of pictures) goes
through `sanitize` last, whatever made it. Scripts, styles, frames, forms and handlers are gone.
"""

from __future__ import annotations

import re
from typing import Protocol

import nh3
from pygments.token import STANDARD_TYPES

_TEXT = (
    "a abbr b bdi bdo blockquote br cite code dd del details dfn div dl dt em figcaption figure "
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section small span "
    "strong sub summary sup u ul var wbr table caption colgroup col thead tbody tfoot tr th td"
)
MATH = (
    "math mrow mi mo mn mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover "
    "mtable mtr mtd mstyle mpadded mphantom menclose"
)
_TAGS = set(f"{_TEXT} {MATH}".split())
_MATH_ATTRIBUTES = (
    "display displaystyle mathvariant stretchy fence form accent accentunder lspace rspace width "
    "columnalign columnspacing rowspacing linethickness minsize maxsize scriptlevel notation"
)
_ATTRIBUTES = {
    "*": {"class", "id", "title", "dir", "lang", "role", "aria-label", "aria-hidden"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "details": {"open"},
    "ol": {"start"},
    "col": {"span"},
    "th": {"colspan", "rowspan", "scope", "align"},
    "td": {"colspan", "rowspan", "align"},
} | {tag: set(_MATH_ATTRIBUTES.split()) for tag in MATH.split()}
# Dropped with all they contain, where other unknown elements leave their text.
_GONE = {"script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "title"}
_SCHEMES = {"http", "https", "mailto", "data"}
_STYLES = {
    "color", "background-color", "font-weight", "font-style", "text-align", "text-decoration",
    "width", "max-width", "min-width", "height", "max-height", "border", "border-color",
    "border-collapse", "padding", "margin", "white-space", "vertical-align", "opacity",
}  # fmt: skip
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")
# What highlighting, terminal colours and task lists write; nothing of the page's own.
_PLAIN_CLASS = re.compile(r"highlight|ansi-[a-z-]+|task-list-item|footnotes?(?:-[\w-]+)?")
_TOKENS = set(STANDARD_TYPES.values())
PREFIX = "content-"


class Places(Protocol):
    """Where the relative addresses in a document lead."""

    def link(self, address: str) -> str | None:
        """Return the address to link to, or None for no link."""

    def picture(self, address: str) -> str | None:
        """Return the address to show a picture from, or None for none."""


def sanitize(html: str, places: Places, *, styled: bool = False) -> str:
    """Return `html` with nothing in it but text, links, pictures, tables and formulas.

    Relative addresses become what `places` says; pictures of other sites are left out. Ids get
    a prefix, so that none is taken for one of the page's own. `styled` keeps harmless inline
    styles and every class, for documents in a frame of their own.
    """

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return _link(value, places)
        if name == "src":
            return _picture(value, places)
        if name == "class" and not styled:
            words = value.split()
            return " ".join(w for w in words if w in _TOKENS or _PLAIN_CLASS.fullmatch(w))
        return value

    attributes = {tag: set(names) for tag, names in _ATTRIBUTES.items()}
    if styled:
        attributes["*"].add("style")
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=attributes,
        attribute_filter=attribute,
        url_schemes=_SCHEMES,
        id_prefix=PREFIX,
        filter_style_properties=_STYLES if styled else None,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}} if styled else {},
    )


def _link(address: str, places: Places) -> str | None:
    if address.startswith("#"):
        return "#" + PREFIX + address[1:]
    if _SCHEME.match(address):
        return None if address.lower().startswith("data:") else address
    return places.link(address)


def _picture(address: str, places: Places) -> str | None:
    if re.match(r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]", address, re.IGNORECASE):
        return address
    if _SCHEME.match(address):
        return None
    return places.picture(address)

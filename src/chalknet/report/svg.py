"""SVG fit to stand inside the page: it follows light and dark, and its ids are its own.

The plots are drawn in the colours of ``INK``, which mean nothing in themselves: here each becomes
one of the page's CSS variables.
"""

from __future__ import annotations

import re

# The text parsed here is what matplotlib has just written, never a file from outside.
from xml.etree import ElementTree as ET

from markupsafe import Markup

__all__ = ["INK", "inline_svg"]

INK = {
    "ink": "#010203",
    "soft": "#020304",
    "line": "#030405",
    "paper": "#040506",
    "blue": "#050607",
    "orange": "#060708",
}
_VARIABLES = {colour: f"var(--{name})" for name, colour in INK.items()}
_REFERENCE = re.compile(r"#([^)]+)")
_FONT = re.compile(r"(?:(\d+)\s+)?([\d.]+)px.*", re.DOTALL)


def inline_svg(svg: str, *, prefix: str, label: str) -> Markup:
    """``svg`` as markup to put into HTML.

    Parameters
    ----------
    svg : str
        A whole SVG document drawn in the colours of ``INK``.
    prefix : str
        What the ids start with: ids are one name space for the whole page.
    label : str
        What the drawing shows, for those who cannot see it.
    """
    root = ET.fromstring(svg)  # noqa: S314
    used = _references(root)
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) == "metadata" or _is_global_style(child):
                parent.remove(child)
        parent.tag = _local(parent.tag)
        parent.attrib = {
            _local(key): _rewritten(_local(key), value, prefix)
            for key, value in parent.attrib.items()
            if key != "id" or value in used
        }
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib |= {"class": "plot", "role": "img", "aria-label": label}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_global_style(element: ET.Element) -> bool:
    """matplotlib's ``* { … }`` rule, which inside a page would restyle the page."""
    return _local(element.tag) == "defs" and [_local(child.tag) for child in element] == ["style"]


def _references(root: ET.Element) -> set[str]:
    return {
        name
        for element in root.iter()
        for key, value in element.attrib.items()
        if _local(key) in {"href", "clip-path"}
        for name in _REFERENCE.findall(value)
    }


def _rewritten(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return f"{prefix}-{value}"
    if key in {"href", "clip-path"}:
        return _REFERENCE.sub(rf"#{prefix}-\1", value)
    if key == "style":
        declarations = (_declaration(part) for part in value.split(";"))
        return "; ".join(declaration for declaration in declarations if declaration)
    return _VARIABLES.get(value.lower(), value)


def _declaration(text: str) -> str:
    name, _, value = (part.strip() for part in text.partition(":"))
    # Size and weight only: the family is the page's. Some versions write the shorthand.
    if not name or name == "font-family":
        return ""
    font = _FONT.fullmatch(value) if name == "font" else None
    if font:
        weight = f"font-weight: {font[1]}; " if font[1] else ""
        return f"{weight}font-size: {font[2]}px"
    return f"{name}: {_VARIABLES.get(value.lower(), value)}"

"""Pages from templates that extend the shell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["render_fragment", "render_page"]


def render_page(package: str, template: str, /, **content: Any) -> str:
    """A page: a template of ``package`` (its folder ``templates``) that extends ``page.html``.

    The shell fills the head with the content security policy (no script, nothing fetched) and its
    style sheet, which follows the reader's choice of light or dark and prints. The template fills
    the blocks ``title``, ``style``, ``header``, ``main`` and, if it has more to say, ``footer``;
    ``parts.html`` has macros for names that somebody else chose and for what may be too wide.
    All that is put in is escaped unless it is ``markupsafe.Markup``.

    Parameters
    ----------
    package : str
        "chalknet.report"
    template : str
        "report.html"
    content
        What the template takes; a name that it uses and is not given is an error.
    """
    return _filled(package, template, content)


def render_fragment(package: str, template: str, /, **content: Any) -> str:
    """A piece of a page, for a notebook: any template of ``package``, filled in the same way."""
    return _filled(package, template, content)


def _filled(package: str, template: str, content: Mapping[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package), jinja2.PackageLoader("chalknet.pages")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(content)

"""Text for the model, from the Markdown files beside this module, with strict `${name}` placeholders."""

from __future__ import annotations

from functools import cache
from importlib import resources
from string import Template


@cache
def _template(name: str) -> Template:
    path = resources.files(__package__ or "leadline.prompts").joinpath(f"{name}.md")
    return Template(path.read_text(encoding="utf-8").strip())


def render(name: str, /, **values: str) -> str:
    """The text `name`.md with its placeholders filled.

    Raises KeyError for a placeholder without a value and ValueError for a value without a placeholder, so that a
    prompt and the code that fills it can't drift apart.
    """
    template = _template(name)
    unused = values.keys() - set(template.get_identifiers())
    if unused:
        raise ValueError(f"{name}.md has no placeholder for {', '.join(sorted(unused))}")
    return template.substitute(values)

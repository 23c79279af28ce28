"""Writes templates of destinations down as tables, so that a page about them says what they say themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.destination_template import DestinationTemplate, TemplateField

HEAD = "| field | what it holds | what it is |\n|---|---|---|"


def template_tables(templates: Iterable[DestinationTemplate]) -> str:
    """For each template its name, what it does and calls, and a Markdown table of its fields, in their order."""
    return "\n\n".join("\n".join(_lines(template)) for template in templates)


def _lines(template: DestinationTemplate) -> Iterator[str]:
    called = f"[`{template.verb} {template.path}`]({template.documentation})"
    yield f"**`{template.name}`** ({called}): {template.about}"
    yield ""
    yield HEAD
    for field in template.fields:
        explained = field.help.replace("|", "\\|")
        found = f" It can be looked up: `{field.look_up}(…)`." if field.look_up else ""
        yield f"| `{field.name}` | {_kind(field)} | {explained}{found} |"


def _kind(field: TemplateField) -> str:
    kind = f"one of {', '.join(map(str, field.choices))}" if field.choices else field.kind.value
    return f"required: {kind}" if field.required else kind

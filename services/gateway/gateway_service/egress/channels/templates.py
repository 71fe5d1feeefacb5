"""Templates that a provider approved: which one a message fills, and with what."""

from dataclasses import dataclass

from gateway_service.dispatch.domain import Letter


@dataclass(frozen=True, slots=True)
class Filled:
    """A template as the provider names it, and its variables."""

    template: str
    fields: dict[str, str]


class NoTemplate(Exception):
    """None is set for messages of this purpose."""


def parsed(setting: str) -> dict[str, tuple[str, str]]:
    """`purpose=TEMPLATE:variable,…`: the template of each purpose, whose variable takes the text.

    Raises ValueError.
    """
    found = {}
    for part in filter(None, (each.strip() for each in setting.split(","))):
        purpose, _, rest = part.partition("=")
        template, _, variable = rest.rpartition(":")
        if not (purpose and template and variable):
            raise ValueError(f"not purpose=TEMPLATE:variable: {part}")
        found[purpose] = template, variable
    return found


def filled(letter: Letter, by_purpose: dict[str, tuple[str, str]]) -> Filled:
    """The message's own template; else that of its purpose, with the whole text in its variable, or
    with the one field of that name. Raises NoTemplate."""
    content = letter.content
    if content.template:
        return Filled(content.template, dict(content.fields))
    if letter.purpose not in by_purpose:
        raise NoTemplate
    template, variable = by_purpose[letter.purpose]
    return Filled(template, {variable: content.fields.get(variable, content.text)})

"""The scenes that ship: one file each."""

from pathlib import Path

from contracts.templates import TemplateRequest


def shipped() -> list[TemplateRequest]:
    """All of them, by key."""
    files = sorted(Path(__file__).parent.glob("*.json"))
    return [TemplateRequest.model_validate_json(file.read_bytes()) for file in files]

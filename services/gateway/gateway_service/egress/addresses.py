"""Which of a member's addresses messages go to. Pure."""

from contracts.classification import Kind
from contracts.identity_inner import Addressee
from contracts.sealed import Sealed


def newest(person: Addressee, kind: Kind | None) -> Sealed | None:
    """The address of this kind that was linked last, sealed; None where there is none."""
    found = [each for each in person.identifiers if each.kind is kind and each.value is not None]
    if not found:
        return None
    return Sealed.parse(max(found, key=lambda one: one.linked_at).value or "")

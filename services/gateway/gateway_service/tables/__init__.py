"""The whole schema `gateway`, a page a feature; chassis has tables of its own in it."""

from gateway_service.tables.access import Client, SigningKey, WriteKey
from gateway_service.tables.audit import AuditEntry, Checkpoint, Lane
from gateway_service.tables.birthdays import Birthday
from gateway_service.tables.collect import Quarantine
from gateway_service.tables.consents import (
    Consent,
    ConsentEvent,
    ConsentHead,
    MergedMember,
    NoticeVersion,
)
from gateway_service.tables.egress import SandboxOutbox

__all__ = [
    "AuditEntry",
    "Birthday",
    "Checkpoint",
    "Client",
    "Consent",
    "ConsentEvent",
    "ConsentHead",
    "Lane",
    "MergedMember",
    "NoticeVersion",
    "Quarantine",
    "SandboxOutbox",
    "SigningKey",
    "WriteKey",
]

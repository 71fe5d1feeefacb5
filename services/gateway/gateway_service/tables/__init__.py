"""The whole schema `gateway`, a page a feature; chassis has tables of its own in it."""

from gateway_service.tables.access import (
    AuthorizationCode,
    Client,
    ClientKey,
    LoginCode,
    RefreshToken,
    Revocation,
    SigningKey,
    StaffUser,
    TokenFamily,
    WriteKey,
)
from gateway_service.tables.audit import AuditEntry, Checkpoint, Lane
from gateway_service.tables.birthdays import Birthday
from gateway_service.tables.channels import (
    EarlyReceipt,
    OutgoingMessage,
    ProviderStanding,
    ProviderToken,
)
from gateway_service.tables.cleaning import Correction
from gateway_service.tables.collect import EventSchema, Quarantine
from gateway_service.tables.consents import (
    Consent,
    ConsentEvent,
    ConsentHead,
    MergedMember,
    NoticeVersion,
)
from gateway_service.tables.egress import SandboxOutbox, Suppression
from gateway_service.tables.imports import ImportJob, ImportPart
from gateway_service.tables.incidents import Incident, IncidentMember
from gateway_service.tables.reading import (
    Child,
    FigureBudget,
    GivenFigure,
    KnownStore,
    PlainRead,
    ReadApproval,
)
from gateway_service.tables.rights import RightsAnswer, RightsRequest
from gateway_service.tables.unsubscribe import UnsubscribeLink
from gateway_service.tables.vault import DataKey, Rotation, Tombstone, WrappingKey
from gateway_service.tables.webhooks import Webhook, WebhookMessage

__all__ = [
    "AuditEntry",
    "AuthorizationCode",
    "Birthday",
    "Checkpoint",
    "Child",
    "Client",
    "ClientKey",
    "Consent",
    "ConsentEvent",
    "ConsentHead",
    "Correction",
    "DataKey",
    "EarlyReceipt",
    "EventSchema",
    "FigureBudget",
    "GivenFigure",
    "ImportJob",
    "ImportPart",
    "Incident",
    "IncidentMember",
    "KnownStore",
    "Lane",
    "LoginCode",
    "MergedMember",
    "NoticeVersion",
    "OutgoingMessage",
    "PlainRead",
    "ProviderStanding",
    "ProviderToken",
    "Quarantine",
    "ReadApproval",
    "RefreshToken",
    "Revocation",
    "RightsAnswer",
    "RightsRequest",
    "Rotation",
    "SandboxOutbox",
    "SigningKey",
    "StaffUser",
    "Suppression",
    "TokenFamily",
    "Tombstone",
    "UnsubscribeLink",
    "Webhook",
    "WebhookMessage",
    "WrappingKey",
    "WriteKey",
]

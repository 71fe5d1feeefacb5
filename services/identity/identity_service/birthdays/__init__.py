"""Telling birthdays, sealed, to the gateway, which knows on which days they are."""

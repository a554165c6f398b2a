"""Conversation records: what is written of a call, and what is not."""

from ivrbox.cdr.records import CallRecord, MessageRecord, TurnRecord
from ivrbox.cdr.redact import DOTS, PiiFilter, Redactor, Secret, hash_caller
from ivrbox.cdr.store import Store

__all__ = [
    "DOTS",
    "CallRecord",
    "MessageRecord",
    "PiiFilter",
    "Redactor",
    "Secret",
    "Store",
    "TurnRecord",
    "hash_caller",
]

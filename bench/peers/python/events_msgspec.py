"""The event as a user of msgspec writes it down: types, and times as times."""
from datetime import datetime
from typing import Any

from msgspec import Struct


class ClientInfo(Struct):
    user_agent: str
    screen_resolution: str
    language: str


class ServiceInfo(Struct):
    service_name: str
    service_version: str
    environment: str


class ProcessingInfo(Struct):
    received_at: datetime
    processed_at: datetime
    processing_ms: float


class Event(Struct):
    event_id: str
    request_id: str
    event_type: str
    timestamp: datetime
    user_id: str
    session_id: str
    page_url: str
    event_data: dict[str, Any]
    client_info: ClientInfo
    service_info: ServiceInfo
    processing_info: ProcessingInfo


class Fields(Struct):
    """Three fields alone: the rest is skipped."""

    event_id: str
    event_type: str
    user_id: str

"""The event as a user of pydantic writes it down: types, times and URL; ids as text."""
from typing import Any

from pydantic import AnyUrl, AwareDatetime, BaseModel


class ClientInfo(BaseModel):
    user_agent: str
    screen_resolution: str
    language: str


class ServiceInfo(BaseModel):
    service_name: str
    service_version: str
    environment: str


class ProcessingInfo(BaseModel):
    received_at: AwareDatetime
    processed_at: AwareDatetime
    processing_ms: float


class Event(BaseModel):
    event_id: str
    request_id: str
    event_type: str
    timestamp: AwareDatetime
    user_id: str
    session_id: str
    page_url: AnyUrl
    event_data: dict[str, Any]
    client_info: ClientInfo
    service_info: ServiceInfo
    processing_info: ProcessingInfo

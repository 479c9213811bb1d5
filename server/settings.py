"""Settings: what an operator may change, as environment variables that begin with POCHE_."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

import cities


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="POCHE_", frozen=True)

    city: str = Field(default="nantes", description="The city meant where a query names none.")
    cities: Path = Field(default=cities.HERE, description="The folder of city files.")
    upstream: str | None = Field(
        default=None, description="Ask all upstreams at this address instead: the sandbox."
    )
    store: str | None = Field(
        default=None, description="The Valkey or Redis that replicas share: redis://…"
    )
    deadline_s: float = Field(default=10, gt=0, description="Seconds a request may take.")
    max_body: int = Field(default=131_072, gt=0, description="Bytes of a request's body.")
    max_query: int = Field(default=65_536, gt=0, description="Characters of a document.")
    max_tokens: int = Field(default=1_000, gt=0, description="Tokens of a document.")
    partial_success_status: Literal[200, 294] = Field(
        default=200, description="Status of data that comes with errors (GraphQL over HTTP draft)."
    )
    warm: bool = Field(default=True, description="Read every source once when starting.")
    log: Literal["json", "console"] = Field(default="console", description="How logs are written.")

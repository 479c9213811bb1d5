"""Settings: what an operator may change, as environment variables that begin with POCHE_."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

import cities

PREFIX = "POCHE_"


def _listed(value: Any) -> Any:
    """A list as an environment variable has it: JSON."""
    return json.loads(value) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Settings(BaseModel):
    """As the environment has them, or as they are given; pydantic.ValidationError."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    city: str = Field(default="nantes", description="The city meant where a query names none.")
    cities: Path = Field(default=cities.HERE, description="The folder of city files.")
    # Not before it is needed: in a container a user may have no home.
    data: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default=Path("~/.cache/poche"),
        validate_default=True,
        description="Where timetables, and reports on their way, are kept.",
    )
    services: str | None = Field(
        default=None,
        description="Serve this part of the schema, as one subgraph of several: "
        "`stops,routes`, or all but those: `-stops,-routes`.",
    )
    upstream: str | None = Field(
        default=None, description="Ask all upstreams at this address instead: the sandbox."
    )
    store: str | None = Field(
        default=None, description="The Valkey or Redis that replicas share: redis://…"
    )
    deadline_s: float = Field(default=10, gt=0, description="Seconds a request may take.")
    max_body: int = Field(default=131_072, gt=0, description="Bytes of a request's body.")
    max_url: int = Field(default=16_384, gt=0, description="Bytes of a URL's query.")
    read_s: float = Field(default=10, gt=0, description="Seconds a body may take to arrive.")
    max_query: int = Field(default=65_536, gt=0, description="Characters of a document.")
    max_tokens: int = Field(default=1_000, gt=0, description="Tokens of a document.")
    max_tokens_with_key: int = Field(
        default=4_000, gt=0, description="The same, of a client with a key, or of a manifest."
    )
    max_depth: int = Field(default=12, gt=0, description="Fields inside of fields.")
    max_aliases: int = Field(default=30, ge=0, description="Aliases, wherever fragments put them.")
    max_root_fields: int = Field(default=20, gt=0, description="Root fields of an operation.")
    max_directives: int = Field(default=50, ge=0, description="Directives, in all fragments.")
    max_fields: int = Field(default=2_000, gt=0, description="Fields, with fragments expanded.")
    max_duplicate_keys: int = Field(
        default=50, ge=0, description="Fields of one object that share another one's response key."
    )
    max_nodes: int = Field(default=10_000, gt=0, description="Objects an answer may have.")
    max_cost: float = Field(default=1_000, gt=0, description="Points of one operation.")
    documents: Path | None = Field(
        default=None, description="The folder of persisted documents' manifests."
    )
    clients: Path | None = Field(default=None, description="The TOML file of partners.")
    pepper: SecretStr | None = Field(
        default=None, description="What partners' keys are hashed with; not kept beside them."
    )
    anonymous: Literal["open", "automatic", "safelist", "off"] = Field(
        default="automatic",
        description="What those without a key may ask: anything, and register it, too; "
        "what is registered already; or nothing.",
    )
    anonymous_mutations: bool = Field(
        default=False, description="Whether those without a key may report something to a city."
    )
    log_unknown: bool = Field(
        default=False, description="Count what a safelist would refuse those without a key."
    )
    rate: float = Field(
        default=100, ge=0, description="Points a second for an address without a key; 0: no end."
    )
    burst: int = Field(default=1_000, ge=1, description="Points that it may spend at once.")
    concurrency: int = Field(
        default=100, ge=0, description="Executions at a time for such an address; 0: no end."
    )
    introspection: Literal["on", "off"] = Field(
        default="on", description="Whether clients may ask for the schema itself."
    )
    query_method: bool = Field(
        default=False, description="Answer HTTP's QUERY method, too: a safe POST."
    )
    cors_origins: Texts = Field(
        default=(), description='Sites whose pages may ask: ["https://…"], or ["*"] for all.'
    )
    live_clients: int = Field(
        default=5_000, gt=0, description="Clients with live updates at a time, of each worker."
    )
    live_per_address: int = Field(
        default=500, gt=0, description="The same, from one address (IPv6: one /64)."
    )
    live_points: int = Field(
        default=100_000, gt=0, description="Points of all open subscriptions, of each worker."
    )
    live_points_per_address: int = Field(
        default=2_000, gt=0, description="The same, from one address."
    )
    live_per_socket: int = Field(
        default=50, gt=0, description="Operations at a time over one WebSocket."
    )
    socket_init_s: float = Field(
        default=10, gt=0, description="Seconds that a WebSocket may take to say hello."
    )
    remember_bytes: int = Field(
        default=1 << 26, ge=0, description="Bytes of answers that each worker remembers; 0: none."
    )
    executor: Literal["compiled", "graphql-core", "both"] = Field(
        default="compiled",
        description="Who executes queries; both: compiled, and now and then compared.",
    )
    partial_success_status: Literal[200, 294] = Field(
        default=200, description="Status of data that comes with errors (GraphQL over HTTP draft)."
    )
    drain_s: float = Field(
        default=0,
        ge=0,
        description="Seconds served on after SIGTERM, not ready, for load balancers to notice.",
    )
    trace: float = Field(
        default=0, ge=0, le=1, description="Share of requests that OpenTelemetry traces; 0: none."
    )
    trace_upstreams: Texts = Field(
        default=(), description='Hosts that are told which trace a call is part of: ["a.host"].'
    )
    warm: bool = Field(default=True, description="Read every source once when starting.")
    log: Literal["json", "console"] = Field(default="console", description="How logs are written.")

    def __init__(self, **given: Any) -> None:
        said = {word.upper(): text for word, text in os.environ.items()}
        names = {name: f"{PREFIX}{name}".upper() for name in type(self).model_fields}
        found = {name: said[word] for name, word in names.items() if word in said}
        super().__init__(**{**found, **given})

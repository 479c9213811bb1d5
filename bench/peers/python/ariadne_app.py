"""Ariadne as its documentation has it, over plain dicts."""

import os
from pathlib import Path
from typing import Any

from ariadne import ObjectType, QueryType, make_executable_schema
from ariadne.asgi import GraphQL
from city import Loaders, get

query, post, stop = QueryType(), ObjectType("Post"), ObjectType("HomeStop")
query.set_field("greet", lambda *_: "Hello World!")
query.set_field("hello", lambda *_, name: f"Hello {name}!")
query.set_field("posts", lambda *_, key: get(f"/posts?key={key}"))
query.set_field("homeStop", lambda *_, id, key: get(f"/stop?id={id}&key={key}"))
query.set_field(
    "homeNearby", lambda *_, lat, lon, key: get(f"/nearby?lat={lat}&lon={lon}&key={key}")
)
query.set_field("homePools", lambda *_, key: get(f"/pools?key={key}"))
query.set_field("homeSchool", lambda *_, id, key: get(f"/school?id={id}&key={key}"))
query.set_field("homeBikes", lambda *_, key: get(f"/bikes?key={key}"))


@post.field("user")
async def user(one: Any, info: Any, key: int) -> Any:
    info.context["loaders"].key = key
    return await info.context["loaders"].users.load(one["userId"])


@stop.field("departures")
async def departures(one: Any, info: Any, key: int) -> Any:
    info.context["loaders"].key = key
    return await info.context["loaders"].departures.load(one["id"])


schema = make_executable_schema(Path(os.environ["SDL"]).read_text("utf-8"), query, post, stop)
app = GraphQL(
    schema, context_value=lambda request, _=None: {"request": request, "loaders": Loaders()}
)

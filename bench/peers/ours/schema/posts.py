"""Posts and users: the shape of the public graphql-benchmarks."""

from typing import Annotated

import strawberry

from schema.cost import LIVE, about
from schema.key import Info, Key

KeyArgument = Annotated[int, strawberry.argument(description="Asked anew for each number.")]


@strawberry.type(description="A user.")
class User:
    id: int
    name: str
    username: str
    email: str
    phone: str | None
    website: str | None


class UserWith(Key[User | None]):
    city: str
    id: int
    key: int


@strawberry.type(description="A post.")
class Post:
    id: int
    user_id: int
    title: str
    body: str

    @strawberry.field(description="Who wrote it.")
    async def user(self, info: Info, key: KeyArgument) -> User | None:
        return await info.context.load(UserWith(info.context.city(None), self.user_id, key))


class PostsIn(Key[list[Post]]):
    city: str
    key: int


@strawberry.type
class Query:
    @strawberry.field(description="The same for everybody.")
    def greet(self) -> str:
        return "Hello World!"

    @strawberry.field(description="To each their own.")
    def hello(self, name: str) -> str:
        return f"Hello {name}!"

    @strawberry.field(description="All posts.", directives=[LIVE, about(100)])
    async def posts(self, info: Info, key: KeyArgument) -> list[Post] | None:
        return await info.context.load(PostsIn(info.context.city(None), key))

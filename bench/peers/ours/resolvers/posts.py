"""Posts and users: one read each, however many are asked for."""

from collections.abc import Sequence

from resolvers.loaders import Loaders, answers, answers_many
from schema.posts import Post, PostsIn, User, UserWith


@answers(PostsIn)
async def posts_in(ask: Loaders, key: PostsIn) -> Sequence[Post]:
    return (await ask.keyed(Post, key.city, f"posts?key={key.key}")).items


@answers_many(UserWith, "city", "key")
async def users_with(ask: Loaders, keys: list[UserWith]) -> list[User | None]:
    ids = "&".join(f"id={one.id}" for one in keys)
    found = await ask.keyed(User, keys[0].city, f"users?key={keys[0].key}&{ids}")
    users = found.by(_id)
    return [users.get(one.id) for one in keys]


def _id(user: User) -> int:
    return user.id

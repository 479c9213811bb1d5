"""Posts and users: as the upstream has them."""

from schema.posts import Post, User
from sources.reading import reads
from sources.row import Row


def number(row: Row, name: str) -> float:
    """ValueError where there is none."""
    found = row.find_number(name)
    if found is None:
        raise ValueError(f"no {name}")
    return found


@reads(Post, "id userId title body")
def post(row: Row) -> Post:
    """One post; ValueError if something is missing."""
    return Post(
        id=int(number(row, "id")),
        user_id=int(number(row, "userId")),
        title=row.text("title"),
        body=row.text("body"),
    )


@reads(User, "id name username email phone website", part="users")
def user(row: Row) -> User:
    """One user; ValueError if something is missing."""
    return User(
        id=int(number(row, "id")),
        name=row.text("name"),
        username=row.text("username"),
        email=row.text("email"),
        phone=row.find_text("phone"),
        website=row.find_text("website"),
    )

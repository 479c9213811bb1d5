"""Bail: the two ways in which an operation is left to graphql-core."""


class Unsupported(Exception):
    """The operation is not compiled at all; `reason` is one of few words, for metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Bail(Exception):
    """What a field found is not what its type says; graphql-core has the words for that."""

    def __init__(self, about: str = "", reason: str = "value") -> None:
        super().__init__(about)
        self.about = about  # the field's coordinate, if the code that raised it does not tell
        self.reason = reason

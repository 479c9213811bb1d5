"""What can go wrong between us and a city.

* SourceError               extensions: code, city, service, source, retryAfter
  - Unavailable  UNAVAILABLE  down, slow, failing, or its breaker is open
      - Overdue  DEADLINE     it may be well, but this request had no time left for it
      - Unheard  UNAVAILABLE  nothing was said to it at all: nobody there, or its breaker is open
  - Refused      REFUSED      it answered, and said no (401, 403, a redirect elsewhere)
      - OverQuota    REFUSED  its quota is spent: it said so (429), or we keep from asking
  - Changed      CHANGED      it answered, and nothing in it could be read
      - Rejected  CHANGED     it would not have the call (any other 4xx)
          - Invalid  CHANGED  because of what is in it (400, 422)
  - Broken       INTERNAL     a bug of ours while reading it: the log has it in full
  - NotOffered   NOT_OFFERED  this city has no such service

Raised only here, in `sources/`. What a client may read is the class's own
sentence; what went wrong exactly is for the log and `Query.sources`.
"""

from cities import Binding


class SourceError(Exception):
    """Base of every upstream failure; `extensions` is what GraphQL clients see."""

    code = "SOURCE_ERROR"
    sentence = "{source} cannot be read."

    def __init__(
        self, detail: str, binding: Binding, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(self.sentence.format(source=binding.source))
        self.detail = detail
        self.binding = binding
        self.retry_after_s = retry_after_s
        self.extensions: dict[str, object] = {
            "code": self.code,
            "city": binding.city,
            "service": binding.service,
            "source": binding.source,
        }
        if retry_after_s is not None:
            self.extensions["retryAfter"] = max(1, round(retry_after_s))

    def again(self, binding: Binding | None = None) -> "SourceError":
        """The same for another asker: an exception carries the way it was raised."""
        return type(self)(self.detail, binding or self.binding, retry_after_s=self.retry_after_s)


class Unavailable(SourceError):
    code = "UNAVAILABLE"
    sentence = "{source} does not answer at the moment."


class Overdue(Unavailable):
    code = "DEADLINE"
    sentence = "{source} did not answer within this request's time."


class Unheard(Unavailable):
    pass


class Refused(SourceError):
    code = "REFUSED"
    sentence = "{source} refuses to answer at the moment."


class OverQuota(Refused):
    pass


class Changed(SourceError):
    code = "CHANGED"
    sentence = "{source} answered with something that cannot be read."


class Rejected(Changed):
    pass


class Invalid(Rejected):
    pass


class Broken(SourceError):
    code = "INTERNAL"
    sentence = "{source} cannot be read: something went wrong on our side."


class NotOffered(Exception):
    """This city has no such service: there is no binding to speak of."""

    def __init__(self, city: str, service: str) -> None:
        super().__init__(f"{city} has no {service}.")
        self.extensions: dict[str, object] = {
            "code": "NOT_OFFERED",
            "city": city,
            "service": service,
        }


def forget(error: BaseException | None) -> None:
    """How it was raised: all that was at work then would stay till somebody looks for cycles."""
    chain: set[int] = set()
    while error is not None and id(error) not in chain:
        chain.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__

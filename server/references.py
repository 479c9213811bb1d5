"""References: the ways to name a document instead of sending it.

documentId                             of the GraphQL over HTTP draft, and of our paths
extensions.persistedQuery.sha256Hash   Apollo's
doc_id, id                             Relay's
"""

import re
from typing import NamedTuple

from server.errors import RequestError
from server.parameters import Parameters, bad_request

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Reference(NamedTuple):
    """Which document a request names; `apollo` if by Apollo's protocol."""

    id: str
    apollo: bool = False


def reference(asked: Parameters) -> Reference | None:
    """Which document a request names, in any of the ways to; RequestError (422)."""
    given = {one for one in (asked.document_id, asked.doc_id, asked.id) if one}
    apollo = _apollo(asked)
    if len(given) + (apollo is not None) > 1:
        raise RequestError(422, bad_request("Name one document, in one way."))
    if apollo is not None:
        return apollo
    if not given:
        return None
    [name] = given
    prefix, colon, _ = name.partition(":")
    if colon and not prefix.startswith("x-") and not DIGEST.fullmatch(name):
        message = "A document's id is `sha256:` and 64 hexadecimal digits, or has no `:`."
        raise RequestError(422, bad_request(message))
    return Reference(name)


def _apollo(asked: Parameters) -> Reference | None:
    given = (asked.extensions or {}).get("persistedQuery")
    if given is None:
        return None
    if not isinstance(given, dict) or given.get("version") != 1:
        raise RequestError(422, bad_request("`persistedQuery` has the version 1."))
    name = given.get("sha256Hash")
    if not isinstance(name, str) or not DIGEST.fullmatch(f"sha256:{name.lower()}"):
        raise RequestError(422, bad_request("`sha256Hash` is 64 hexadecimal digits."))
    return Reference(f"sha256:{name.lower()}", apollo=True)

"""Secrets: the keys of upstreams, put where each wants its own, and kept out of all that is said.

A key comes from the environment, or from the city file if its publisher prints it.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus, urlencode

import msgspec

from cities import Binding


class Signature(NamedTuple):
    """What a key adds to a request: to its query, its headers, or its body, a form or JSON."""

    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    form: bytes = b""


class Secrets:
    """`environment` is where keys are looked up (`Binding.secret_name`)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def signature(self, binding: Binding) -> Signature:
        """The upstream's key where the city file says it goes; nothing if there is none."""
        key, secret = binding.key, self._find(binding)
        if key is None or secret is None:
            return Signature()
        if key.place == "query":
            return Signature(query={key.name: secret})
        if key.place == "header":
            return Signature(headers={key.name: key.prefix + secret})
        if key.place == "form":
            return Signature(form=b"&" + urlencode({key.name: secret}).encode())
        if key.place == "json":
            account = dict(zip(key.name.split(), secret.split(":", 1), strict=False))
            return Signature(form=msgspec.json.encode(account))
        return Signature(headers={"authorization": f"Basic {_basic(secret)}"})

    def hushed(self, text: str, binding: Binding) -> str:
        """What an upstream said, or an error about it, without its key: for logs and clients."""
        secret = self._find(binding)
        if secret is not None:
            _, _, password = secret.partition(":")  # of an account
            forms = (secret, quote(secret, ""), quote_plus(secret), _basic(secret), password)
            for form in filter(None, forms):
                text = text.replace(form, "…")
        return text

    def _find(self, binding: Binding) -> str | None:
        if binding.key is None:
            return None
        return self._environment.get(binding.secret_name) or binding.key.public


def _basic(secret: str) -> str:
    return b64encode(f"{secret}:".encode()).decode()

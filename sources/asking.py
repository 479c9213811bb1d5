"""Asking: the door (`http.py`), opened for one binding and one read: what protocols call."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

from cities import Binding
from sources.errors import Changed
from sources.exchange import Address, Question, escaped, parsed
from sources.protocols import Reply
from sources.replies import CONDITIONS, Validators
from sources.secrets import Signature

if TYPE_CHECKING:
    from sources.http import Door

HEADERS = {"user-agent": "poche/0.1", "accept-encoding": "gzip"}
Complaint = Callable[[bytes], str | None]


class Asking:
    """One read: where it is asked really, with which key, and whether it has to be sent whole."""

    def __init__(
        self, door: "Door", binding: Binding, complaint: Complaint, validators: Validators
    ) -> None:
        self._door = door
        self._validators = validators
        self.binding = binding
        self.complaint = complaint
        self.conditional = False
        self.fresh: dict[str, dict[str, str]] = {}  # validators of what was read

    @property
    def now(self) -> datetime:
        return self._door.clock()

    async def get(
        self,
        url: str,
        params: Mapping[str, str | Sequence[str]] = {},
        headers: Mapping[str, str] = {},
        *,
        whole: bool = False,
    ) -> Reply:
        asked = self._address(url, params)
        conditions = self._validators.get(asked.url, {}) if whole else {}
        self.conditional = bool(conditions)
        question = self._question("GET", asked, {**headers, **conditions}, None)
        reply = await self._door.call(self, question, once=False)
        if whole:
            said = {
                condition: reply.headers[name]
                for name, condition in CONDITIONS.items()
                if name in reply.headers
            }
            self.fresh = {asked.url: said} if said else {}
        return reply

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str] = {}, *, once: bool = False
    ) -> Reply:
        self.conditional = False
        question = self._question("POST", self._address(url), headers, body)
        return await self._door.call(self, question, once=once)

    def _address(self, url: str, params: Mapping[str, str | Sequence[str]] = {}) -> Address:
        """What is asked, with these parameters if there are any instead of its own."""
        try:
            asked = parsed(url)
            if not params:
                return asked
            where = asked.url.partition("#")[0].partition("?")[0]
            return parsed(f"{where}?{urlencode(params, doseq=True)}")
        except httpx.InvalidURL as error:
            raise Changed(f"not an address to ask: {error}", self.binding) from None

    def _question(
        self, method: str, asked: Address, headers: Mapping[str, str], body: bytes | None
    ) -> Question:
        """It as it is really asked: where, and with our key if it is for whom is asked."""
        binding = self.binding
        home = escaped(str(binding.options.get("url", "")))
        at_home = asked.at_home(home)  # a payload may name another host: our key is not for it
        signature = self._door.secrets.signature(binding) if at_home else Signature()
        address = self._door.address(asked, binding)
        if signature.query:  # not before: an address that is refused is told
            address = str(httpx.URL(address).copy_merge_params(signature.query))
        if body is not None:
            body += signature.form
        headers = {**HEADERS, **headers, **signature.headers}
        return Question(method, address, headers, body, asked.host, binding)

"""Documents: queries that a client names instead of sending them, and who may send what.

`POCHE_DOCUMENTS` is a folder of manifests. What lies in it is everybody's, what
lies in a folder `tram-app` is the client's of that name alone. Every document is
known by its own id and by `sha256:` and the digest of its text. Each is planned, and
compiled, when it is read, so no client is ever the first to pay; but for those of our own
pages (`own_documents.py`). Automatic ones, which clients register while they run, lie in the
store, a shelf for each client.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import structlog
from graphql import GraphQLError

from server.clients import Client
from server.document import Document, name_of
from server.errors import RequestError
from server.manifests import Entry, Files, ManifestError, digest, read
from server.own_documents import OwnDocuments
from server.parameters import Parameters, bad_request
from server.planning import Plan, Planner
from server.references import DIGEST, Reference, reference
from server.reloading import Signature
from sources.store import Store

log = structlog.get_logger("server")

AUTOMATIC = 500  # registered documents of one client; those used last are kept


class Documents:
    """Finds the document of a request, by its id or its text.

    `planner` makes the plans of clients with a key, and of all manifests;
    `anonymous` those of what nobody in particular sends. `clients` tells whose
    folders there may be; `pages` has the manifests of our own pages, by their names;
    `prepare` makes of a plan what executing it takes, in whatever thread.
    """

    def __init__(
        self,
        folder: Path | None,
        planner: Planner,
        anonymous: Planner,
        store: Store,
        clients: Callable[[], Collection[str]] | None = None,
        pages: Mapping[str, Path] | None = None,
        prepare: Callable[[Plan], None] | None = None,
    ) -> None:
        self.version = 0  # how often they were read
        self.ready = True  # for everybody's first query
        self.unknown: Counter[str] = Counter()  # what a safelist refuses, or would, by client
        self._folder = folder
        self._manifests = None if folder is None else Files(folder)
        self._planner = planner
        self._anonymous = anonymous
        self._store = store
        self._clients = clients
        self._prepare = prepare
        self._own = OwnDocuments(pages or {}, self._prepared)
        self._signatures: dict[Path, Signature | None] = {}
        self._files: dict[Path, list[Entry]] = {}
        self._refused: dict[Path, str] = {}
        self._index: dict[tuple[str | None, str], Document] = {}
        self._invalid: dict[str, str] = {}
        self._told: dict[str, str] = {}  # the problems that are in the log
        self._load()

    @property
    def problems(self) -> Mapping[str, str]:
        """What cannot be used, and why: files, folders, documents by name."""
        refused = {self._shown(file): why for file, why in self._refused.items()}
        owners = {client for client, _ in self._index if client is not None}
        strangers = sorted(owners.difference(self._clients())) if self._clients else ()
        nobody = dict.fromkeys(strangers, "has documents, but there is no client of this name")
        return {**refused, **nobody, **self._invalid, **self._own.problems}

    def __len__(self) -> int:
        return len({id(document) for document in self._index.values()}) + len(self._own)

    async def prepare(self) -> None:
        """Plan those of our own pages, in a thread; not `ready` until that is done."""
        self.ready = False
        try:
            await asyncio.to_thread(self._own.prepare)
        finally:
            self.ready = True

    async def refresh(self, *, again: bool = False) -> None:
        """Read again what has changed, or all `again`; what is broken now is kept as it was."""
        if again:
            self._signatures = dict.fromkeys(self._signatures)
        if self._changed():
            await asyncio.to_thread(self._load)
        problems = dict(self.problems)
        for name, why in problems.items() - self._told.items():
            log.error("documents", problem=name, why=why)
        self._told = problems

    async def find(self, asked: Parameters, client: Client) -> Document:
        """The document that a request means, if its client may ask it; RequestError."""
        named = reference(asked)
        if named is None:
            if not asked.query:
                raise RequestError(422, bad_request("There is no `query` and no `documentId`."))
            return self.sent(asked.query, client)
        if asked.query and not named.apollo:
            message = "Send the document's id or its text, not both."
            raise RequestError(422, _coded(message, "CANNOT_SEND_PQ_ID_AND_BODY"))
        if asked.query:
            return await self._registered(named.id, asked.query, client)
        found = self._known(named.id, client)
        if found is None and named.apollo:  # its manifests may have ids that are no digests
            found = self._known(named.id.removeprefix("sha256:"), client)
        if found is None and client.mode == "automatic" and DIGEST.fullmatch(named.id):
            text = await self._store.shelve(client.name, named.id, None, AUTOMATIC)
            if text is not None and digest(text) == named.id:  # a store may say anything
                found = Document(text, self._planned(text, client), named.id)
        if found is None:
            raise _not_found(named, client)
        return found

    def planned(self, asked: Parameters, client: Client) -> bool:
        """Whether to find it takes no planning of a text that has just come."""
        text = asked.query
        if not text or self._planner_of(client).knows(text):
            return True
        return self._known(digest(text), client) is not None

    def _known(self, name: str, client: Client) -> Document | None:
        """A document of a manifest: the client's own, our pages', or everybody's."""
        known = self._index.get((client.name, name)) or self._own.find(name)
        return known or self._index.get((None, name))

    def sent(self, text: str, client: Client) -> Document:
        """A document that came as text, which may be a known one all the same."""
        known = self._known(digest(text), client)
        if known is not None:
            return known
        if client.mode == "safelist" or client.log_unknown:
            self.unknown[client.name] += 1
            log.warning("unknown document", client=client.name, document=digest(text))
        if client.mode == "safelist":
            message = "Only registered documents may be asked."
            raise RequestError(403, _coded(message, "QUERY_NOT_IN_SAFELIST"))
        return Document(text, self._planned(text, client))

    async def _registered(self, name: str, text: str, client: Client) -> Document:
        """Apollo's second step: the text beside its digest, to be known from now on."""
        if name != digest(text):
            message = "`sha256Hash` is not the digest of `query`."
            raise RequestError(422, _coded(message, "PERSISTED_QUERY_HASH_MISMATCH"))
        document = self.sent(text, client)
        if client.mode == "automatic" and document.id is None and isinstance(document.found, Plan):
            await self._store.shelve(client.name, name, text, AUTOMATIC)
        return document

    def _planned(self, text: str, client: Client) -> Plan | RequestError:
        try:
            return self._planner_of(client).plan(text)
        except RequestError as error:
            return error

    def _planner_of(self, client: Client) -> Planner:
        return self._planner if client.keys else self._anonymous

    def _changed(self) -> bool:
        return self._signatures != self._signed()

    def _signed(self) -> dict[Path, Signature | None]:
        return {} if self._manifests is None else self._manifests.signed()

    def _load(self) -> None:
        """Read the files that are new or have changed, then swap everything at once."""
        before, self._signatures = self._signatures, self._signed()
        for file in before.keys() - self._signatures.keys():
            self._files.pop(file, None)
            self._refused.pop(file, None)
        for file, now in self._signatures.items():
            if before.get(file) == now:
                continue
            self._refused.pop(file, None)
            try:
                self._files[file] = list(self._owned(file, read(file)))
            except ManifestError as error:
                self._refused[file] = str(error)
        self._index, self._invalid = self._indexed()
        self.version += 1

    def _owned(self, file: Path, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Entries with whose they are: as their folder says, or the manifest itself."""
        folders = Path(self._shown(file)).parts[:-1]
        owner = folders[0] if folders else None
        for entry in entries:
            if owner and entry.client not in (None, owner):
                raise ManifestError(f"`{entry.id}` is {entry.client}'s, in {owner}'s folder")
            yield entry._replace(client=entry.client or owner)

    def _indexed(self) -> tuple[dict[tuple[str | None, str], Document], dict[str, str]]:
        index: dict[tuple[str | None, str], Document] = {}
        problems: dict[str, str] = {}
        plans = {document.text: document.found for document in self._index.values()}
        for file, entries in sorted(self._files.items()):
            for entry in entries:
                found = plans.get(entry.text) or self._prepared(entry.text)
                plans[entry.text] = found
                whose = f" ({entry.client})" if entry.client else ""
                name = f"{self._shown(file)}: {entry.name or entry.id}{whose}"
                known = entry.name or name_of(found, entry)
                document = Document(entry.text, found, entry.id, known, published=True)
                if index.setdefault((entry.client, entry.id), document).text != entry.text:
                    problems[name] = f"there is another document with the id `{entry.id}`"
                    continue
                index.setdefault((entry.client, digest(entry.text)), document)
                if isinstance(found, RequestError):
                    problems[name] = str(found)
        return index, problems

    def _prepared(self, text: str) -> Plan | RequestError:
        """A document's plan, checked as far as it can be before its variables are known."""
        planner = self._planner
        try:
            plan = planner.plan(text)
            for operation in plan.operations:
                estimate = planner.estimate(plan, operation, None)
                if not estimate.varies:
                    planner.check(estimate)
        except RequestError as error:
            return error
        if self._prepare is not None:
            self._prepare(plan)
        return plan

    def _shown(self, file: Path) -> str:
        if self._folder is None or file == self._folder:
            return file.name
        return file.relative_to(self._folder).as_posix()


def _not_found(named: Reference, client: Client) -> RequestError:
    """Apollo's clients expect 200 and words of their own; without automatic ones they go on."""
    if named.apollo and client.mode == "automatic":
        return RequestError(200, _coded("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"))
    if named.apollo and client.mode == "open":
        return RequestError(
            200, _coded("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
        )
    return RequestError(404, _coded("There is no such document.", "PERSISTED_DOCUMENT_NOT_FOUND"))


def _coded(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})

"""Refused: one who was told that there is no room, and asks the same again, but for its variables.

That is what a flood is made of. Where hundreds of connections ask in turn, what is known of each
is no longer in the processor's cache when it is needed: to touch a protocol's sixty attributes
takes longer than to refuse. So what it takes is here, a few objects, most of which all share.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.clients import line, network
from server.finished import Finished
from server.shedding import Same, Shedding
from server.wired import in_one_piece, ours


class Refused:
    """A connection on which nothing happened since a request was refused."""

    __slots__ = (
        "_finished", "_flow", "_host", "_net", "_same", "_shedding", "_state", "_time", "_write",
        "at_s",
    )  # fmt: skip

    def __init__(
        self, same: Same, protocol: HttpToolsProtocol, finished: Finished, shedding: Shedding
    ) -> None:
        self._same = same
        self._host = same.plain.asked.host(protocol.client, protocol.app)
        self._net = network(line(self._host))
        self._flow = protocol.flow
        self._write = protocol.transport.write
        self._time = protocol.loop.time
        self._state = protocol.server_state
        self._finished = finished
        self._shedding = shedding
        self.at_s = self._time()  # when it was refused the last time

    def still(self, data: bytes) -> bool:
        """Whether these bytes, which were refused another way, are the same."""
        self.at_s = self._time()
        return self._shedding.still(self._same, data)

    def again(self, data: bytes) -> bool:
        """Whether these bytes are the same, and have just been refused, too."""
        finished = self._finished
        if len(data) in finished.lengths and data in finished.read:
            return False
        first, last = ours(tuple(self._state.default_headers))
        if last or self._flow.write_paused:
            return False
        answer = self._shedding.again(self._same, data, self._host, self._net)
        if answer is None:
            return False
        self._write(in_one_piece(answer, first))
        self.at_s = self._time()
        self._state.total_requests += 1
        return True


def refused(
    data: bytes,
    protocol: HttpToolsProtocol,
    before: Refused | None,
    finished: Finished,
    shedding: Shedding,
) -> Refused | None:
    """Who sent these bytes, which are refused; None if what they say is not known well enough.

    Mostly it is who was refused there `before`, and let in since.
    """
    if before is not None and before.still(data):
        return before
    same = shedding.same(data)
    return None if same is None else Refused(same, protocol, finished, shedding)

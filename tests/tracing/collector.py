"""A collector of traces on a real socket, by OTLP over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collected:
    """What it was sent, at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.paths: set[str] = set()
        self._requests: list[Any] = []

    def sent(self, path: str, body: bytes) -> None:
        self.paths.add(path)
        self._requests.append(ExportTraceServiceRequest.FromString(body))

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in tuple(self._requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self) -> dict[str, str]:
        """What whoever sends it, which is one and the same, says of itself."""
        [told] = {
            tuple((pair.key, pair.value.string_value) for pair in resource.resource.attributes)
            for request in self._requests
            for resource in request.resource_spans
        }
        return dict(told)


@contextmanager
def collecting() -> Iterator[Collected]:
    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.sent(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        found = Collected(f"http://127.0.0.1:{server.server_port}")
        thread.start()
        yield found
        server.shutdown()
        thread.join()

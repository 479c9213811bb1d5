"""Load: wrk beside the upstream, clients of which each asks again as soon as it is answered."""

import json
import subprocess
from collections.abc import Mapping
from itertools import count
from time import monotonic, sleep
from typing import NamedTuple

from bench.peers import upstream
from bench.peers.running import LOAD_CORE, SERVER_CORE, Process, core
from bench.peers.servers import MEMORY, REMEMBERED, STAMPEDE, Server
from bench.peers.world import KEY, NAME, request

TOGETHER = 64  # clients of a stampede that ask the same
BYTES = 0.98  # ages and the like may take a few less than when they were compared
HEADER = "wrk.headers[ %s ] = %s\n"
ALONE = "wrk.body = %s\n"
CHANGING = """
local before, after, number, asked = %s, %s, %s, 0
local head, tail

function init(args)
  wrk.body = before .. string.rep("0", 10) .. after
  local whole = wrk.format()
  local at = #whole - #after - 10
  head, tail = string.sub(whole, 1, at), string.sub(whole, at + 11)
end

function request()
  local now = number + math.floor(asked / %d)
  asked = asked + 1
  return head .. now .. tail
end
"""
SUMMARY = """
function done(summary, latency, requests)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  local said = '{"requests": %d, "micros": %d, "bytes": %d, "refused": %d, "lost": %d, '
  io.write("\\n", string.format(
    said .. '"p50": %d, "p99": %d}', summary.requests, summary.duration, summary.bytes,
    errors.status, lost, latency:percentile(50), latency:percentile(99)))
end
"""
NUMBERS = count(1_000_000_000, 1_000_000)  # as wide as NAME and KEY; the first of each load


class Sample(NamedTuple):
    """One load of one server.

    `per_s` are good answers, `refused` the share of requests that got none (503: too busy);
    `reads` are upstream requests for each answer; `foreign` is the share of the server's core
    that others, or the machine's host, took meanwhile.
    """

    per_s: float
    refused: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    memory: int
    reads: float
    foreign: float


class Question(NamedTuple):
    """What is asked again and again: a POST of `body`, or a GET.

    Each number takes the place of `hole` in so many (`each`) requests on end; without a hole, all
    requests are the same.
    """

    url: str
    body: str = ""
    hole: str | None = None
    each: int = 1


def question(server: Server, document: str, mode: str) -> Question:
    """A document as the mode has it: another name (memory) or key each time, or always the same."""
    url = server.url(document)
    if document == "greet" or mode == REMEMBERED:
        return Question(url, request(document, NAME, "1" * len(KEY)))
    if mode == MEMORY:
        return Question(url, request(document, NAME, "1" * len(KEY)), NAME)
    return Question(url, request(document, NAME, KEY), KEY, TOGETHER if mode == STAMPEDE else 1)


def load(
    process: Process, server: Server, asked: Question, *, clients: int, seconds: float, least: int
) -> Sample:
    """Load a server for so long; ValueError if it answers badly: with less than `least` bytes."""
    script = process.log.with_suffix(".lua")
    script.write_text(_script(asked, server.headers), "utf-8")
    wrk = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(script)]
    _settle(process)
    taken, read, busy, began = process.taken(), upstream.requests(), core(SERVER_CORE), monotonic()
    done = subprocess.run(
        ["taskset", "-c", LOAD_CORE, *wrk, asked.url], capture_output=True, text=True, check=True
    )
    took_s = monotonic() - began
    after, read_after, busy_after = process.taken(), upstream.requests(), core(SERVER_CORE)
    said = json.loads(done.stdout.splitlines()[-1])
    answers = said["requests"] - said["refused"]
    if said["lost"] or said["bytes"] < BYTES * least * answers:
        raise ValueError(f"bad answers: {said}")
    cpu_s = after.cpu_s - taken.cpu_s
    others_s = busy_after.busy_s - busy.busy_s - cpu_s + busy_after.stolen_s - busy.stolen_s
    return Sample(
        per_s=answers / (said["micros"] / 1e6),
        refused=said["refused"] / max(1, said["requests"]),
        p50_ms=said["p50"] / 1e3,
        p99_ms=said["p99"] / 1e3,
        cpu_us=cpu_s / max(1, answers) * 1e6,
        memory=after.memory,
        reads=(read_after - read) / max(1, answers),
        foreign=max(0.0, others_s / took_s),
    )


def _settle(process: Process) -> None:
    """Wait until what the last load left behind is done, a while at most."""
    for _ in range(50):
        before = process.taken().cpu_s
        sleep(0.1)
        if process.taken().cpu_s - before < 0.02:
            return


def _script(asked: Question, headers: Mapping[str, str]) -> str:
    """What wrk is to send, in Lua."""
    headers = {**({"Content-Type": "application/json"} if asked.body else {}), **headers}
    lines = [HEADER % (_lua(name), _lua(value)) for name, value in headers.items()]
    if asked.body:
        lines.append('wrk.method = "POST"\n')
    if asked.hole is None:
        lines.append(ALONE % _lua(asked.body))
    else:
        before, _, after = asked.body.partition(asked.hole)
        lines.append(CHANGING % (_lua(before), _lua(after), next(NUMBERS), asked.each))
    return "".join([*lines, SUMMARY])


def _lua(text: str) -> str:
    return f"[==[{text}]==]"

"""Asking: the questions of tests about remembered answers, and what was counted for them."""

import asyncio
import re

BIKES = "{ bikes(first: 2) { nodes { name availableSpaces } } }"
POOLS = "{ pools { nodes { name openNow } } }"
PARKINGS = "{ parkings { totalCount } }"
SCHOOLS = "{ schools { totalCount } }"
NAMED = "query Named($name: String) { pools(name: $name) { totalCount } }"
LABELS = "{ city { kinds { word label } } }"
AGES = "{ sources { id ageS } }"


async def get(server, query, headers=None, **params):
    return await server.client.get("/graphql", params={"query": query, **params}, headers=headers)


async def counts(server):
    text = (await server.client.get("/metrics")).text
    return {k: float(v) for k, v in re.findall(r'poche_answers_total{origin="(\w+)"} (.*)', text)}


async def settled():
    """Reads that went on behind have ended."""
    reads = [one for one in asyncio.all_tasks() if one.get_name().startswith("read ")]
    await asyncio.gather(*reads, return_exceptions=True)
    await asyncio.sleep(0)  # and it has been told

"""Product: ours as a city runs it, asked by a partner's app: with its key and its documents.

A copy of the checkout, with the bench's services beside its own, since the folder is the
registry. What an operator may set is as it is by default, but for the partner's rate.
"""

import shutil
from pathlib import Path

from bench.peers.world import DOCUMENTS
from server.clients import hashed

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "ours"
PACKAGES = ("schema", "resolvers", "sources", "cities", "server", "sandbox")
KEY, PEPPER = "poche_bench", "salt is for passwords"
PARTNER = '[bench]\nkeys = ["{}"]\nrate = 1e9\nburst = 1_000_000_000\n'
HEADERS = {"Authorization": f"Bearer {KEY}"}


def installed(home: Path, checkout: Path, cities: Path = HERE / "cities") -> dict[str, str]:
    """Copy the checkout into `home`; the environment that `poche serve` is to run in."""
    copy, documents, data = home / "ours", home / "documents", home / "data"
    shutil.rmtree(copy, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "tmp*")
    for name in PACKAGES:
        shutil.copytree(checkout / name, copy / name, ignore=unwanted)
    own = checkout / HERE.relative_to(ROOT)  # services as that checkout has them written
    for name in ("schema", "resolvers", "sources"):
        shutil.copytree(own / name, copy / name, ignore=unwanted, dirs_exist_ok=True)
    for folder in (documents, data):
        folder.mkdir(exist_ok=True)
    for name, text in DOCUMENTS.items():
        (documents / f"{name}.graphql").write_text(text, "utf-8")
    clients = home / "clients.toml"
    clients.write_text(PARTNER.format(hashed(KEY, PEPPER)), "utf-8")
    return {
        "PYTHONPATH": str(copy),
        "POCHE_CITIES": str(cities),
        "POCHE_CITY": "bench",
        "POCHE_CLIENTS": str(clients),
        "POCHE_DATA": str(data),
        "POCHE_DOCUMENTS": str(documents),
        "POCHE_LOG": "json",
        "POCHE_PEPPER": PEPPER,
    }

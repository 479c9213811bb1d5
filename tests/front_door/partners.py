"""A file of partners, with keys that tests know."""

from server.clients import hashed

PEPPER = "salt is for passwords"
KEY = "poche_tram"
SAFE_KEY = "poche_safe"
OLD_KEY = "poche_old"
LAST_DAY_KEY = "poche_last"
CLIENTS = f"""
[tram-app]
keys = [
  "{hashed(KEY, PEPPER)}",
  {{ hash = "{hashed(OLD_KEY, PEPPER)}", expires = 2026-11-23 }},
  {{ hash = "{hashed(LAST_DAY_KEY, PEPPER)}", expires = 2026-11-24 }},
]
origins = ["https://tram.example"]
mode = "automatic"
rate = 0

[kiosk]
keys = ["{hashed(SAFE_KEY, PEPPER)}"]
mode = "safelist"
rate = 0
"""


def bearer(key):
    return {"Authorization": f"Bearer {key}"}

"""Upstream: nginx with fixed bodies, the same for whoever asks, whatever the key."""

import os
import re
import urllib.request
from pathlib import Path

PORT = 9100
PATHS = ("posts", "users", "stop", "nearby", "pools", "school", "bikes")
CONFIG = """\
{user}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 8192; multi_accept on; }}
http {{
  access_log off; tcp_nodelay on; sendfile off; default_type application/json; types {{ }}
  keepalive_requests 100000000; keepalive_timeout 300s;
  large_client_header_buffers 64 256k;  # Tailcall asks for what many clients want in one URL
  open_file_cache max=100 inactive=600s; open_file_cache_valid 600s;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  # Departures of the stop itself, of those around, or of all in one batch.
  map $args $departures {{
    default departures_around;
    "~^(key=\\d+&)?stop=S0(&key=\\d+)?$" departures_here;
    "~S0(&|,|%|$)" departures_all;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    root {folder}/bodies;
    location = /departures {{ try_files /$departures.json =404; }}
    location = /status {{ stub_status; }}
{locations}
  }}
}}
"""


def configured(folder: Path) -> list[str]:
    """nginx's command for a folder whose `bodies` are written."""
    locations = "\n".join(
        f"    location = /{path} {{ try_files /{path}.json =404; }}" for path in PATHS
    )
    config = folder / "nginx.conf"
    user = "user root; " if os.getuid() == 0 else ""  # else it may not read what root wrote
    text = CONFIG.format(user=user, folder=folder, port=PORT, locations=locations)
    config.write_text(text, "utf-8")
    return ["nginx", "-c", str(config)]


def requests() -> int:
    """How many requests it has answered so far, this one not counted."""
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/status") as reply:
        found = re.search(rb"\n\s*\d+ \d+ (\d+)", reply.read())
    assert found, "no status"
    return int(found[1]) - 1

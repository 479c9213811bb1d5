"""`python -m tests.fuzz TARGET [libFuzzer's options]`: until it finds something.

`-max_total_time=60` is for a minute. `pip install poche[fuzz]` brings atheris.
"""

import sys
from pathlib import Path
from tempfile import mkdtemp

import atheris

with atheris.instrument_imports(include=["server", "graphql.language"]):
    from tests.fuzz.targets import TARGETS
from tests.fuzz.seeds import seeds

FOUND = Path(__file__).parent / "found"


def main() -> None:
    name, *options = sys.argv[1:] or ["?"]
    if name not in TARGETS:
        sys.exit(f"one of: {', '.join(TARGETS)}")
    corpus = Path(mkdtemp(prefix="poche-fuzz-"))
    for number, seed in enumerate(seeds(name)):
        (corpus / str(number)).write_bytes(seed)
    known = f"-artifact_prefix={FOUND}/{name}-"
    atheris.Setup([sys.argv[0], known, "-rss_limit_mb=2048", *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


main()

#!/usr/bin/env python3
"""run.py LOADER_DIR FIRMWARE_DIR [WORD...]: all cases, or those whose name has a WORD in it. Two words are others: -v, and
"every" (glitch.py)."""
import concurrent.futures
import pathlib
import sys
import tempfile
import time
import traceback

import cuts
import glitch
import hsm
import lines
import lives
import locks
import memory
import personal
from device import Wrong
from kit import Kit

MODULES = [cuts, glitch, hsm, personal, lines, lives, memory, locks]  # the slow ones first


def run(case, folder):
    """None, or how the case failed."""
    name, function = case
    began = time.monotonic()
    try:
        function(folder)
    except Wrong as wrong:
        return str(wrong)
    except Exception:
        return traceback.format_exc()
    finally:
        if "-v" in sys.argv:
            print(f"{time.monotonic() - began:6.1f} s  {name}", flush=True)
    return None


def main():
    words = [w for w in sys.argv[3:] if w not in ("-v", "every")]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(6) as pool:
        folder = pathlib.Path(folder)
        kit = Kit(sys.argv[1], sys.argv[2], folder)
        cases = [c for m in MODULES for c in m.cases(kit) if not words or any(w in c[0] for w in words)]
        results = pool.map(lambda i: run(cases[i], folder / f"case{i}"), range(len(cases)))
        failed = [(cases[i][0], text) for i, text in enumerate(results) if text is not None]
    for name, text in failed:
        print(f"FAILED {name}: {text}")
    print(f"board-e2e: {len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

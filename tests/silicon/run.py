#!/usr/bin/env python3
"""run.py PROBE_ELF LOADER_DIR FIRMWARE_DIR [WORD...]: all cases, or those whose name has a WORD in it; -v: times."""
import concurrent.futures
import pathlib
import sys
import tempfile
import time
import traceback

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "board_e2e"))
import defects  # noqa: E402
import device  # noqa: E402
import kicks  # noqa: E402
import kit as kit_of  # noqa: E402
import leaving  # noqa: E402
import options  # noqa: E402
import secrecy  # noqa: E402
import worn  # noqa: E402


def run(case, folder):
    """None, or how the case failed."""
    name, function = case
    began = time.monotonic()
    try:
        function(folder)
    except device.Wrong as wrong:
        return str(wrong)
    except Exception:
        return traceback.format_exc()
    finally:
        if "-v" in sys.argv:
            print(f"{time.monotonic() - began:6.1f} s  {name}", flush=True)
    return None


def main():
    probe, loaders, firmware = sys.argv[1:4]
    words = [w for w in sys.argv[4:] if w != "-v"]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(8) as pool:
        folder = pathlib.Path(folder)
        kit = kit_of.Kit(loaders, firmware, folder)
        cases = kicks.cases(kit) + worn.cases(kit) + leaving.cases(kit) + secrecy.cases(kit) + defects.cases(probe) + options.cases(probe)
        cases = [c for c in cases if not words or any(w in c[0] for w in words)]
        results = pool.map(lambda i: run(cases[i], folder / f"case{i}"), range(len(cases)))
        failed = [(cases[i][0], text) for i, text in enumerate(results) if text is not None]
    for name, text in failed:
        print(f"FAILED {name}: {text}")
    for text in sorted(kicks.MEASURED):
        print(f"longest way between two kicks, {text}")
    print(f"silicon: {len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

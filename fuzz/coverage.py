#!/usr/bin/env python3
"""What of the core is reached: coverage.py TARGETS TESTS (each one word, names or programs apart by blanks).

Counted are lines, branches and MC/DC (clang 19), by the committed corpus alone and by all tests together. Pages for
people are in build/coverage/corpus and build/coverage/all. What nothing reaches is in fuzz/unreached.txt with its
reason, a line for each: FILE | the source line | branch or condition | reason. 1 if something else is not reached, or
something in the list is.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys

OUT = pathlib.Path("build/coverage")
LIST = pathlib.Path("fuzz/unreached.txt")
CORPUS = pathlib.Path("fuzz/corpus")
REGRESSIONS = pathlib.Path("fuzz/regressions")
CORE = [str(path) for folder in ("fsm", "gen") for path in sorted(pathlib.Path(folder).glob("*.c"))]
# cuts at few operations, as coverage needs no more
FEW = {"test_cuts": ["--stride", "23", "--large", "997"], "test_faults": ["--stride", "64"]}


def llvm(tool, *arguments, **options):
    return subprocess.run([f"llvm-{tool}-19", *map(str, arguments)], check=True, **options)


def run(program, arguments, name):
    raw = OUT / "raw" / f"{name}.profraw"
    done = subprocess.run([program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, "LLVM_PROFILE_FILE": str(raw), "SFU_CUT_STRIDE": "499"})
    if done.returncode != 0:
        sys.exit(f"coverage.py: {program} {' '.join(arguments)} fails")
    return raw


def measure(name, programs, raws):
    """{file: (lines, branches, mcdc)} with what is not reached, and the pages."""
    data = OUT / f"{name}.profdata"
    llvm("profdata", "merge", "-sparse", *raws, "-o", data)
    objects = [programs[0], *[word for program in programs[1:] for word in ("-object", program)]]
    llvm("cov", "show", *objects, f"-instr-profile={data}", "-format=html", f"-output-dir={OUT / name}", "-show-branches=count",
         "-show-mcdc", "-show-mcdc-summary", *CORE, stderr=subprocess.DEVNULL)
    text = llvm("cov", "export", *objects, f"-instr-profile={data}", "-show-mcdc-summary", *CORE, capture_output=True).stdout
    return json.loads(text)["data"][0]


def summary(found):
    sums = {}
    for file in found["files"]:
        name = os.path.relpath(file["filename"])
        sums[name] = {kind: (file["summary"][kind]["covered"], file["summary"][kind]["count"])
                      for kind in ("lines", "branches", "mcdc")}
    return sums


def gaps(found):
    """{(file, source line, what)} that no test reaches."""
    missing = collections.Counter()
    best = {}
    for file in found["files"]:
        name = os.path.relpath(file["filename"])
        source = pathlib.Path(name).read_text().splitlines()
        # the same code may be in several programs: what one of them reaches is reached
        for branch in file["branches"]:
            key = (name, *branch[:4])
            taken = best.setdefault(key, [0, 0])
            taken[0] += branch[4]
            taken[1] += branch[5]
        for record in file.get("mcdc_records", []):
            key = (name, *record[:4], "mcdc")
            was = best.setdefault(key, [False] * len(record[-1]))
            best[key] = [a or b for a, b in zip(was, record[-1])]
    for key, reached in best.items():
        line = pathlib.Path(key[0]).read_text().splitlines()[key[1] - 1].strip()
        if key[-1] == "mcdc":
            for number, covered in enumerate(reached, 1):
                if not covered:
                    missing[(key[0], line, f"condition {number} alone decides")] += 1
        else:
            column = key[2]
            if reached[0] == 0:
                missing[(key[0], line, f"true at column {column}")] += 1
            if reached[1] == 0:
                missing[(key[0], line, f"false at column {column}")] += 1
    return set(missing)


def known():
    reasons = {}
    for number, line in enumerate(LIST.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" ¦ ")]
        if len(parts) != 4 or not all(parts):
            sys.exit(f"{LIST}:{number}: not FILE ¦ source line ¦ what ¦ reason")
        reasons[tuple(parts[:3])] = parts[3]
    return reasons


def percent(pair):
    return f"{pair[0]}/{pair[1]}" if pair[0] != pair[1] else f"all {pair[1]}"


def main():
    targets, tests = (argument.split() for argument in sys.argv[1:])
    (OUT / "raw").mkdir(parents=True, exist_ok=True)
    for old in (OUT / "raw").iterdir():
        old.unlink()
    corpus = []
    for target in targets:
        folders = [str(f) for f in (CORPUS / target, REGRESSIONS / target) if f.is_dir()]
        if folders:
            corpus.append(run(f"build/fuzz-cov/{target}", folders, f"corpus-{target}"))
    programs = [f"build/fuzz-cov/{target}" for target in targets]
    by_corpus = measure("corpus", programs, corpus)
    others = [run(test, FEW.get(pathlib.Path(test).name.split("-")[0], []), f"test-{number}")
              for number, test in enumerate(tests)]
    by_all = measure("all", programs + tests, corpus + others)
    alone, together = summary(by_corpus), summary(by_all)
    print(f"{'':28} {'by the corpus alone':>34}   {'by all tests':>34}")
    print(f"{'file':28} {'lines':>12} {'branches':>10} {'MC/DC':>10}   {'lines':>12} {'branches':>10} {'MC/DC':>10}")
    total = collections.defaultdict(lambda: [0, 0])
    for name in sorted(together):
        cells = []
        for where, sums in (("corpus", alone), ("all", together)):
            for kind in ("lines", "branches", "mcdc"):
                pair = sums.get(name, {}).get(kind, (0, together[name][kind][1]))
                cells.append(percent(pair))
                total[where, kind][0] += pair[0]
                total[where, kind][1] += pair[1]
        print(f"{name:28} {cells[0]:>12} {cells[1]:>10} {cells[2]:>10}   {cells[3]:>12} {cells[4]:>10} {cells[5]:>10}")
    for where in ("corpus", "all"):
        print(f"{where}: " + ", ".join(f"{kind} {100 * total[where, kind][0] / max(1, total[where, kind][1]):.1f} %"
                                       for kind in ("lines", "branches", "mcdc")))
    missing, reasons = gaps(by_all), known()
    for gap in sorted(missing - set(reasons)):
        print("not reached, and no reason given: " + " ¦ ".join(gap))
    for gap in sorted(set(reasons) - missing):
        print("reached, and listed as not: " + " ¦ ".join(gap))
    wrong = len(missing ^ set(reasons))
    print(f"coverage: {len(missing & set(reasons))} gaps with a reason, {wrong} without or in vain; pages in {OUT}")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""T31: the tests of power cuts notice when journal or store are changed for the worse.

The changes are those that proofs/mutants.py would prove; each is built into the tests below, of which one must fail.
Fails if one survives that is not in SURVIVORS, or one of those does not.

    mutants.py [FILE...]       of these sources of the core; -v tells of each"""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, "proofs")
import mutants  # noqa: E402

SOURCES = ("fsm/journal.rl", "fsm/journal_append.c", "fsm/journal_cell.c", "fsm/store.c")
FLASH = "32-ff-2"
LIMIT = 100  # seconds: a test that takes longer does not end
INCLUDE = ["-Ifsm", "-Igen", "-Iport", "-Icrypto", "-Ispec", "-isystem", "build/deps/bearssl/inc", "-isystem", "build/deps/bearssl/src"]
E2E = ["build/host/core/fsm/check_seal.o", *[f"build/host/e2e/{name}.o" for name in (
    "test_cuts", "cuts", "config_object", "desk", "maker", "rig", "signer", "station")]]
LIBRARIES = ["build/host/libport.a", "build/host/libcore.a", "build/host/core/crypto/curve_m31.o", "build/host/libbearssl.a"]
# name, objects, arguments; the quick ones first
TESTS = (("test_cuts", E2E, ["--stride", "3"]), ("test_store", ["build/host/unit/test_store.o"], []),
         ("test_journal", ["build/host/unit/test_journal.o"], []), ("test_cuts, all", E2E, ["--double", "11"]))
# what the tests do not notice, and why
SURVIVORS = {
    "journal-step-7": "no cut leaves such a page; tests/unit/test_machines.c knows the move",
    "journal_append-cells_of-2": "the same number of cells, for pages of these sizes",
    "journal_append-look-1": "no test of cuts asks for the code of a page that is lost",
    "journal_append-close_page-2": "no test has a page that is closed and whose last cell is then looked at",
    "journal_append-sfu_journal_format-1": "the same: any number above 1 is no page",
    "store-fill-3": "the same: any number but 0 is enough",
    "store-sfu_store_secure-1": "the same, but for units that are read again",
    "store-sfu_store_begin-1": "no test begins with a second page that is neither blank nor counts",
    "store-sfu_store_retire-1": "no test asks whether the old page still counts after its erase failed",
    "journal_cell-sfu_journal_decode-3": "no life with cuts revokes a key of rank 2",
    "store-sfu_store_commit-3": "no test notices that the other page is not said to count",
}


def build(file, made, folder):
    """The object of a source that comes to this C."""
    for name, text in made.items():
        (folder / name).write_text(text)
    main = os.path.basename(mutants.prove.proved_file(file))
    subprocess.run(["gcc", "-O2", "-w", "-std=c11", "-ffreestanding", f"-I{folder}", *INCLUDE, "-c", folder / main, "-o",
                    folder / "mutant.o"], check=True)
    return folder / "mutant.o"


def killer(file, made):
    """The test that fails on it, or None."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mutated = build(file, made, folder)
        for name, objects, arguments in TESTS:
            program = folder / "test"
            # the first definition counts: the archive's member is not taken
            subprocess.run(["gcc", mutated, *objects, f"build/host/layout-{FLASH}.o", "-Wl,--start-group", *LIBRARIES,
                            "-Wl,--end-group", "-lcmocka", "-lcrypto", "-o", program], check=True)
            try:
                status = subprocess.run([program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT,
                                        env={**os.environ, "SFU_CUT_STRIDE": "97"}).returncode
            except subprocess.TimeoutExpired:
                return f"{name}, which does not end"
            if status != 0:
                return name
    return None


def main(arguments):
    files = [a for a in arguments if a != "-v"] or SOURCES
    survived, count = set(), {}
    for file in files:
        if killer(file, mutants.generate(file, pathlib.Path(file).read_text())) is not None:
            sys.exit(f"the tests fail on {file} as it is")
        for mutant in mutants.mutants(file):
            by = "the generator" if mutant.refusal else killer(file, mutant.made)
            count[by or "nobody"] = count.get(by or "nobody", 0) + 1
            if by is None:
                survived.add(mutant.name)
            if "-v" in arguments or (by is None and mutant.name not in SURVIVORS):
                print(f"{mutant.name} {mutant.file}:{mutant.line} {mutant.change}: {by or 'SURVIVED'}", flush=True)
    print(f"{sum(count.values())} mutants, killed by: " + ", ".join(f"{by} {n}" for by, n in sorted(count.items())))
    unknown = survived - set(SURVIVORS)
    killed = {name for name in SURVIVORS if files == SOURCES and name not in survived}
    for name in sorted(killed):
        print(f"{name} is in SURVIVORS, and did not survive")
    return 1 if unknown or killed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

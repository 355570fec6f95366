#!/usr/bin/env python3
"""Checks the system model with spin: README.md.

    check.py           every property in small bounds, the errors that must be found, traces of the C: under a minute
    check.py --full    larger bounds, and a power cut at every operation of the traced upgrade

From the root of the tree. What spin makes is in build/model.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time

OUT = "build/model"
MODEL = os.path.abspath("spec/model")
NOTHING = {name: 0 for name in ("CUTS", "LOSSES", "TWICE", "EARLY", "RESTARTS", "FAULTS", "STRANGERS")}
DEPTH = "-m400000"
SECONDS = 520

# name, verifier, what may go wrong
RUNS = [
    ("nothing goes wrong", "safe", {}),
    ("line and power", "safe", dict(CUTS=1, LOSSES=1, TWICE=1, EARLY=1)),
    ("line and power, one slot", "safe", dict(SLOTS=1, CUTS=1, LOSSES=1, TWICE=1)),
    ("line and two cuts", "safe", dict(CUTS=2, LOSSES=2)),
    ("line and two cuts, one slot", "safe", dict(SLOTS=1, CUTS=2, LOSSES=1)),
    ("line and power, no image yet", "safe", dict(BLANK_DEVICE=1, CUTS=1, LOSSES=1)),
    ("line", "safe", dict(LOSSES=2, TWICE=1, EARLY=1)),
    ("power", "safe", dict(CUTS=2)),
    ("power, one slot", "safe", dict(SLOTS=1, CUTS=2)),
    ("power, check by signature", "safe", dict(SEAL=0, CUTS=2)),
    ("station killed", "safe", dict(CUTS=1, LOSSES=1, RESTARTS=1)),
    ("station killed, one slot", "safe", dict(SLOTS=1, CUTS=1, LOSSES=1, RESTARTS=1)),
    ("flash fails", "safe", dict(FAULTS=1, CUTS=1, LOSSES=1)),
    ("flash fails, one slot", "safe", dict(SLOTS=1, FAULTS=1, CUTS=1)),
    ("a stranger on the line", "safe", dict(STRANGERS=1, CUTS=1)),
    ("a stranger on the line, one slot", "safe", dict(SLOTS=1, STRANGERS=1)),
    ("it ends", "ends", dict(CUTS=1, LOSSES=1)),
    ("it ends, one slot", "ends", dict(SLOTS=1, CUTS=1, LOSSES=1)),
]
FULL = [
    ("line and power", "safe", dict(CUTS=2, LOSSES=2, TWICE=1, EARLY=1)),
    ("line and power, one slot", "safe", dict(SLOTS=1, CUTS=2, LOSSES=2, TWICE=1, EARLY=1)),
    ("station killed", "safe", dict(CUTS=1, LOSSES=1, TWICE=1, EARLY=1, RESTARTS=1)),
    ("station killed, one slot", "safe", dict(SLOTS=1, CUTS=1, LOSSES=1, TWICE=1, EARLY=1, RESTARTS=1)),
    ("flash fails", "safe", dict(FAULTS=2, CUTS=2, LOSSES=1)),
    ("two strangers", "safe", dict(STRANGERS=2, CUTS=1)),
    ("it ends", "ends", dict(CUTS=2, LOSSES=1, TWICE=1, EARLY=1)),
    ("it ends, one slot", "ends", dict(SLOTS=1, CUTS=2, LOSSES=1, TWICE=1, EARLY=1)),
]
# name, verifier, settings, the property that must be violated; README.md tells what each changes
ERRORS = [
    ("signature not looked at", "safe", dict(BREAK=1), "authentic"),
    ("floor rises before confirmation", "safe", dict(BREAK=2), "good_boots"),
    ("resumed without an erase", "safe", dict(BREAK=3, CUTS=1), "once"),
    ("checkpoints not forgotten", "safe", dict(BREAK=4, CUTS=1), "once"),
    ("boots on trial not counted", "safe", dict(BREAK=5), "trial"),
    ("a lost DONE not found out", "safe", dict(BREAK=6, LOSSES=1), "agreement"),
    ("DONE before the journal says so", "safe", dict(BREAK=7, CUTS=1), "no_empty_promise"),
    ("no time limit", "safe", dict(BREAK=8, CUTS=1), "stuck"),
    ("no time limit: it does not end", "ends", dict(BREAK=8, CUTS=1), "acceptance cycle"),
    ("INFO tells the version checked before", "safe", dict(BREAK=9, SLOTS=1, LOSSES=1), "agreement"),
    ("an interrupted installation taken for a whole one", "safe", dict(BREAK=10, CUTS=1, LOSSES=1, RESTARTS=1),
     "agreement"),
    ("a reset before FINISH ends it", "safe", dict(BREAK=11, SLOTS=1, CUTS=1, LOSSES=1), "success"),
    ("an erase before the journal says so", "safe", dict(BREAK=12), "announced"),
]
# the layouts of port/host/layouts/small.c in cells of a record
LAYOUTS = {"32-ff-2": ["-DSLOTS=2", "-DSECTORS=8"], "32-00-1": ["-DSLOTS=1", "-DSECTORS=16"]}
TRACED = ["-DSECTOR=2", "-DRECORDS=11", "-DFAR=4", "-DBLANK_DEVICE=1"]
CUT_AT = (0, 40, 200, 480, 700, 747, 756, 765)


def run(command, folder=None, **environment):
    done = subprocess.run(command, cwd=folder, env={**os.environ, **{k: str(v) for k, v in environment.items()}},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout


def verifier(name, source, options, flags):
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    status, said = run(["spin", "-a", *options, os.path.join(MODEL, source)], folder)
    if status == 0 and "rror:" not in said:
        status, said = run(["gcc", "-w", *flags, "-DVECTORSZ=512", "-o", "pan", "pan.c"], folder)
    if status != 0 or not os.path.exists(os.path.join(folder, "pan")):
        sys.exit(f"{name} cannot be built:\n{said}")


def build(full):
    # to optimize takes longer than it gains, where the bounds are small
    speed = ["-O2", "-DCOLLAPSE", "-DMEMLIM=4000"] if full else ["-O0"]
    jobs = [("safe", "system.pml", [], [*speed, "-DSAFETY"]), ("ends", "system.pml", ["-DENDS"], speed)]
    jobs += [(f"replay-{layout}", "replay.pml", TRACED + options, ["-O0", "-DSAFETY"])
             for layout, options in LAYOUTS.items()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: verifier(*job), jobs))


def search(name, settings):
    """(what was violated or "", states, depth, seconds, all that was said)"""
    began = time.monotonic()
    options = ["-a", "-A"] if name == "ends" else []  # -A: the assertions are the other verifier's
    with tempfile.TemporaryDirectory() as folder:  # the trail goes here
        _, said = run(["timeout", str(SECONDS), os.path.abspath(f"{OUT}/{name}/pan"), DEPTH, *options], folder,
                      **{**NOTHING, **settings})
    violated = re.search(r"^pan:1: (.*) \(at depth", said, re.M)
    if violated:
        named = re.match(r"assertion violated \((\w+)&&", violated[1])
        violated = named[1] if named else violated[1]
    elif "errors: 0" not in said or re.search("not completed|too small|out of memory", said):
        violated = "search not completed"
    states, depth = re.search(r"(\S+) states, stored", said), re.search(r"depth reached (\d+)", said)
    return violated or "", int(float(states[1])) if states else 0, int(depth[1]) if depth else 0, \
        time.monotonic() - began, said


def told(settings):
    return " ".join(f"{name}={value}" for name, value in settings.items()) or "-"


def checks(runs):
    """Answers how many failed, and what the searches said."""
    failed, all_said, total = 0, [], 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, pan, settings), result in zip(runs, pool.map(lambda r: search(r[1], r[2]), runs)):
            violated, states, depth, seconds, said = result
            failed += bool(violated)
            total += states
            all_said.append(said)
            print(f"{'FAILED' if violated else 'holds '} {name} [{told(settings)}]: {states} states, depth {depth}, "
                  f"{seconds:.1f} s{': ' + violated if violated else ''}", flush=True)
    print(f"{total} states in all")
    return failed, all_said


def errors():
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, pan, settings, wanted), result in zip(ERRORS, pool.map(lambda e: search(e[1], e[2]), ERRORS)):
            found = result[0]
            good = wanted in found
            failed += not good
            print(f"{'found ' if good else 'FAILED'} {name} [{told(settings)}]: {found or 'nothing violated'}", flush=True)
    return failed


def transitions(all_said):
    """How many transitions of the machines some search took: what it did not is what it lists as unreached."""
    lines = open("gen/machines.pml").read().splitlines()
    taken, machine, places = set(), "", {}
    for number, line in enumerate(lines, 1):
        machine = line.split("_move")[0].removeprefix("inline sfu_") if line.startswith("inline") else machine
        if line.startswith("\t:: "):
            places[number] = machine
    for said in all_said:
        missed = {}
        # spin names the line, though not its file, and the variable, which the machines alone set in such a place
        for number, machine in re.findall(r":(\d+), state \d+, \"(boot|session|upgrade) = \d+\"", said):
            if places.get(int(number)) == machine:
                missed[int(number)] = missed.get(int(number), 0) + 1
        for number, machine in places.items():
            copies = max((missed.get(n, 0) for n, m in places.items() if m == machine), default=0)
            if missed.get(number, 0) < copies:
                taken.add(number)
    for machine in dict.fromkeys(places.values()):
        mine = [n for n, m in places.items() if m == machine]
        print(f"{machine}: {sum(n in taken for n in mine)} of {len(mine)} transitions taken by the model")


def trace(layout, arguments):
    """One trace of the C in the model: 0 good, 1 bad, None: there is no such operation."""
    status, said = run([f"{OUT}/trace-{layout}", *map(str, arguments)])
    if status == 3:
        return None
    name = f"{layout} {' '.join(map(str, arguments))}"
    if status != 0:
        print(f"FAILED trace {name}: exit {status} {said[-200:]}", flush=True)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        open(path, "w").write(said)
        _, answer = run([os.path.abspath(f"{OUT}/replay-{layout}/pan"), "-E", DEPTH], folder, TRACE=path)
    lines = re.search(r"^replay: (\d+) of (\d+) lines", answer, re.M)
    if re.search(r"^pan:1: assertion violated \(accepted&&", answer, re.M) and lines and lines[1] == lines[2] != "0":
        return 0
    violated = re.search(r"^pan:1: .*", answer, re.M)
    print(f"FAILED trace {name}: {lines[0] if lines else ''} {violated[0] if violated else ''}", flush=True)
    return 1


def replays(full):
    cuts = range(0, 2000) if full else CUT_AT
    jobs = [(layout, [what]) for layout in LAYOUTS for what in ("upgrade", "refusals")]
    jobs += [(layout, ["upgrade", at, when]) for layout in LAYOUTS for at in cuts for when in range(3)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = [r for r in pool.map(lambda job: trace(*job), jobs) if r is not None]
    print(f"{results.count(0)} of {len(results)} traces of the C are runs of the model")
    return results.count(0), results.count(1) + (len(results) < 20)


def forged_trace():
    """A trace that is no run of the model must be rejected: one number of a good one is changed."""
    _, said = run([f"{OUT}/trace-32-ff-2", "upgrade"])
    lines = said.splitlines()
    at = max(n for n, line in enumerate(lines) if line.startswith("5 "))
    words = lines[at].split()
    lines[at] = " ".join([words[0], str(int(words[1]) ^ 1), *words[2:]])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        open(path, "w").write("\n".join(lines) + "\n")
        _, answer = run([os.path.abspath(f"{OUT}/replay-32-ff-2/pan"), "-E", DEPTH], folder, TRACE=path)
    good = f"replay: {at} of {len(lines)} lines" in answer and "pan:1:" not in answer
    print(f"{'found ' if good else 'FAILED'} a trace with a wrong line")
    return not good


def main(arguments):
    if arguments not in ([], ["--full"]):
        sys.exit(__doc__)
    full = arguments == ["--full"]
    began = time.monotonic()
    build(full)
    runs = RUNS + FULL if full else RUNS
    failed, said = checks(runs)
    transitions([text for text, (_, pan, _) in zip(said, runs) if pan == "safe"])
    failed += errors() + forged_trace()
    replayed, not_replayed = replays(full)
    passed = len(runs) + len(ERRORS) + 1 - failed + replayed
    failed += not_replayed
    print(f"{time.monotonic() - began:.0f} s")
    print(f"model: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

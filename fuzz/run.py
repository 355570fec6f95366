#!/usr/bin/env python3
"""Runs the targets with libFuzzer.

    run.py check SECONDS TARGET...     each for so long, from the committed corpus; 1 if any oracle fails
    run.py bench SECONDS TARGET...     executions in a second of one processor's time, against what is wanted
    run.py campaign HOURS TARGET...    on all processors (or JOBS of them), in turns, until the time is up;
                                       goes on where the last one stopped (build/fuzz-campaign)
    run.py merge TARGET...             the smallest of corpus and campaign that cover as much become the corpus
    run.py seeds TARGET...             fuzz/seeds.py's seeds, and what a short run makes of them, become the corpus
    run.py replay FILE                 runs a case; its target is the folder it is in, or the word before `-crash`

--build DIRECTORY before the rest: other programs than those of build/fuzz.

Regressions (fuzz/regressions/TARGET/NAME) are run first, by every one of the first three.
"""
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path("build/fuzz")
CORPUS = pathlib.Path("fuzz/corpus")
REGRESSIONS = pathlib.Path("fuzz/regressions")
WORK = pathlib.Path("build/fuzz-campaign")
TURN = 60 # seconds, or less where all targets are to have one
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]
MAX_LEN = {"link": 2600, "ymodem": 2400, "manifest": 700, "records": 400, "journal": 400, "boot": 300, "lifetimes": 300,
           "lifetimes-real": 300, "session": 30000, "package": 6000, "elf": 8000, "hex": 800, "pem": 800,
           "text": 800, "answers": 600,
           "ledger": 1500, "service": 500, "personalize": 300, "personalize-real": 300}
WANTED = {"link": 100000, "ymodem": 100000, "manifest": 100000, "records": 100000, "journal": 100000, "lifetimes": 5000}

STATUS = re.compile(r"^#(\d+)\s.*?cov: (\d+) ft: (\d+)", re.M)


def options(target):
    chosen = [*LIMITS, f"-max_len={MAX_LEN.get(target, 1000)}"]
    dictionary = pathlib.Path(f"build/fuzz/dict/{target}.dict")
    return chosen + ([f"-dict={dictionary}"] if dictionary.is_file() else [])


def program(target):
    return str(BUILD / target)


def own(target):
    """Of lifetimes-real the corpus is that of lifetimes."""
    return CORPUS / target.removesuffix("-real")


def regressions(target):
    """Runs what has once been found; answers what fails."""
    cases = sorted((REGRESSIONS / target.removesuffix("-real")).glob("*"))
    failed = []
    for case in cases:
        done = subprocess.run([program(target), *LIMITS, str(case)], capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            failed.append((case, done.stderr))
    return len(cases), failed


def explain(text):
    lines = [line for line in text.splitlines() if re.search(r"^fuzz/\S+:\d+: |runtime error|ERROR: |^flash: |#\d+ .* in sfu_", line)]
    return "\n".join(f"    {line}" for line in lines[:8])


class Turn:
    """One run of one target: its log tells how it goes."""

    def __init__(self, target, seconds, extra=(), seed=None, corpora=None, cases=None):
        self.target = target
        self.cases = cases or WORK / "cases" / target
        self.cases.mkdir(parents=True, exist_ok=True)
        self.log = tempfile.TemporaryFile("w+", errors="replace")
        folders = corpora or [str(own(target))]
        self.began = time.monotonic()
        self.process = subprocess.Popen([program(target), *options(target), f"-max_total_time={seconds}",
                                         f"-artifact_prefix={self.cases}/", *([f"-seed={seed}"] if seed else []), *extra,
                                         *[f for f in folders if pathlib.Path(f).is_dir()]],
                                        stdout=subprocess.DEVNULL, stderr=self.log)

    def text(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def numbers(self):
        """executions, edges, features so far"""
        found = STATUS.findall(self.text())
        return tuple(map(int, found[-1])) if found else (0, 0, 0)


def check(seconds, targets):
    failed = total = known = 0
    for target in targets:
        count, broken = regressions(target)
        known += count
        for case, text in broken:
            failed += 1
            print(f"FAILED {case}\n{explain(text)}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            turn = Turn(target, seconds, corpora=[scratch, str(own(target))])
            status = turn.process.wait()
            executions, edges, features = turn.numbers()
        total += executions
        if status != 0:
            failed += 1
            print(f"FAILED {target} (cases in {turn.cases})\n{explain(turn.text())}", flush=True)
        print(f"{target:14} {executions:9} executions, {edges} edges, {features} features", flush=True)
    print(f"{total} executions, {known} regressions")
    print(f"fuzz: {len(targets) - min(failed, len(targets))} passed, {failed} failed")
    return failed != 0


def bench(seconds, targets):
    slow = 0
    for target in targets:
        with tempfile.TemporaryDirectory() as scratch:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            turn = Turn(target, seconds, corpora=[scratch, str(own(target))])
            turn.process.wait()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        executions = turn.numbers()[0]
        rate = executions / used if used > 0 else 0
        wanted = WANTED.get(target)
        verdict = "" if wanted is None else "ok" if rate >= wanted else f"below {wanted}"
        slow += wanted is not None and rate < wanted
        print(f"{target:14} {rate:9.0f} executions in a second of one processor, {executions / seconds:9.0f} in one of the clock  {verdict}",
              flush=True)
    print(f"{slow} slower than wanted")
    return 0


def table(state, running):
    print("\033[2J\033[H" if sys.stdout.isatty() else "", end="")
    print(f"{'target':14} {'executions':>13} {'a second':>9} {'edges':>6} {'features':>8} {'crashes':>7}")
    for target, s in state.items():
        turn = running.get(target)
        now = turn.numbers() if turn else (0, 0, 0)
        seconds = s["seconds"] + (time.monotonic() - turn.began if turn else 0)
        crashes = len(list((WORK / "cases" / target).glob("*")))
        print(f"{target:14} {s['executions'] + now[0]:13} {(s['executions'] + now[0]) / max(seconds, 1):9.0f} "
              f"{max(s['edges'], now[1]):6} {max(s['features'], now[2]):8} {crashes:7}{'  *' if turn else ''}", flush=True)


def campaign(hours, targets):
    WORK.mkdir(parents=True, exist_ok=True)
    kept = WORK / "state.json"
    state = json.loads(kept.read_text()) if kept.is_file() else {}
    for target in targets:
        state.setdefault(target, {"executions": 0, "seconds": 0, "edges": 0, "features": 0, "turns": 0})
        (WORK / "corpus" / target).mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + hours * 3600
    jobs = min(int(os.environ.get("JOBS", os.cpu_count())), len(targets))
    turn_time = min(TURN, hours * 3600 * jobs / len(targets))
    running, waiting, shown = {}, list(targets), 0
    while running or time.monotonic() < end:
        while len(running) < jobs and waiting and time.monotonic() < end:
            target = waiting.pop(0)
            running[target] = Turn(target, max(1, min(turn_time, int(end - time.monotonic()))),
                                   corpora=[str(WORK / "corpus" / target), str(own(target))])
        time.sleep(0.5)
        for target, turn in list(running.items()):
            if turn.process.poll() is None:
                continue
            executions, edges, features = turn.numbers()
            s = state[target]
            s["executions"] += executions
            s["seconds"] += time.monotonic() - turn.began
            s["edges"], s["features"] = max(s["edges"], edges), max(s["features"], features)
            s["turns"] += 1
            if turn.process.returncode != 0:
                print(f"{target} found something, in {turn.cases}\n{explain(turn.text())}", flush=True)
            kept.write_text(json.dumps(state, indent=1))
            del running[target]
            waiting.append(target)
        if time.monotonic() - shown > (2 if sys.stdout.isatty() else 60):
            shown = time.monotonic()
            table(state, running)
    table(state, {})
    return any(list((WORK / "cases" / target).glob("*")) for target in targets)


def merge(targets, sources=lambda target: [str(own(target)), str(WORK / "corpus" / target)]):
    for target in targets:
        with tempfile.TemporaryDirectory() as scratch:
            folders = [folder for folder in sources(target) if pathlib.Path(folder).is_dir()]
            # smallest first; a set cover has fewer and larger ones, from which `link` ran a quarter slower
            subprocess.run([program(target), *options(target), "-merge=1", scratch, *folders], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            shutil.rmtree(own(target), ignore_errors=True)
            own(target).mkdir(parents=True)
            files = sorted(pathlib.Path(scratch).iterdir())
            for file in files:
                shutil.copy(file, own(target) / file.name[:12])
            print(f"{target:14} {len(files)} inputs, {sum(f.stat().st_size for f in files)} bytes")
    return 0


def replay(case):
    path = pathlib.Path(case)
    names = [path.parent.name, path.name.split("-crash")[0]]
    target = next((name for name in names if (BUILD / name).is_file()), None)
    if target is None:
        sys.exit(f"run.py: {case}: neither {names[0]} nor {names[1]} is a target; put the case into a folder named as one")
    return subprocess.run([program(target), *LIMITS, case], env={**os.environ, "SFU_FUZZ_TRACE": "1"}).returncode


def main(arguments):
    global BUILD
    if arguments[:1] == ["--build"]:
        BUILD, arguments = pathlib.Path(arguments[1]), arguments[2:]
    match arguments:
        case ["check", seconds, *targets] if targets:
            return check(int(seconds), targets)
        case ["bench", seconds, *targets] if targets:
            return bench(int(seconds), targets)
        case ["campaign", hours, *targets] if targets:
            return campaign(float(hours), targets)
        case ["merge", *targets] if targets:
            return merge(targets)
        case ["seeds", *targets] if targets:
            return merge(targets, lambda target: [f"build/fuzz/seeds/{target}", str(own(target))])
        case ["max-len", target]:
            print(MAX_LEN[target])
            return 0
        case ["replay", path]:
            return replay(path)
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

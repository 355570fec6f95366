#!/usr/bin/env python3
"""Plants bugs, and sees how long each stays unfound.

    planted.py [--seconds N] [--processes N] [NAME...]     all of fuzz/planted, or some; the table is fuzz/planted.tsv
    planted.py --contracts [NAME...]       those in targets whose contracts can be checked (eacsl.py): which a contract finds
                                           in the committed corpus; the table is fuzz/contracts_planted.tsv
    planted.py --apply                     only whether each can still be planted in the present text; part of fuzz-check

Each bug is a patch whose head says what it does and which target is to find it. It is applied to a copy of the tree in
build/planted, the target is built there and run from the committed corpus, in two processes or so many; 1 if one is not found.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import eacsl  # noqa: E402
from run import CORPUS, LIMITS, MAX_LEN, explain  # noqa: E402

# both can run at once
COPY = pathlib.Path("build/planted-contracts" if "--contracts" in sys.argv else "build/planted")
CONTRACTS = pathlib.Path("fuzz/contracts_planted.tsv")
PARTS = ["Makefile", "build-aux", "crypto", "fsm", "fuzz", "gen", "port", "spec", "tests", "tools", "proofs"]
TABLE = pathlib.Path("fuzz/planted.tsv")
PROCESSES = 2


def make_copy():
    """Sources and what is built of them, with their times, so that only what a patch changes is built again."""
    shutil.rmtree(COPY, ignore_errors=True)
    (COPY / "build").mkdir(parents=True)
    subprocess.run(["cp", "-a", *PARTS, str(COPY)], check=True)
    subprocess.run(["cp", "-a", "build/fuzz", str(COPY / "build")], check=True)
    (COPY / "build/deps").symlink_to(pathlib.Path("build/deps").resolve())


def patch(path, *options):
    subprocess.run(["patch", "-s", "-p1", "-F0", *options, "-i", str(path.resolve())], cwd=COPY, check=True)


def apply_all():
    bugs = sorted(pathlib.Path("fuzz/planted").glob("*.patch"))
    stale = [bug.stem for bug in bugs
             if subprocess.run(["patch", "-s", "-p1", "-F0", "--dry-run", "-i", bug], capture_output=True).returncode != 0]
    for name in stale:
        print(f"{name}: cannot be planted in the present text")
    print(f"planted: {len(bugs) - len(stale)} of {len(bugs)} can be planted")
    return bool(stale)


def head(path):
    text = path.read_text()
    return text.split("\n", 1)[0], re.search(r"^target: (\S+)$", text, re.M)[1]


def hunt(target, seconds, processes):
    """Seconds until a process stops by itself, executions of all until then, and what it says; or None."""
    shutil.rmtree(COPY / "cases", ignore_errors=True)
    (COPY / "cases").mkdir()
    began, logs, running = time.monotonic(), [], []
    dictionary = [f"-dict={path}" for path in (pathlib.Path(f"build/fuzz/dict/{target}.dict"),) if path.is_file()]
    for number in range(processes):
        scratch = COPY / f"cases/corpus-{number}"
        scratch.mkdir()
        logs.append(open(COPY / f"cases/log-{number}", "w+", errors="replace"))
        running.append(subprocess.Popen(
            [str(COPY / "build/fuzz" / target), *LIMITS, f"-max_len={MAX_LEN[target]}", f"-max_total_time={seconds}",
             *dictionary, f"-seed={number + 1}", f"-artifact_prefix={COPY}/cases/", str(scratch),
             *([str(CORPUS / target)] if (CORPUS / target).is_dir() else [])], stdout=subprocess.DEVNULL, stderr=logs[-1]))
    while all(process.poll() is None for process in running):
        time.sleep(0.05)
    took = time.monotonic() - began
    ended = [number for number, process in enumerate(running) if process.poll() is not None]
    found = [number for number in ended if running[number].returncode != 0]
    for process in running:
        process.kill() if process.poll() is None else None
        process.wait()
    executions, words = 0, ""
    for number, log in enumerate(logs):
        log.seek(0)
        text = log.read()
        counted = re.findall(r"^#(\d+)|^stat::number_of_executed_units: (\d+)", text, re.M)
        executions += max((int(a or b) for a, b in counted), default=0)
        if number in found:
            words = next((line.split(": ", 1)[1] if line.strip().startswith("fuzz/") else line.strip()
                          for line in explain(text).splitlines()), "stopped")
        log.close()
    # who stops and leaves no case has found nothing: it did not begin
    if found and not [case for case in (COPY / "cases").iterdir() if case.name.startswith(("crash-", "leak-", "oom-", "timeout-"))]:
        sys.exit(f"planted.py: {target} does not run: {text[-400:]}")
    return (took, executions, words) if found else None


def break_contracts(target):
    """What the first contract says that does not hold in the committed corpus, or what else ends the target; or nothing."""
    cases = [str(path.resolve()) for path in sorted((CORPUS / target).glob("*"))]
    done = subprocess.run([str(COPY.resolve() / "build/fuzz-eacsl" / target), *cases], capture_output=True, text=True)
    if done.returncode == 0:
        return "no", ""
    said = re.search(r"^(\S+:\d+: \w+: .*) does not hold", done.stderr, re.M)
    return ("yes", re.sub(r"^\S+:\d+: ", "", said[1])) if said else ("no", "the target's own oracle is first")


def contracts(names):
    rows, found = [], 0
    for bug in sorted(pathlib.Path("fuzz/planted").glob("*.patch")):
        words, target = head(bug)
        if target not in eacsl.CORE or (names and bug.stem not in names):
            continue
        patch(bug)
        built = subprocess.run(["make", "-s", f"build/fuzz-eacsl/{target}"], cwd=COPY, capture_output=True, text=True)
        patch(bug, "-R")
        if built.returncode != 0:
            sys.exit(f"{bug}: does not compile\n{built.stderr}")
        finds, said = break_contracts(target)
        found += finds == "yes"
        rows.append(f"{bug.stem}\t{target}\t{finds}\t{words}\t{said}\n")
        print(rows[-1], end="", flush=True)
    if not names:
        CONTRACTS.write_text("bug\ttarget\ta contract finds it\twhat is wrong\twhat it says\n" + "".join(rows))
    print(f"{found} of {len(rows)} are found by a contract")
    return found == 0


def main(arguments):
    seconds, processes = 600, PROCESSES
    if arguments == ["--apply"]:
        return apply_all()
    if arguments[:1] == ["--contracts"]:
        make_copy()
        return contracts(arguments[1:])
    if arguments[:1] == ["--seconds"]:
        seconds, arguments = int(arguments[1]), arguments[2:]
    if arguments[:1] == ["--processes"]:
        processes, arguments = int(arguments[1]), arguments[2:]
    bugs = sorted(pathlib.Path("fuzz/planted").glob("*.patch"))
    bugs = [bug for bug in bugs if not arguments or bug.stem in arguments]
    make_copy()
    rows, missed = {line.split("\t")[0]: line for line in TABLE.read_text().splitlines()[1:]} if TABLE.is_file() else {}, 0
    for bug in bugs:
        words, target = head(bug)
        patch(bug)
        built = subprocess.run(["make", "-s", f"build/fuzz/{target}"], cwd=COPY, capture_output=True, text=True)
        if built.returncode != 0:
            sys.exit(f"{bug}: does not compile\n{built.stderr}")
        result = hunt(target, seconds, processes)
        patch(bug, "-R")
        missed += result is None
        took, executions, said = result or (seconds, 0, "not found")
        rows[bug.stem] = (f"{bug.stem}\t{target}\t{took:.1f}\t{executions}\t{words}\t{said[:110]}")
        print(f"{'found ' if result else 'MISSED'} {bug.stem:18} {target:10} {took:6.1f} s {executions:9}  {said[:90]}", flush=True)
        TABLE.write_text("bug\ttarget\tseconds\texecutions\twhat is wrong\twhat the target says\n"
                         + "".join(f"{rows[name]}\n" for name in sorted(rows)))
    print(f"{len(bugs) - missed} passed, {missed} failed")
    return missed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

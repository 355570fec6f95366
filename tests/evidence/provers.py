#!/usr/bin/env python3
"""The tools the proofs believe, as far as they can be looked at; from the root of the tree.

  again   each of the two provers alone, without the cache, proves a sample that the table says is proved: both the same goals,
          and each nearly all of them (z3 finds no answer for one)
  lies    of the same sample, with a false claim added to each of some functions: neither proves one
  orders  Aoraï's way (proofs/c5): a driver proved of its automaton is open with a wrong one
  heard   Aoraï hears calls of functions that have a body: all that the automata name have one
"""
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path[:0] = ["proofs"]
import prove  # noqa: E402

SAMPLE = ("fsm/bytes.c",)
# function, a claim that is false of it
LIES = {"fsm/bytes.c": [("sfu_get32", r"\result != \result + 1 && \result < 0x80000000"), ("sfu_get16", r"\result == 0"),
                        ("sfu_fill", r"size == 0 || to[0] != value")]}
# what is changed in proofs/c5/session_order.ya
ORDERS = [("Fresh: { CALL(sfu_session_init) } -> Open", "Fresh: { CALL(sfu_session_init) } -> Left"),
          ("&& !CALL(sfu_port_reset) && !CALL(sfu_session_init) } -> Open",
           "&& !CALL(sfu_port_reset) && !CALL(sfu_session_init) && !CALL(sfu_session_poll) } -> Open")]
# Aoraï may find a function out of reach of a wrong automaton; then it is its caller that stays open
FUNCTIONS = "serve,sfu_main,c5_main"
passed = failed = 0


def expect(what, good, more=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED {what} {more}")


def wp(path, include, prover, *more):
    """(goals, proved, the rest of what was said) of a file by one prover, without any cache"""
    names, options = prove.functions(path), list(prove.OPTIONS)
    options[options.index("-wp-prover") + 1] = prover
    run = subprocess.run(["frama-c", *options, f"-cpp-extra-args={include}", path, "-wp-fct", ",".join(names), *more],
                         capture_output=True, text=True, env=dict(os.environ, FRAMAC_WP_CACHE="none"))
    said = prove.PROVED.search(run.stdout)
    return (int(said[2]), int(said[1]), run.stdout) if said and run.returncode == 0 else (0, 0, run.stdout + run.stderr)


def again():
    for path in SAMPLE:
        expect(f"{path} is in {prove.TABLE}", path in open(prove.TABLE).read())
        counts = {prover: wp(path, prove.includes(path), prover) for prover in ("z3", "cvc4")}
        for prover, (goals, proved, said) in counts.items():
            expect(f"{path} by {prover} alone", goals > 10 and 20 * proved >= 19 * goals, f"{proved} of {goals}: {said[-300:]}")
            expect(f"{path}: {prover} was asked", re.search(rf"^\[wp\] \[{prover}", said, re.M | re.I), said[-300:])
        expect(f"{path}: both had the same goals", counts["z3"][0] == counts["cvc4"][0], str({p: c[:2] for p, c in counts.items()}))


def lies():
    for path, claims in LIES.items():
        with tempfile.TemporaryDirectory() as folder:
            header = pathlib.Path(path).with_suffix(".h")
            text = header.read_text()
            for function, claim in claims:
                found = re.search(rf"\*/\n[^\n;]*\b{function}\(", text)
                assert found, f"{header}: no contract of {function}"
                text = text[:found.start()] + f"  ensures lie: {claim};\n" + text[found.start():]
            (pathlib.Path(folder) / header.name).write_text(text)
            copy = pathlib.Path(folder) / pathlib.Path(path).name
            shutil.copy(path, copy)
            for prover in ("z3", "cvc4"):
                _, _, said = wp(str(copy), f"-I{folder} {prove.includes(path)}", prover, "-wp-prop=lie", "-wp-timeout=2")
                for function, claim in claims:
                    answers = re.findall(rf"Goal typed_{function}_ensures_lie\w* : (\w+)|\[(\w+)\] Goal typed_{function}_ensures_lie", said)
                    words = [a or b for a, b in answers]
                    expect(f"{function}: `{claim}` by {prover}", words and any(w != "Valid" for w in words), f"{words} {said[-200:]}")


def orders():
    spec = importlib.util.spec_from_file_location("order", "proofs/c5/prove.py")
    order = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(order)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree("proofs/c5", f"{folder}/c5")
        order.HERE, order.OUT, order.CACHE = f"{folder}/c5", f"{folder}/out", f"{folder}/cache"
        os.makedirs(order.CACHE)
        goals, proved, opened, wrong = order.run("session_order", FUNCTIONS)
        expect("serve keeps its order", goals > 0 and goals == proved, wrong[-300:] or str(opened))
        automaton = pathlib.Path(folder, "c5/session_order.ya")
        sound = automaton.read_text()
        for old, new in ORDERS:
            assert sound.count(old) == 1, old
            automaton.write_text(sound.replace(old, new))
            goals, proved, opened, wrong = order.run("session_order", FUNCTIONS)
            expect(f"a wrong automaton, `{new}`", goals > 0 and opened, wrong[-300:])


def deaf(automaton, driver):
    """Functions that an automaton names and that have no body in the driver or in what it includes."""
    files = [driver]
    for path in files:
        for name in re.findall(r'#include "([^"]+)"', open(path).read()):
            places = [os.path.normpath(os.path.join(d, name)) for d in ("proofs/c5", "fsm", "gen", "crypto", "port", ".")]
            files += [p for p in places if os.path.exists(p) and p not in files][:1]
    bodies = {name for path in files for name in prove.functions(path)}
    return sorted(set(re.findall(r"(?:CALL|RETURN|COR)\(\s*(\w+)", automaton)) - bodies)


def heard():
    for path in sorted(pathlib.Path("proofs/c5").glob("*.ya")):
        expect(f"{path}: all is heard", not deaf(path.read_text(), path.with_suffix(".c")), str(deaf(path.read_text(), path.with_suffix(".c"))))
    expect("a function without a body is found", deaf("CALL(sfu_port_idle)", "proofs/c5/session_order.c") == ["sfu_port_idle"])


def main():
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    again()
    lies()
    heard()
    orders()
    print(f"provers: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

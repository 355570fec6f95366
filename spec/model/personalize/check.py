#!/usr/bin/env python3
"""Checks the model of the personalization exchange with Maude: README.md.

    check.py              every line, every broken variant, and that a changed page is noticed: under a minute
    check.py --full       the lines in larger bounds as well: some ten minutes
    check.py --trace N    the attack of line or variant N of the list, step by step

From the root of the tree. What is made is in build/model/personalize.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import generate  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
OUT = pathlib.Path("build/model/personalize")  # and in it a folder for each way to run this
PAGE = pathlib.Path("spec/formats.md")
SECONDS = 1500
M, A, E, H = "master-key(1)", "A(1)", "seed(1)", "H"
SECRETS = "K-known E-known D-known"
LATER = "K-if-M-leaks K-if-M-and-H-leak K-if-E-and-A-leak"
DEVICE = "not-permitted receipt-refused box-key-twice"
LEDGER = "counted-twice not-counted without-licence without-extra-permit"
TRUTH = "not-taken counted-for-no-device"
ALL = " ".join((SECRETS, LATER, DEVICE, LEDGER, TRUTH))

# who; what he knows of secrets; heard: he only listens, owned: he is the line; (exchanges that device 1 and 2 may begin, permits
# that the HSM may issue, cuts of its power); what must not be possible; what must be found
LINES = [
    ("owns the line", "none", "owned", (2, 1, 3, 1), ALL, "done K-if-M-and-a-scalar-leak"),
    ("listens, and knows M", M, "heard", (2, 1, 3, 1),
     f"{SECRETS} K-if-M-and-H-leak {DEVICE} {LEDGER} {TRUTH}", "done K-if-E-and-A-leak"),
    ("owns the line, and knows M", M, "owned", (1, 1, 2, 0), f"D-known {DEVICE} {LEDGER}",
     f"K-known E-known without-own-licence {TRUTH}"),
    ("owns the line, and knows A and E", f"{A} ; {E}", "owned", (1, 1, 2, 0),
     f"K-known D-known {DEVICE} {LEDGER}", f"{TRUTH} K-if-M-leaks"),
    ("owns the line, and knows A", A, "owned", (1, 0, 2, 0), f"K-known D-known {DEVICE} {LEDGER}", f"E-known {TRUTH}"),
    ("owns the line, and knows E", E, "owned", (2, 1, 3, 1), f"K-known D-known {DEVICE} {LEDGER} {TRUTH}", "done K-if-M-leaks"),
    ("owns the line, and knows A, E and H", f"{A} ; {E} ; {H}", "owned", (1, 0, 1, 0), "K-known D-known",
     "not-permitted not-taken"),
    ("owns the line, and knows H", H, "owned", (2, 1, 3, 1), ALL, "done"),
    ("owns the line, and knows M of another product with the same H", "master-key(2)", "owned", (1, 1, 2, 0), ALL,
     "K-of-2-known"),
]
FULL = [
    ("owns the line", "none", "owned", (2, 2, 4, 1), ALL),
    ("listens, and knows M", M, "heard", (2, 2, 4, 1), f"{SECRETS} {DEVICE} {LEDGER} {TRUTH}"),
    ("owns the line, and knows M", M, "owned", (2, 1, 2, 1), f"D-known {DEVICE} {LEDGER}"),
    ("owns the line, and knows A and E", f"{A} ; {E}", "owned", (2, 1, 2, 1), f"K-known D-known {DEVICE} {LEDGER}"),
    ("owns the line, and knows A, E and H", f"{A} ; {E} ; {H}", "owned", (1, 1, 1, 0), "K-known D-known"),
]
# variant, what it is, and with whom and in what bounds it must be found as what. As it is, the same search must find nothing.
VARIANTS = [
    ("no-ecdh", "the box key is derived without the ECDH secret", M, "heard", (1, 1, 2, 0), "K-known"),
    ("no-A", "the box key is derived without A", H, "owned", (1, 0, 1, 0), "not-permitted"),
    ("shallow-signature", "H signs uid, nonce and licence, not points and box", f"{A} ; {E}", "owned", (1, 0, 1, 0),
     "not-permitted"),
    ("shallow-mac", "the challenge's MAC does not cover its public key", "none", "owned", (1, 0, 1, 0), "K-if-M-leaks"),
    ("no-mac", "the challenge has no MAC", "none", "owned", (1, 0, 1, 0), "counted-for-no-device"),
    ("master-as-attest-key", "A is M itself", f"{A} ; {E}", "owned", (1, 0, 1, 0), "K-known"),
    ("new-licence", "the HSM does not look whether a uid has a licence", "none", "owned", (1, 0, 2, 0), "counted-twice"),
    ("licence-late", "the licence is counted after the permit is sent", "none", "owned", (1, 0, 1, 1), "not-counted"),
    ("receipt-early", "the device lets the receipt go before it has written its keys", "none", "owned", (1, 0, 1, 0),
     "not-taken"),
    ("last-only", "the HSM remembers only the last permit of a uid", "none", "owned", (1, 0, 2, 0), "receipt-refused"),
]
# variants in which nothing is found, because something else covers it
COVERED = [
    ("signature-without-box", "H signs challenge and permit up to its public key", "none", "owned", (2, 1, 3, 1), ALL),
    ("signature-without-box", "H signs challenge and permit up to its public key", f"{A} ; {E}", "owned", (1, 0, 2, 0),
     f"K-known D-known {DEVICE} {LEDGER}"),
]
# what may become of the page, and must be noticed
DRIFTS = [
    ("a field renamed", "| 56 | 32 | nonce |", "| 56 | 32 | challenge |"),
    ("a field added", "| 152 | 32 | mac | HMAC", "| 152 | 4 | more | zero |\n| 156 | 32 | mac | HMAC"),
    ("a field dropped", "| 12 | 12 | uid | of the one device it is for |\n", ""),
    ("an input of a key dropped", 'HKDF(Z, A, "sfu box"', 'HKDF(Z, empty, "sfu box"'),
    ("an input of a key added", '"sfu receipt" ‖ transcript hash', '"sfu receipt" ‖ uid ‖ transcript hash'),
    ("a hash of less", "‖ CHALLENGE ‖ PERMIT without its signature", "‖ PERMIT without its signature"),
    ("a signature over something else", "by H over the transcript hash", "by H over the box hash"),
    ("a MAC of something else", "HMAC-SHA-256 under A of the bytes before", "HMAC-SHA-256 under A of the nonce"),
    ("another message", "### struct RECEIPT —", "### struct RECEIPTS —"),
    ("another key", "| fingerprint | first 16", "| mark | HKDF(E, empty, \"sfu mark\") | nothing |\n| fingerprint | first 16"),
]


def text(formats, variant, commands):
    return "\n".join([(HERE / "terms.maude").read_text(), formats, (HERE / "exchange.maude").read_text(),
                      f"mod RUN is including PROPERTIES . eq variant = {variant} . endm", *commands, ""])


def maude(name, source):
    """What maude says of it, and what it does not like."""
    path = OUT / f"{name}.maude"
    path.write_text(source)
    done = subprocess.run(["timeout", str(SECONDS), "maude", "-no-banner", "-no-wrap", "-batch", str(path)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    return done.stdout, done.stderr.strip() or (f"exit {done.returncode}" if done.returncode else "")


def begin(known, line, bounds):
    other = "hsm(2, nothing)" if "(2)" in known else "void"
    return f"begin({known}, {line}, {', '.join(map(str, bounds))}, {other})"


def search(name, variant, known, line, bounds, names, path=False):
    """(the first state in which one of these is so is reached: which one, or None; states; seconds; what was said)"""
    began = time.monotonic()
    wanted = " + ".join(names.split())
    commands = [f"search [1] in RUN : {begin(known, line, bounds)} =>* X:State such that which({wanted}, X:State) =/= fine ."]
    said, trouble = maude(name, text(FORMATS, variant, commands))
    solution = re.search(r"^Solution 1 \(state (\d+)\)$", said, re.M)
    states = re.search(r"^states: (\d+)", said, re.M)
    if trouble or not states or bool(solution) == ("No solution." in said):
        return trouble.splitlines()[0] if trouble else "no answer", 0, time.monotonic() - began, said
    if solution:
        also = [f"show path {solution[1]} ."] if path else []
        also += [f"red in RUN : which({wanted}, {state(said)}) ."]
        said, trouble = maude(name, text(FORMATS, variant, commands + also))
        which = re.findall(r"^result Propert\w+: (.*)$", said, re.M)
        return which[-1] if which else trouble, int(states[1]), time.monotonic() - began, said
    return None, int(states[1]), time.monotonic() - began, said


def state(said):
    return re.search(r"^X:State --> (.*)$", said, re.M)[1]


def task(number, kind, who, variant, known, line, bounds, names):
    return dict(number=number, kind=kind, who=who, variant=variant, known=known, line=line, bounds=bounds, names=names)


def tasks(full):
    """Every search; kind says whether something must be found."""
    listed, number = [], 0
    for who, known, line, bounds, holds, found in LINES:
        number += 1
        listed.append(task(number, "holds", who, "as-it-is", known, line, bounds, holds))
        for name in found.split():
            listed.append(task(number, "found", who, "as-it-is", known, line, bounds, name))
    for variant, what, known, line, bounds, name in VARIANTS:
        number += 1
        listed.append(task(number, "found", what, variant, known, line, bounds, name))
        listed.append(task(number, "holds", f"{what}: not so", "as-it-is", known, line, bounds, name))
    for variant, what, known, line, bounds, names in COVERED:
        number += 1
        listed.append(task(number, "holds", what, variant, known, line, bounds, names))
    for who, known, line, bounds, holds in FULL if full else []:
        number += 1
        listed.append(task(number, "holds", who, "as-it-is", known, line, bounds, holds))
    return listed


def judged(index, job):
    found, states, seconds, _ = search(f"search{index}", *(job[k] for k in ("variant", "known", "line", "bounds", "names")))
    good = states > 0 and ((found is None) if job["kind"] == "holds" else found == job["names"])
    answer = found if found else "none of " + job["names"] if job["kind"] == "found" else "nothing found"
    what = f": {answer}" if job["kind"] == "found" or found else f": not {job['names'].replace(' ', ', ')}"
    return good, (f"{job['kind'] + ' ' if good else 'FAILED'} {job['number']:2} {job['who']} "
                  f"{job['bounds']}{what}; {states} states, {seconds:.1f} s")


def drifts(page):
    """How many changes of the page were not noticed."""
    missed = 0
    for index, (what, old, new) in enumerate(DRIFTS):
        if old not in page:
            trouble, seen = f"`{old}` is not in the page", False
        else:
            try:
                _, trouble = maude(f"drift{index}", text(generate.module(page.replace(old, new)), "as-it-is", []))
            except (generate.Drifted, generate.formats.Refused) as refused:
                trouble = str(refused)
            seen = bool(trouble)
        missed += not seen
        print(f"{'found ' if seen else 'FAILED'} page with {what}: {(trouble or 'not noticed').splitlines()[0][:110]}", flush=True)
    return missed


CHALLENGED = re.compile(r"issued\((\d+), CHALLENGE\{.*?uid: (chip\(\d\)),.*?nonce: (my-nonce|device-nonce\(\d, \d\)),"
                        r"public-key: (point\(.*?\)),mac.*? PERMIT\{.*?licence: number\((\d+)\),", re.S)
PHASE = re.compile(r"device\(1, (\d), \d, (\d), (blank|waiting|writing|personal)")


def trace(number):
    for job in (j for j in tasks(False) if j["number"] == number and j["kind"] == "found"):
        found, _, _, said = search("trace", *(job[k] for k in ("variant", "known", "line", "bounds", "names")), path=True)
        print(f"{job['who']}; he knows {job['known']}; the line is {job['line']}; {job['variant']}: {found}")
        steps = re.findall(r"===\[ c?rl .*?\[label (\S+)\] \. \]===>\nstate \d+, State: (.*)$", said, re.M)
        phases, issued = {}, set()
        for label, after in steps:
            for chip, count, phase in PHASE.findall(after):
                if phases.get(chip, ("0", "blank")) != (count, phase):
                    print(f"  {label}: device {chip} is {phase} (exchange {count})")
                phases[chip] = (count, phase)
            new = [c for c in CHALLENGED.findall(after) if c[0] not in issued]
            for order, uid, nonce, point, licence in new:
                issued.add(order)
                print(f"  {label}: the HSM takes CHALLENGE uid {uid}, nonce {nonce}, public_key {point}, "
                      f"counts and answers PERMIT licence {licence}")
            if label == "CHALLENGE-and-cut":
                print(f"  {label}: the HSM takes a CHALLENGE and loses power")


def main(arguments):
    global FORMATS, OUT
    OUT /= "full" if arguments == ["--full"] else "short"
    OUT.mkdir(parents=True, exist_ok=True)
    page = PAGE.read_text()
    try:
        FORMATS = generate.module(page)
    except (generate.Drifted, generate.formats.Refused) as refused:
        sys.exit(f"the model does not fit {PAGE}: {refused}")
    _, trouble = maude("empty", text(FORMATS, "as-it-is", []))
    if trouble:
        sys.exit(f"maude cannot read the model, or it does not fit {PAGE}:\n{trouble}")
    if len(arguments) == 2 and arguments[0] == "--trace" and arguments[1].isdigit():
        return trace(int(arguments[1]))
    if arguments not in ([], ["--full"]):
        sys.exit(__doc__)
    began, failed = time.monotonic(), 0
    listed = tasks(bool(arguments))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for good, line in pool.map(lambda pair: judged(*pair), enumerate(listed)):
            failed += not good
            print(line, flush=True)
    failed += drifts(page)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"personalize: {len(listed) + len(DRIFTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

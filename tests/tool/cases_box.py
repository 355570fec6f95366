"""What the box with the HSM keeps to itself: keys, memory, PINs; and its socket."""
import json
import os
import pty
import re
import subprocess
import sys
import termios
import threading

from cases_ledger import FAST, killer
from cases_token import SOFTHSM
from harness import ABSENT, AGAIN, HERE, NOINPUT, REFUSED, SFU, USAGE, case, check, equal, sfu
from hsm_world import Asker, Hsm, granted, personalize, stored


def objects(config, pin):
    """All that a token with this PIN tells, by the last word of its label."""
    out = subprocess.run([sys.executable, HERE / "token_look.py", SOFTHSM, pin], capture_output=True, text=True,
                         env={**os.environ, "SOFTHSM2_CONF": str(config)})
    equal(out.returncode, 0, f"token_look.py: {out.stderr}")
    return {(row["class"], re.sub(r"sfu \w{32} ", "", row["label"])): row for row in json.loads(out.stdout)}


@case
def keys_never_leave_the_token(w, d):
    sfu("keygen", "sign", d / "h.pem")
    for name, more in (("made", []), ("brought", ["--import-key", d / "h.pem"])):
        (d / name).mkdir()
        hsm = Hsm(d / name, init=more)
        token = objects(hsm.box / "softhsm/softhsm2.conf", (hsm.box / "pin").read_text().strip())
        for key in (("private", "sign"), ("private", "seal"), ("secret", "attest"), ("secret", "wrap")):
            row = token[key]
            equal((row["private"], row["sensitive"], row["extractable"], row["copies"]), (True, True, False, False), f"{key}")
            equal(row["value"], "error 0x11", f"value of {key}: CKR_ATTRIBUTE_SENSITIVE")
        # the look itself sees what there is to see, and the seed is there in a box only
        check(len(bytes.fromhex(token["data", "seed"]["value"])) == 60, "the seed's box")
        check(hsm.seed not in token["data", "seed"]["value"], "the seed lies open in the token")


def mappings(pid):
    """(bytes, permissions, flags) of what can be read."""
    text = open(f"/proc/{pid}/smaps").read()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for found in re.finditer(r"^(\w+)-(\w+) (\S+) .*\n(?:.*\n)*?VmFlags: (.*)$", text, re.M):
            start, end = int(found[1], 16), int(found[2], 16)
            try:
                memory.seek(start)
                yield memory.read(end - start), found[3], found[4].split()
            except (OSError, OverflowError):
                pass  # the kernel's own


@case
def the_services_memory_keeps_the_seed_locked(w, d):
    """While it serves: E and PIN once each, in memory that is not swapped (lo) nor dumped (dd); A, K and M nowhere."""
    hsm = Hsm(d)
    with hsm.serve(sfu_path=FAST) as service:
        chips = [hsm.chip() for _ in range(3)]
        for chip in chips:
            personalize(service, chip)
        where = {name: [] for name in ("E", "PIN", "A", "K", "M")}
        secrets = {"E": bytes.fromhex(hsm.seed), "PIN": (hsm.box / "pin").read_bytes().strip(), "A": chips[0].attest,
                   "K": chips[0].key, "M": hsm.master}
        public = 0
        for data, _, flags in mappings(service.process.pid):
            public += hsm.key in data
            for name, secret in secrets.items():
                where[name] += [flags] * data.count(secret)
        check(public > 0, "the scan does not even find the public key")
        for name in ("E", "PIN"):
            equal([("lo" in f, "dd" in f) for f in where[name]], [(True, True)], f"where {name} lies: {where[name]}")
        for name in ("A", "K", "M"):
            equal(where[name], [], f"where {name} lies")


# ---- PINs


def at_terminal(arguments, answer):
    """Runs the program at a terminal of its own and answers what it asks for: status, what the terminal showed, stderr, and
    whether it echoes when the program asks and when it has ended."""
    master, slave = pty.openpty()
    run = subprocess.Popen(["setsid", "--ctty", "--wait", SFU, *map(str, arguments)], stdin=slave, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    echoes = lambda: bool(termios.tcgetattr(slave)[3] & termios.ECHO)
    try:
        shown = b""
        while b": " not in shown:
            shown += os.read(master, 100)
        asked = echoes()
        os.write(master, answer)
        err = run.communicate(timeout=20)[1].decode()
        os.set_blocking(master, False)
        try:
            shown += os.read(master, 1000)
        except BlockingIOError:
            pass
        return run.returncode, shown.decode(), err, asked, echoes()
    finally:
        os.close(master)
        os.close(slave)


@case
def a_person_is_asked_for_the_pin(w, d):
    hsm = Hsm(d)
    pin = (hsm.box / "pin").read_text().strip()
    (hsm.box / "pin").unlink()
    command = ["hsm", "status", "-d", hsm.box]
    status, shown, err, asked, after = at_terminal(command, pin.encode() + b"\n")
    equal((status, asked, after), (0, False, True), f"status, echo while asked and afterwards: {err}")
    check(re.fullmatch(r"PIN of \S*box: \s*", shown), f"the terminal showed {shown!r}")
    status, shown, err, _, after = at_terminal(command, b"wrong\n")
    equal((status, after), (REFUSED, True), err)
    check("the PIN is wrong" in err, err)
    # whoever gives up gets a terminal that echoes
    status, shown, err, asked, after = at_terminal(command, b"\x03")
    check(status not in (0, None) and not asked and after, f"interrupted: {status}, echo {asked} then {after}: {err}")
    # a PIN on the command line, where others see it, is no PIN
    sfu(*command, "-p", pin, status=USAGE)
    sfu(*command, "--pin-file", pin, status=NOINPUT)


# ---- others beside the service


@case
def verify_beside_a_service(w, d):
    """Three look at token and ledger again and again while devices are personalized; nobody disturbs anybody."""
    hsm, ended, runs = Hsm(d, stock=500), threading.Event(), []

    def look():
        while not ended.is_set():
            runs.append(subprocess.run([FAST, "hsm", "ledger", "verify", "-d", hsm.box], capture_output=True, text=True))

    with hsm.serve(sfu_path=FAST) as service:
        askers = [Asker(service.listen) for _ in range(8)]
        lookers = [threading.Thread(target=look) for _ in range(3)]
        for one in lookers:
            one.start()
        try:
            while len(runs) < 60 and len(hsm.rows()) < 800:
                chips = [hsm.chip() for _ in askers]
                for chip, asker in zip(chips, askers):
                    asker.send("CHALLENGE", chip.challenge())
                for chip, asker in zip(chips, askers):
                    asker.send("RECEIPT", chip.take(granted(asker.receive())[3]))
                for asker in askers:
                    stored(asker.receive())
        finally:
            ended.set()
            for one in lookers:
                one.join()
        for asker in askers:
            asker.close()
        equal(service.text().count("\n"), 1, f"what the service said: {service.text()}")
    for run in runs:
        check(run.returncode == 0 and run.stderr == "" and "rows are good" in run.stdout, f"of {len(runs)}: {run}")
    check(len(runs) > 20, f"only {len(runs)} looks")
    hsm.verify()


@case
def t66_verify_is_killed(w, d):
    """It logs in too, and so may leave SoftHSM2 without its token: the next status or service puts that back, which is
    told. A service that runs goes on."""
    hsm, lost, killed = Hsm(d), 0, 0
    verify = ["hsm", "ledger", "verify", "-d", str(hsm.box)]
    run = lambda *command: subprocess.run([*command], capture_output=True, text=True, timeout=60)
    for call, numbers in (("write", range(1, 40)), ("ftruncate", range(1, 20)), ("pwrite64", range(1, 20))):
        for number in numbers:
            if run(*killer(call, number), FAST, *verify).returncode == 0:
                break
            killed += 1
            again = run(FAST, *verify)
            if again.returncode != 0:
                lost += 1
                equal(again.returncode, ABSENT, f"{call} {number}: {again.stderr}")
                check("`sfu hsm status` puts the copy back, or a service when it logs in" in again.stderr, again.stderr)
                mended = run(FAST, "hsm", "status", "-d", str(hsm.box))
                check(mended.returncode == 0 and "the copy is back" in mended.stderr, f"{call} {number}: {mended}")
                equal(run(FAST, *verify).returncode, 0, f"{call} {number}: verify at last")
    check(killed > 5 and lost > 0, f"{killed} kills, after which {lost} times the token was gone: what was killed?")
    with hsm.serve(sfu_path=FAST) as service:
        for number in range(1, 12):
            run(*killer("write", number), FAST, *verify)
            personalize(service, hsm.chip()) if number < 10 else None
    with hsm.serve(sfu_path=FAST) as service:
        personalize(service, hsm.chip())
    equal(len(hsm.taken()), 10, "licences")


# ---- sockets


@case
def a_socket_in_use_is_not_taken(w, d):
    """Two boxes with one name for their sockets: the first goes on. What a killed service left is taken over."""
    (d / "two").mkdir()
    one, two = Hsm(d), Hsm(d / "two")
    with one.serve() as service:
        sfu("hsm", "serve", "-d", two.box, "-l", service.listen, status=AGAIN, err="cannot be listened at: Address already in use")
        personalize(service, one.chip())
        service.kill()
        service.process.returncode = 0
    check(os.path.exists(service.listen), "a killed service leaves its socket")
    with two.serve(listen=service.listen) as service:
        personalize(service, two.chip())
    check(not os.path.exists(service.listen), "a socket is left")
    # a file that is none is not taken away
    (d / "file").write_text("mine")
    sfu("hsm", "serve", "-d", two.box, "-l", d / "file", status=AGAIN, err="Address already in use")
    equal((d / "file").read_text(), "mine", "somebody's file")

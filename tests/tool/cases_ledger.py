"""The ledger under attack and under accidents: kill -9 at every write, a full disk, a token that goes, rows that are
changed, removed, added or older."""
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from harness import DATA, FORMAT, REFUSED, ROOT, Failed, case, check, equal, sfu
from hsm_device import Line
from hsm_world import Asker, Hsm, granted, personalize, stored

# the sanitizers' program takes a second to start; this one is the same text
FAST = os.environ.get("SFU", str(ROOT / "build/sfu"))
# what changes a file or says something
CALLS = ("pwrite64", "write", "writev", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "sendto")


def killer(call, number):
    """Ends the program with SIGKILL when it enters its `number`-th call of this kind."""
    return ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:signal=KILL:when={number}"]


def every_step(attempt):
    """attempt(killer) until it answers that nothing was killed, for every kind of call; how many were."""
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True)
    check(tried.returncode == 0, f"this machine lets nobody trace programs: {tried.stderr.decode()}")
    killed = 0
    for call in CALLS:
        for number in range(1, 200):
            if attempt(killer(call, number), f"{call} {number}"):
                break
            killed += 1
        else:
            check(False, f"{call}: no end")
    return killed


@case
def t67_the_service_is_killed_at_every_step(w, d):
    """Whatever it had done: the device ends with one licence, and the ledger has it once."""
    hsm = Hsm(d, stock=500)
    devices = []

    def attempt(prefix, where):
        chip, licence, whole = hsm.chip(), None, False
        devices.append(chip)
        service = hsm.serve(sfu_path=FAST, prefix=prefix)
        try:
            with service:
                licence, _, _, permit = granted(service.ask("CHALLENGE", chip.challenge()))
                equal(stored(service.ask("RECEIPT", chip.take(permit)))[0], licence, "licence")
            whole = True
        except (AssertionError, ConnectionError, Failed):
            if service.process.poll() is None:
                os.killpg(service.process.pid, signal.SIGKILL)  # strace, and what it started
                service.process.wait()
        with hsm.serve(sfu_path=FAST) as again:
            final = stored(again.ask("RECEIPT", chip.receipt))[0] if chip.receipt else personalize(again, chip)
            check(licence in (None, final), f"killed at {where}: licence {licence}, then {final}")
            equal(final, len(devices), f"killed at {where}: licences count up")
        return whole

    killed = every_step(attempt)
    check(killed > 40, f"only {killed} steps: what was killed?")
    equal(len(hsm.taken()), len(devices), "licences")
    sfu("hsm", "ledger", "export", "-d", hsm.box, d / "x")
    sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-M", d / "master.key")


def signed_order(hsm, like, total):
    """An order as the one in `like`, for another total, signed by the OEM's key."""
    body = like[:FORMAT["ORDER_TOTAL_OFFSET"]] + total.to_bytes(4, "little") + \
        like[FORMAT["ORDER_TOTAL_OFFSET"] + 4:FORMAT["ORDER_SIGNATURE_OFFSET"]]
    key = serialization.load_pem_private_key((hsm.d / "order.pem").read_bytes(), None)
    r, s = utils.decode_dss_signature(key.sign(body, ec.ECDSA(hashes.SHA256())))
    return body + r.to_bytes(32, "big") + s.to_bytes(32, "big")


@case
def t67_stock_add_is_killed_at_every_step(w, d):
    """An order counts, or can be given again; never twice."""
    hsm, done = Hsm(d, stock=0), [0]
    like = hsm.order(1).read_bytes()
    tool = lambda *arguments: subprocess.run([FAST, *map(str, arguments)], capture_output=True, text=True, timeout=60)

    def attempt(prefix, where):
        done[0] += 3
        (d / "order").write_bytes(signed_order(hsm, like, done[0]))
        add = ("hsm", "stock", "add", "-d", hsm.box, d / "order")
        run = subprocess.run([*prefix, FAST, *map(str, add)], capture_output=True, timeout=60)
        check(run.returncode in (0, -signal.SIGKILL), f"{where}: status {run.returncode}: {run.stderr}")
        again = tool(*add)
        counted = again.returncode == REFUSED and "counted already" in again.stderr
        check(counted or (again.returncode == 0 and run.returncode != 0), f"{where}, then again: {again}")
        out = json.loads(tool("hsm", "status", "-d", hsm.box, "--json").stdout)
        equal((out["total"], out["stock"]), (done[0], done[0]), f"killed at {where}: stock")
        return run.returncode == 0

    killed = every_step(attempt)
    check(killed > 15, f"only {killed} steps: what was killed?")
    equal(len(hsm.rows(FORMAT["LEDGER_ORDER"])), done[0] // 3, "rows of orders")
    hsm.verify()


@case
def t67_the_station_is_killed_at_every_step(w, d):
    hsm = Hsm(d, stock=500)
    devices = []
    with hsm.serve(sfu_path=FAST) as service:

        def attempt(prefix, where):
            devices.append(hsm.chip())
            with Line(d / "port", devices[-1]):
                command = [FAST, "personalize", "-p", str(d / "port"), "--hsm", service.listen]
                run = subprocess.run([*prefix, *command], capture_output=True, timeout=60)
                check(run.returncode in (0, -signal.SIGKILL), f"{where}: status {run.returncode}")
                done = sfu("personalize", "-p", d / "port", "--hsm", service.listen, timeout=60)
                check(f"licence {len(devices)}" in done.out, f"killed at {where}: {done.out}")
            return run.returncode == 0

        killed = every_step(attempt)
    check(killed >= 7, f"only {killed} steps: what was killed?")
    equal(len(hsm.taken()), len(devices), "licences")


@case
def t67_kills_at_random_with_many_stations(w, d):
    """Sixteen stations' questions are answered in rounds; the service dies in the middle, six times."""
    hsm = Hsm(d, stock=1000)
    chips, licences = [hsm.chip() for _ in range(16)], {}
    for turn in range(6):
        service = hsm.serve(sfu_path=FAST)
        with service:
            askers = [Asker(service.listen) for _ in chips]
            for chip, asker in zip(chips, askers):
                if not chip.receipt:
                    asker.send("CHALLENGE", chip.challenge())
            time.sleep(0.002 * turn)
            service.kill()
            service.process.returncode = 0
            for chip, asker in zip(chips, askers):
                try:
                    licence, _, _, permit = granted(asker.receive()) if not chip.receipt else (0, 0, 0, None)
                    if permit:
                        equal(licences.setdefault(chip.uid, licence), licence, "the same licence again")
                        if turn % 2:
                            chip.take(permit)
                except ConnectionError:
                    pass
                asker.close()
    with hsm.serve(sfu_path=FAST) as service:
        for chip in chips:
            licence = stored(service.ask("RECEIPT", chip.receipt))[0] if chip.receipt else personalize(service, chip)
            equal(licences.setdefault(chip.uid, licence), licence, "the same licence at last")
    equal(hsm.taken(), licences, "licences")
    equal(len(licences), 16, "devices")


@case
def t66_a_full_disk_takes_no_licence(w, d):
    hsm = Hsm(d, stock=40)
    # no file may grow beyond 32 KiB, which the index of SQLite's log needs
    with hsm.serve(sfu_path=FAST, prefix=["sh", "-c", 'ulimit -f 64; exec "$@"', "sh"]) as service:
        good, chips = {}, [hsm.chip() for _ in range(12)]
        for chip in chips:
            answer = service.ask("CHALLENGE", chip.challenge())
            if answer[0] == "GRANT":
                good[chip.uid] = granted(answer)[0]
            else:
                equal(answer[1], "LEDGER", f"refusal {answer}")
                check("disk full" in answer[2], answer[2])
        check(0 < len(good) < len(chips), f"{len(good)} devices got a permit before the disk was full")
        service.kill()
        service.process.returncode = 0
    equal(hsm.taken(), good, "licences: those that were promised, and no other")
    with hsm.serve() as service:
        for chip in chips:
            personalize(service, chip)
    equal(len(hsm.taken()), 12, "licences")


@case
def t66_a_token_that_goes_and_comes_back(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        personalize(service, hsm.chip())
        (hsm.box / "softhsm").rename(d / "away")
        chip = hsm.chip()
        for _ in range(3):
            answer = service.ask("CHALLENGE", chip.challenge())
            equal(answer[:2], ("REFUSED", "TOKEN"), "without a token")
            check("connect it and try again" in answer[2], answer[2])
            time.sleep(0.5)
        (d / "away").rename(hsm.box / "softhsm")
        time.sleep(1.2)
        equal(personalize(service, chip), 2, "licence")
        check("the token is back" in service.text(), service.text())
    equal(len(hsm.taken()), 2, "licences")


@case
def t66_another_token_in_its_place(w, d):
    """It refuses the PIN. It is asked twice and no more, since tokens lock themselves; and nothing of it is used."""
    for name in ("one", "two"):
        (d / name).mkdir()
    hsm, other = Hsm(d / "one"), Hsm(d / "two")
    with hsm.serve() as service:
        personalize(service, hsm.chip())
        (hsm.box / "softhsm").rename(d / "away")
        equal(service.ask("CHALLENGE", hsm.chip().challenge())[1], "TOKEN", "without a token")
        (other.box / "softhsm").rename(hsm.box / "softhsm")
        for _ in range(4):
            time.sleep(1.1)
            answer = service.ask("CHALLENGE", hsm.chip().challenge())
        equal(answer[1], "TOKEN", "with another token")
        check("refuses the PIN, and is not asked again: connect the right one and start" in answer[2], answer[2])
        equal(service.text().count("the PIN is wrong"), 2, f"how often the PIN was tried: {service.text()}")
    (hsm.box / "softhsm").rename(other.box / "softhsm")
    (d / "away").rename(hsm.box / "softhsm")
    with hsm.serve() as service:
        equal(personalize(service, hsm.chip()), 2, "licence")
    equal(len(hsm.taken()), 2, "licences")
    other.verify()


@case
def an_older_copy_of_the_ledger_is_refused(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        personalize(service, hsm.chip())
    shutil.copy(hsm.box / "ledger.db", d / "old.db")
    with hsm.serve() as service:
        personalize(service, hsm.chip())
    shutil.copy(hsm.box / "ledger.db", d / "new.db")
    shutil.copy(d / "old.db", hsm.box / "ledger.db")
    for command in (["serve", "-l", d / "s"], ["status"], ["stock", "add", d / "new.order"]):
        sfu("hsm", *command, "-d", hsm.box, status=DATA, err=r"older than the token: its newest row is 4, .* seen 6")
    hsm.verify(status=DATA, err="row 5 was removed: the token has seen rows up to 6")
    shutil.copy(d / "new.db", hsm.box / "ledger.db")
    hsm.verify()
    # another HSM's ledger is none either
    (d / "two").mkdir()
    two = Hsm(d / "two")
    shutil.copy(two.box / "ledger.db", hsm.box / "ledger.db")
    sfu("hsm", "status", "-d", hsm.box, status=DATA, err="another HSM's ledger")
    hsm.verify(status=DATA, err="row 1 was changed or added")


def tampered(hsm, d, sql, *values):
    """The ledger as somebody leaves it who can write the file, whatever SQLite's triggers say."""
    shutil.copy(d / "good.db", hsm.box / "ledger.db")
    base = sqlite3.connect(hsm.box / "ledger.db")
    base.executescript("DROP TRIGGER no_change; DROP TRIGGER no_removal; DROP INDEX licence_number;"
                       "DROP INDEX licence_device")
    base.create_function("flip", 2, lambda body, at: body[:at] + bytes([body[at] ^ 1]) + body[at + 1:])
    base.create_function("sha256", 1, lambda data: hashlib.sha256(data).digest())
    for one in sql.split(";"):
        base.execute(one, values if "?" in one else ())
    base.commit()
    base.close()


@case
def verify_names_the_first_row_that_is_wrong(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        for _ in range(3):
            personalize(service, hsm.chip())
    hsm.verify()
    shutil.copy(hsm.box / "ledger.db", d / "good.db")
    rows = len(hsm.rows())
    equal(rows, 8, "rows")
    cases = [(f"UPDATE row SET body = flip(body, {at}) WHERE number = {n}", f"row {n} was changed")
             for n in range(1, rows + 1) for at in (0, 15, 60)]
    cases += [(f"UPDATE row SET {column} = {column} + 1 WHERE number = {n}", f"row {n} was changed")
              for n in (1, 4, rows) for column in ("time", "kind")]
    cases += [(f"UPDATE row SET seal = flip(seal, 20) WHERE number = {n}", f"row {n} was changed or added")
              for n in (1, 5, rows)]
    cases += [(f"DELETE FROM row WHERE number = {n}", f"row {n} was removed") for n in range(1, rows + 1)]
    cases += [(f"DELETE FROM row WHERE number >= {n}", f"row {n} was removed") for n in range(2, rows + 1)]
    cases += [("DELETE FROM row WHERE number = 4; UPDATE row SET number = number - 1 WHERE number > 4",
               "row 4 was changed"),
              (f"INSERT INTO row SELECT {rows + 1}, kind, time, body, hash, seal FROM row WHERE number = {rows}",
               f"row {rows + 1} was changed"),
              ("DELETE FROM row", "is an empty ledger|row 1"),
              ("UPDATE row SET body = (SELECT body FROM row WHERE number = 5), hash = (SELECT hash FROM row WHERE "
               "number = 5), seal = (SELECT seal FROM row WHERE number = 5) WHERE number = 3", "row 3 was changed")]
    for sql, err in cases:
        tampered(hsm, d, sql)
        hsm.verify(status=DATA, err=err)
        # the service does not even begin, unless it is only a seal that the chain of hashes makes superfluous
        if "seal = flip" not in sql:
            sfu("hsm", "serve", "-d", hsm.box, "-l", d / "s", status=DATA, err="row|older|empty")


@case
def exports_are_verified_as_well(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        for _ in range(2):
            personalize(service, hsm.chip())
    sfu("hsm", "ledger", "export", "-d", hsm.box, d / "x")
    good = (d / "x").read_bytes()
    verify = lambda **options: sfu("hsm", "ledger", "verify", d / "y", "-r", d / "record", **options)
    for at in range(0, len(good), 37):
        (d / "y").write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
        verify(status=DATA, err=r"row \d|no export")
    for size in (0, 3, 4, 100, len(good) - 1):
        (d / "y").write_bytes(good[:size])
        verify(status=DATA, err="no export|ends|row 1 was removed")
    (d / "y").write_bytes(good)
    verify()
    (d / "two").mkdir()
    sfu("hsm", "ledger", "verify", d / "y", "-r", Hsm(d / "two").d / "record", status=DATA, err="row 1 was changed")


@case
def reconcile_finds_what_was_built_twice_or_never(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chips = [hsm.chip() for _ in range(3)] + [hsm.chip(unique=True)]
        for chip in chips:
            personalize(service, chip)
        never = hsm.chip()
        granted(service.ask("CHALLENGE", never.challenge()))
        # the same chip, programmed anew: one licence, two receipts
        personalize(service, hsm.chip(uid=chips[1].uid))
        # a device that says it has another key
        strange = hsm.chip()
        permit = granted(service.ask("CHALLENGE", strange.challenge()))[3]
        strange.product, real = b"another".ljust(16, b"\0"), strange.product
        equal(stored(service.ask("RECEIPT", strange.take(permit)))[0], 6, "licence")
    sfu("hsm", "ledger", "export", "-d", hsm.box, d / "x")
    unknown = b"UNKNOWN-CHIP"
    (d / "built").write_text("".join(f"{c.hex()}\n" for c in [x.uid for x in chips[:3]] + [chips[0].uid, unknown]))
    run = sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-M", d / "master.key", "-B", d / "built",
              status=DATA, err="10 licences ordered, 6 taken, 6 receipts, 7 findings")
    found = sorted(run.out.splitlines())
    wanted = sorted([f"{never.uid.hex()}: licence 5 was taken, and no receipt says it was built",
                     f"{chips[1].uid.hex()}: was built 2 times, by its receipts, with licence 2",
                     f"{chips[3].uid.hex()}: has a receipt, licence 4, and is not in the list",
                     f"{strange.uid.hex()}: has a receipt, licence 6, and is not in the list",
                     f"{strange.uid.hex()}: row 15: the device decrypts with another key",
                     f"{chips[0].uid.hex()}: is in the list twice",
                     f"{unknown.hex()}: is in the list, and has no licence"])
    equal(found, wanted, "findings")
    rows = json.loads(sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-M", d / "master.key", "-B", d / "built",
                          "--json", status=DATA).out)
    equal((rows["total"], rows["licences"], rows["receipts"]), (10, 6, 6), "counts")
    equal(sorted(f"{row['uid']}: {row['finding']}" for row in rows["findings"]), wanted, "findings for programs")
    (d / "built").write_text("what?\n")
    sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-B", d / "built", status=DATA, err="line 1 is not")

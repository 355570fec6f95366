"""sfu hsm and sfu personalize against simulated devices: the exchange, its attacks, what people are told."""
import json
import os
import re
import shutil
import subprocess
import time

from harness import (ABSENT, AGAIN, CREATE, DATA, FORMAT, IO, NOINPUT, REFUSED, SFU, USAGE, case, check, equal, field,
                     sfu)
from hsm_device import Line, hkdf, u32
from hsm_world import Asker, Hsm, granted, personalize, stored


def station(d, service, *more, status=0, err=None, **options):
    return sfu("personalize", "-p", d / "port", "--hsm", service.listen, *more, status=status, err=err, **options)


@case
def a_device_is_personalized(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service, Line(d / "port", hsm.chip()) as line:
        done = station(d, service)
        check(re.search(r"^43484950\w+: personalized, licence 1; 9 in stock$", done.out, re.M), done.out)
        done = station(d, service)
        check(re.search(r"already personalized on 20\d\d-.*licence 1: receipt sent again; 9 in stock", done.out),
              done.out)
        row = json.loads(station(d, service, "--json").out)
        equal((row["licence"], row["stock"], row["before"], row["personalized"]), (1, 9, True, True), "row")
        # the OEM comes by the key that the device has, from M and the record
        sfu("hsm", "oem-key", "-M", d / "master.key", "-r", d / "record", d / "oem.key")
        check(f"key {line.chip.key.hex()}\n" in (d / "oem.key").read_text(), "OEM key")
    equal(len(hsm.taken()), 1, "licences")
    out = json.loads(sfu("hsm", "ledger", "verify", "-d", hsm.box, "--json").out)
    equal(out, {"rows": 4, "total": 10, "licences": 1, "receipts": 1}, "ledger")


@case
def the_master_key_never_gets_there(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chip = hsm.chip()
        personalize(service, chip)
    secrets = [hsm.master, chip.key, bytes.fromhex(hsm.seed), chip.attest]
    for path in hsm.box.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for secret in secrets:
            check(secret not in data and secret.hex().encode() not in data, f"a secret lies in {path}")


@case
def answers_that_get_lost_cost_nothing(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        for drop in (["PERSONALIZE"], ["PERMIT"], ["PERSONALIZE", "PERMIT"]):
            (d / "port").unlink(missing_ok=True)
            with Line(d / "port", hsm.chip(), drop=drop):
                station(d, service, timeout=60)
    equal(len(hsm.taken()), 3, "licences")


@case
def a_silent_device_is_told(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service, Line(d / "port", hsm.chip(), dead=("PERSONALIZE",)):
        station(d, service, status=AGAIN, err="fell silent; the same command goes on", timeout=60)
    equal(hsm.taken(), {}, "licences")


@case
def watching_takes_device_after_device(w, d):
    hsm = Hsm(d, stock=4)
    chips = [hsm.chip() for _ in range(6)]
    later = iter(chips[1:])
    with hsm.serve() as service, Line(d / "port", chips[0], renew=lambda chip: next(later, None)) as line:
        with open(d / "rows", "w") as rows:
            running = subprocess.Popen([SFU, "personalize", "-p", d / "port", "--hsm", service.listen, "--watch",
                                        "--json", "-q"], stdout=rows, stderr=subprocess.PIPE)
        for _ in range(200):
            if len((d / "rows").read_text().splitlines()) >= 5:
                break
            time.sleep(0.1)
        running.terminate()
        err = running.communicate()[1].decode()
    rows = [json.loads(row) for row in (d / "rows").read_text().splitlines()]
    equal([row.get("licence") for row in rows], [1, 2, 3, 4, None], "licences")
    check("licence stock empty (4 of 4 taken): ask the OEM for a new order" in err, err)
    equal(len(hsm.taken()), 4, "licences in the ledger")


@case
def every_device_has_its_row(w, d):
    """Also one that speaks another protocol, and one that the HSM refuses."""
    class Newer(Line):
        def send(self, name, body=b""):
            super().send(name, bytes([body[0] + 1]) + body[1:] if name == "INFO" else body)

    hsm = Hsm(d, stock=0)
    with hsm.serve() as service:
        for kind, err in ((Newer, "speaks protocol 2 and not 1"), (Line, "licence stock empty")):
            with kind(d / "port", hsm.chip()) as line:
                running = subprocess.Popen([SFU, "personalize", "-p", d / "port", "--hsm", service.listen, "--watch",
                                            "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                row = json.loads(running.stdout.readline())
                equal((row["uid"], row["personalized"], row["status"], "licence" in row),
                      (line.chip.uid.hex(), False, ABSENT, False), "row")
                time.sleep(0.5)
                running.terminate()
                said = running.communicate()[1]
                check(re.search(err, said) and "connect it again for another attempt" in said, said)
    equal(hsm.taken(), {}, "licences")


@case
def an_empty_stock_is_told(w, d):
    hsm = Hsm(d, stock=0)
    with hsm.serve() as service, Line(d / "port", hsm.chip()):
        station(d, service, status=ABSENT, err=r"licence stock empty .* ask the OEM for a new order")
        order = hsm.order(2)
        sfu("hsm", "stock", "add", "--hsm", service.listen, order)
        station(d, service)
        out = json.loads(sfu("hsm", "status", "--hsm", service.listen, "--json").out)
        equal((out["total"], out["stock"], out["product"]), (2, 1, "lamp"), "status")


@case
def without_a_service_no_device_is_touched(w, d):
    hsm = Hsm(d)
    with Line(d / "port", hsm.chip()) as line:
        sfu("personalize", "-p", d / "port", "--hsm", d / "none", status=ABSENT, err="the HSM service is not there")
    equal(line.seen, [], "messages")


# ---- attacks


@case
def t67_a_replayed_challenge_counts_once(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chip = hsm.chip()
        challenge = chip.challenge()
        first = granted(service.ask("CHALLENGE", challenge))
        for _ in range(5):
            again = granted(service.ask("CHALLENGE", challenge))
            equal((again[0], again[1], again[3]), (1, 1, first[3]), "the same permit")
        equal(len(hsm.rows()), 3, "rows: a replay adds none")
        # the device itself asks again: a new permit, the same licence, no second count
        equal(granted(service.ask("CHALLENGE", chip.challenge()))[:3], (1, 1, 9), "new challenge")
        old = chip.take(first[3])
        equal(old, "R_HSM", "an old permit does not fit the new challenge")
    equal(len(hsm.taken()), 1, "licences")


@case
def t67_every_bit_of_a_challenge_counts(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        good = hsm.chip().challenge()
        asker = Asker(service.listen)
        for bit in range(0, 8 * len(good), 5):
            bad = bytearray(good)
            bad[bit // 8] ^= 1 << bit % 8
            answer = asker.ask("CHALLENGE", bytes(bad))
            equal(answer[0], "REFUSED", f"challenge with bit {bit} flipped")
        for size in (0, 1, len(good) - 1, len(good) + 1):
            equal(asker.ask("CHALLENGE", good.ljust(size, b"x")[:size])[:2], ("REFUSED", "MESSAGE"), f"{size} bytes")
        asker.close()
    equal(len(hsm.rows()), 2, "rows")
    equal(hsm.taken(), {}, "licences")


@case
def t44_other_devices_are_refused(w, d):
    hsm = Hsm(d, lock="field", test=False)
    with hsm.serve() as service:
        for code, options in (("ATTEST", {"master": os.urandom(32)}), ("PRODUCT", {"product": b"other"}),
                              ("EPOCH", {"epoch": 2}), ("SIGNER", {"hsm_key": os.urandom(64)}),
                              ("PROTOCOL", {"protocol": 0}), ("PROTOCOL", {"protocol": 2}),
                              ("LOCK", {"lock": "OPEN"})):
            answer = service.ask("CHALLENGE", hsm.chip(**{"lock": "FIELD", **options}).challenge())
            equal(answer[:2], ("REFUSED", code), f"challenge of a device with {options}")
        chip = hsm.chip(lock="FINAL")
        personalize(service, chip)
    equal(list(hsm.taken()), [chip.uid], "licences")


@case
def t67_a_public_key_off_the_curve_takes_no_licence(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chip = hsm.chip()
        import hmac
        for xy in (bytes(64), b"\xff" * 64, b"\x01" * 64):
            body = chip.challenge()[:88] + xy
            answer = service.ask("CHALLENGE", body + hmac.digest(chip.attest, body, "sha256"))
            equal(answer[:2], ("REFUSED", "MESSAGE"), "a key that is no point")
    equal(hsm.taken(), {}, "licences")


@case
def t67_receipts_cannot_be_forged_or_moved(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chip, other = hsm.chip(), hsm.chip()
        _, _, _, permit = granted(service.ask("CHALLENGE", chip.challenge()))
        granted(service.ask("CHALLENGE", other.challenge()))
        receipt = chip.take(permit)
        asker = Asker(service.listen)
        for bit in range(0, 8 * len(receipt), 3):
            bad = bytearray(receipt)
            bad[bit // 8] ^= 1 << bit % 8
            equal(asker.ask("RECEIPT", bytes(bad))[:2], ("REFUSED", "RECEIPT"), f"receipt with bit {bit} flipped")
        moved = receipt[:8] + other.uid + receipt[20:]
        equal(asker.ask("RECEIPT", moved)[:2], ("REFUSED", "RECEIPT"), "receipt for another device")
        equal(len(hsm.rows(FORMAT["LEDGER_RECEIPT"])), 0, "receipts")
        equal(stored(asker.ask("RECEIPT", receipt)), (1, 0, 8), "the true one")
        for _ in range(3):
            equal(stored(asker.ask("RECEIPT", receipt)), (1, 1, 8), "and again")
        asker.close()
    equal(len(hsm.rows(FORMAT["LEDGER_RECEIPT"])), 1, "receipts")


@case
def a_receipt_for_an_earlier_permit_is_taken(w, d):
    """The device used the first permit, its receipt was lost, and somebody had a second one made."""
    hsm = Hsm(d)
    with hsm.serve() as service:
        chip = hsm.chip()
        first = granted(service.ask("CHALLENGE", chip.challenge()))[3]
        twin = hsm.chip(uid=chip.uid)
        for _ in range(3):
            granted(service.ask("CHALLENGE", twin.challenge()))
        equal(stored(service.ask("RECEIPT", chip.take(first)))[0], 1, "licence")
    equal(len(hsm.taken()), 1, "licences")


@case
def t67_orders_count_once_and_only_here(w, d):
    for name in ("here", "there"):
        (d / name).mkdir()
    hsm, other = Hsm(d / "here", stock=0), Hsm(d / "there", stock=0)
    first = hsm.order(5, name="first.order").read_bytes()
    add = lambda path, **options: sfu("hsm", "stock", "add", "-d", hsm.box, path, **options)
    for at in range(0, len(first), 3):
        (d / "bad").write_bytes(first[:at] + bytes([first[at] ^ 1]) + first[at + 1:])
        add(d / "bad", status=REFUSED, err="no order|another ledger|not signed")
    add(d / "here/first.order")
    add(d / "here/first.order", status=REFUSED, err="counted already")
    add(other.order(50), status=REFUSED, err="another ledger")
    second, third = hsm.order(5, name="second.order"), hsm.order(7, name="third.order")
    add(third)
    add(second, status=REFUSED, err="older than one that is counted")
    # an order for a state that the ledger never had: a row of that number exists, with another hash
    out = json.loads(sfu("hsm", "status", "-d", hsm.box, "--json").out)
    equal((out["total"], out["stock"]), (12, 12), "stock")
    forged = hsm.order(3, name="forged.order").read_bytes()
    forged = forged[:28] + os.urandom(32) + forged[60:80]
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    key = serialization.load_pem_private_key((d / "here/order.pem").read_bytes(), None)
    r, s = utils.decode_dss_signature(key.sign(forged, ec.ECDSA(hashes.SHA256())))
    (d / "head").write_bytes(forged + r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    add(d / "head", status=REFUSED, err="another state of this ledger")
    (d / "short").write_bytes(first[:-1])
    add(d / "short", status=DATA, err="is no order")
    sfu("keygen", "sign", d / "thief.pem")
    sfu("hsm", "order", "-k", d / "thief.pem", "-r", d / "here/record", "-x", d / "here/ledger.export", "-n", 9,
        d / "thief.order", status=REFUSED, err="not the order key")
    equal(json.loads(sfu("hsm", "ledger", "verify", "-d", hsm.box, "--json").out)["total"], 12,
          "total")


@case
def messages_that_are_none(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        asker = Asker(service.listen)
        equal(asker.ask(0x77, b"")[:2], ("REFUSED", "MESSAGE"), "unknown type")
        equal(asker.ask("GREET", u32(9))[:2], ("REFUSED", "PROTOCOL"), "other protocol")
        equal(asker.ask("GREET", u32(1))[0], "READY", "greeting after both")
        for length in (0, 1025, 0xFFFFFFFF):
            rude = Asker(service.listen)
            rude.socket.sendall(u32(length) + b"x" * 64)
            try:
                equal(rude.socket.recv(1), b"", "answer to a length that is none")
            except ConnectionResetError:
                pass
            rude.close()
        # somebody who stops half-way keeps nobody
        half = Asker(service.listen)
        half.socket.sendall(u32(185) + b"\x02half")
        equal(asker.ask("GREET", u32(1))[0], "READY", "greeting beside a half message")
        crowd = [Asker(service.listen) for _ in range(140)]
        personalize(service, hsm.chip())
        for one in (asker, half, *crowd):
            one.close()


@case
def two_stations_with_the_same_device(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chips = [hsm.chip(uid=b"TWIN-DEVICE!") for _ in range(6)]
        askers = [Asker(service.listen) for _ in chips]
        for chip, asker in zip(chips, askers):
            asker.send("CHALLENGE", chip.challenge())
        equal({granted(asker.receive())[0] for asker in askers}, {1}, "licences given")
        for asker in askers:
            asker.close()
    equal(len(hsm.taken()), 1, "licences")


# ---- what operators are told


@case
def a_second_service_is_refused(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        for command in (["serve", "-l", d / "t"], ["stock", "add", hsm.order(1)], ["status"]):
            sfu("hsm", *command, "-d", hsm.box, status=AGAIN, err="another sfu works on this ledger")
        hsm.verify()


@case
def a_device_of_another_hsm_is_told(w, d):
    for name in ("here", "there"):
        (d / name).mkdir()
    hsm, other = Hsm(d / "here"), Hsm(d / "there")
    chip = other.chip()
    with other.serve() as service:
        personalize(service, chip)
    with hsm.serve() as service, Line(d / "port", chip):
        done = station(d, service, status=REFUSED, err="the device was personalized elsewhere, or somebody forged it")
        check("run this again" not in done.err, f"what cannot help is advised: {done.err}")
        service.kill()
        service.process.returncode = 0
    # where another attempt helps it is advised
    with hsm.serve() as service, Line(d / "port", hsm.chip(), drop=["PERMIT"]):
        (hsm.box / "softhsm").rename(d / "away")
        station(d, service, status=AGAIN, err="connect it and try again", timeout=60)
        (d / "away").rename(hsm.box / "softhsm")
        time.sleep(1.2)
        station(d, service, timeout=60)
    equal(len(hsm.taken()), 1, "licences")


@case
def pins_that_are_wrong_or_missing(w, d):
    hsm = Hsm(d)
    (d / "wrong").write_text("0000\n")
    (d / "wrong").chmod(0o600)
    (d / "open").write_text("0000\n")
    (d / "empty").write_text("\n")
    (d / "empty").chmod(0o600)
    status = lambda *more, **options: sfu("hsm", "status", "-d", hsm.box, *more, **options)
    status("--pin-file", d / "wrong", status=REFUSED, err="the PIN is wrong")
    status("--pin-file", d / "open", status=REFUSED, err="chmod 600")
    status("--pin-file", d / "empty", status=DATA, err="holds no PIN")
    status("--pin-file", d / "none", status=NOINPUT, err="cannot be opened")
    status(status=REFUSED, err="the PIN is wrong", env={**os.environ, "SFU_PIN": "1"})
    status(env={**os.environ, "SFU_PIN": (hsm.box / "pin").read_text().strip()})
    (hsm.box / "pin").unlink()
    status(status=78, err="needs a PIN: give --pin-file, or SFU_PIN", start_new_session=True)
    sfu("hsm", "status", "-d", d / "nothing", status=NOINPUT, err="holds no HSM")


@case
def tokens_that_are_missing(w, d):
    hsm = Hsm(d)
    (hsm.box / "softhsm").rename(d / "away")
    sfu("hsm", "serve", "-d", hsm.box, "-l", d / "s", status=ABSENT, err="the token is gone")
    (d / "away").rename(hsm.box / "softhsm")
    hsm.verify()
    for uri, status, err in (("pkcs11:token=nobody", ABSENT, "no such token"), ("pkcs11:tok%zz", USAGE, "no PKCS#11 URI"),
                             ("pkcs11:token=a?pin-value=1234", USAGE, "holds a PIN"), ("file", USAGE, "no PKCS#11 URI"),
                             ("pkcs11:token=a?module-path=/none.so", ABSENT, "no PKCS#11 module")):
        sfu("hsm", "init", "-d", d / "b", "-A", d / "attest.key", "-P", "lamp", "-O", d / "order.pub", "-r", d / "r2",
            "-L", "open", "-t", uri, status=status, err=err)
    check(not (d / "r2").exists(), "a record of an HSM that was not made")


@case
def an_hsm_is_made_once(w, d):
    hsm = Hsm(d, stock=0)
    make = ["hsm", "init", "-A", d / "attest.key", "-P", "lamp", "-O", d / "order.pub", "-L", "open"]
    sfu(*make, "-d", hsm.box, "-r", d / "other", status=CREATE, err="holds an HSM already")
    sfu(*make, "-d", d / "new", "-r", d / "record", status=CREATE, err="may be the only record")
    sfu("hsm", "init", "-A", d / "attest.key", "-P", "lamp", "-O", d / "order.pub", "-L", "neither", "-d", d / "new",
        "-r", d / "r", status=USAGE, err="none of open, field, final")
    hsm.verify()


@case
def a_spare_hsm_has_the_same_keys(w, d):
    sfu("keygen", "sign", d / "h.pem")
    hsm = Hsm(d, init=["--import-key", d / "h.pem"])
    (d / "spare").mkdir()
    for name in ("order.pem", "order.pub"):
        shutil.copy(d / name, d / "spare" / name)
    spare = Hsm(d / "spare", master=hsm.master, init=["--import-key", d / "h.pem", "--import-seed", d / "record"])
    equal((spare.key, spare.seed), (hsm.key, hsm.seed), "keys")
    with hsm.serve() as one, spare.serve() as two:
        chips = [hsm.chip(), hsm.chip()]
        personalize(one, chips[0])
        personalize(two, chips[1])
    equal(chips[0].key, chips[1].key, "OEM keys")
    sfu("hsm", "init", "-d", d / "third", "-A", d / "attest.key", "-P", "other", "-O", d / "order.pub", "-r", d / "r3",
        "-L", "open", "--import-seed", d / "record", status=DATA, err="another product")


@case
def keys_per_device(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chip = hsm.chip(unique=True)
        personalize(service, chip)
    sfu("hsm", "oem-key", "-M", d / "master.key", "-r", d / "record", d / "oem.key")
    key = bytes.fromhex(re.search(r"key (\w{64})", (d / "oem.key").read_text())[1])
    equal(chip.key, hkdf(key, b"", b"sfu unique" + chip.uid), "the device's key")

"""How an HSM begins: init that fails half-way, keys that do not belong together, epochs, factory images for it."""
import json
import re
import signal
import subprocess

from cases_ledger import FAST, killer
from cases_token import SOFTHSM, Token
from harness import CREATE, DATA, REFUSED, SFU, USAGE, case, check, equal, loader, sfu
from hsm_device import hkdf
from hsm_world import Hsm, Service, personalize


def init(d, name, *more):
    return ["hsm", "init", "-q", "-d", d / name, "-A", d / "attest.key", "-P", "lamp", "-O", d / "order.pub", "-r",
            d / f"{name}.record", "-p", d / f"{name}.pem", "-L", "open", *more]


@case
def t66_init_is_killed(w, d):
    """At calls that make files appear, and at some of the many writes: there is no HSM without its record, what is in the
    way is named, and once it is gone the same command makes one."""
    Hsm(d, stock=0)
    killed = 0
    for call, numbers in (("rename", range(1, 40)), ("link", range(1, 40)), ("unlink", range(1, 60, 3)),
                          ("fdatasync", range(1, 60, 2)), ("fsync", range(1, 60, 2)), ("write", range(1, 400, 23)),
                          ("pwrite64", range(1, 200, 17))):
        for number in numbers:
            name = f"{call}{number}"
            command = init(d, name)
            run = subprocess.run([*killer(call, number), FAST, *map(str, command)], capture_output=True, timeout=60)
            if run.returncode == 0:
                break
            equal(run.returncode, -signal.SIGKILL, f"{name}: {run.stderr}")
            killed += 1
            box, record, public = d / name, d / f"{name}.record", d / f"{name}.pem"
            check(record.exists() or not (box / "hsm").exists(), f"{name}: an HSM, and nobody has its record")
            for _ in range(4):
                again = subprocess.run([FAST, *map(str, command)], capture_output=True, text=True, timeout=60)
                if again.returncode == 0 or "holds an HSM already" in again.stderr:
                    break
                equal(again.returncode, CREATE, f"{name}: {again.stderr}")
                for path in (record, public, box / "ledger.db"):
                    if str(path) in again.stderr:
                        path.unlink()
            status = json.loads(sfu("hsm", "status", "-d", box, "--json").out)
            check(f"ledger {status['ledger']}\n" in record.read_text(), f"{name}: the record is of another HSM")
            sfu("hsm", "ledger", "verify", "-d", box)
    check(killed > 20, f"only {killed} steps: what was killed?")


@case
def t66_init_without_room(w, d):
    Hsm(d, stock=0)
    for blocks in (0, 1, 2, 8, 24, 40, 56, 60):
        name = f"room{blocks}"
        run = subprocess.run(["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", SFU, *map(str, init(d, name))],
                             capture_output=True, text=True, timeout=60)
        check(run.returncode not in (0, -signal.SIGXFSZ) and "sfu: " in run.stderr, f"{blocks}: {run}")
        check("Sanitizer" not in run.stderr and "runtime error" not in run.stderr, run.stderr)
        check(not (d / name / "hsm").exists() and not (d / f"{name}.record").exists() and
              not (d / f"{name}.pem").exists(), f"{blocks} blocks: half an HSM")
        sfu(*init(d, name))


@case
def test_keys_make_no_real_hsm(w, d):
    for name, mark in (("real", []), ("test", ["--test"])):
        sfu("keygen", "master", d / f"{name}.key", *mark)
        sfu("hsm", "attest-key", "-M", d / f"{name}.key", d / f"{name}.attest")
        sfu("keygen", "sign", d / f"{name}.pem", "-p", d / f"{name}.pub", *mark)
    def make(attest, order, *more, **options):
        return sfu("hsm", "init", "-d", d / "box", "-A", d / f"{attest}.attest", "-P", "lamp", "-O", d / f"{order}.pub", "-r",
                   d / "record", "-p", d / "hsm.pem", *more, **options)
    make("real", "test", status=REFUSED, err="test.pub: is a test key, and .*real.attest is none")
    make("real", "real", "--import-key", d / "test.pem", status=REFUSED, err="test.pem: is a test key")
    make("real", "real", "-L", "open", status=REFUSED, err="would give the product's keys away")
    for lock in ("field", "final"):
        make("test", "test", "-L", lock, status=REFUSED, err="made for --lock open only")
    check(not (d / "box").exists() and not (d / "record").exists(), "something was made")
    make("real", "real")
    check("lock field" in (d / "hsm.pem").read_text() and "TEST KEY" not in (d / "hsm.pem").read_text(), "the real HSM")
    for name in ("record", "hsm.pem", "box"):
        (d / name).rename(d / f"old-{name}")
    make("test", "real", "--import-key", d / "real.pem")
    check("lock open" in (d / "hsm.pem").read_text() and "sfu: TEST KEY\n" in (d / "hsm.pem").read_text(), "the test HSM")


@case
def the_box_goes_to_the_manufacturer(w, d):
    """The folder with its token is moved; nothing remembers where it was made."""
    hsm = Hsm(d, stock=2)
    (d / "there").mkdir()
    hsm.box.rename(d / "there/box")
    hsm.box = d / "there/box"
    for path in hsm.box.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)  # as a copy on another machine may have it
    with hsm.serve() as service:
        equal(personalize(service, hsm.chip()), 1, "licence")
    equal(len(hsm.taken()), 1, "licences")


@case
def a_key_in_a_token_may_sign_orders_from_the_beginning(w, d):
    token = Token(d)
    token.sfu("keygen", "sign", token.uri("orders"), "-p", d / "orders.pub")
    Hsm(d, stock=0)  # for the attest key
    uri = "pkcs11:token=oem;object=orders"
    make = ["hsm", "init", "-A", d / "attest.key", "-P", "lamp", "-L", "open"]
    # public halves are read without a PIN; the box's own PIN is another token's
    module = f"?module-path={SOFTHSM}"
    token.sfu(*make, "-d", d / "two", "-r", d / "two.record", "-O", uri.replace("orders", "nobody") + module, status=69,
              err="no object like that")
    check(not (d / "two/hsm").exists(), "an HSM without an order key")
    token.sfu(*make, "-d", d / "two", "-r", d / "two.record", "-O", uri + module)
    sfu("hsm", "ledger", "export", "-d", d / "two", d / "x")
    token.sfu("hsm", "order", "-k", token.uri("orders"), "-r", d / "two.record", "-x", d / "x", "-n", 3, d / "o")
    sfu("hsm", "stock", "add", "-d", d / "two", d / "o")
    # so does a package that is signed elsewhere name its signer
    pack = w.pack(d / "u.sfu", w.app)
    at = pack.index("--key")
    pack[at:at + 2] = ["--unsigned", d / "tbs", "--signer", uri]
    token.sfu(*pack)
    # keys that a token cannot use stay files, and that is said
    make = ["hsm", "init", "-P", "lamp", "-L", "open", "-d", d / "three", "-r", d / "r3", "-O", d / "orders.pub"]
    for keys in (["-A", "pkcs11:object=a"], ["-A", d / "attest.key", "--import-key", "pkcs11:object=h"]):
        sfu(*make, *keys, status=USAGE, err="is a PKCS#11 URI, and here a file is needed")
    check(not (d / "three").exists(), "a folder for nothing")


# ---- epochs


@case
def a_new_epoch_is_another_hsm(w, d):
    """A new M has a new epoch; nothing of one epoch is taken for the other, and messages name both."""
    old = Hsm(d)
    (d / "new").mkdir()
    sfu("keygen", "master", "--epoch", 2, "--test", d / "new/master.key")
    sfu("hsm", "attest-key", "-M", d / "new/master.key", d / "new/attest.key")
    make = ["hsm", "init", "-d", d / "new/box", "-A", d / "new/attest.key", "-P", "lamp", "-O", d / "order.pub", "-r",
            d / "new/record", "-p", d / "new/hsm.pem", "-L", "open"]
    sfu(*make, "--import-seed", d / "record", status=DATA, err="record: is of epoch 1, and .*attest.key of epoch 2")
    check(not (d / "new/box/hsm").exists() and not (d / "new/record").exists(), "an HSM with another epoch's seed")
    sfu(*make)
    equal(json.loads(sfu("hsm", "status", "-d", d / "new/box", "--json").out)["epoch"], 2, "epoch")
    # the OEM's keys
    derive = lambda master, record, **options: sfu("hsm", "oem-key", "-f", "-M", d / master, "-r", d / record, d / "k", **options)
    derive("new/master.key", "record", status=DATA, err="record: is of epoch 1, and .*new/master.key of epoch 2")
    derive("master.key", "new/record", status=DATA, err="is of epoch 2, and .*master.key of epoch 1")
    derive("new/master.key", "new/record")
    check("epoch 2\n" in (d / "k").read_text(), "the OEM key's epoch")
    # devices
    master = bytes.fromhex(re.search(r"key (\w{64})", (d / "new/master.key").read_text())[1])
    record = dict(line.split(" ", 1) for line in (d / "new/record").read_text().splitlines() if " " in line)
    key = bytes.fromhex(record["hsm-key"])
    with old.serve() as service:
        answer = service.ask("CHALLENGE", old.chip(master=master, hsm_key=key, epoch=2).challenge())
        equal(answer[1:], ("EPOCH", "the device expects epoch 2, and the HSM has 1"), "an old HSM")
        # also one that knows which key the HSM has
        equal(service.ask("CHALLENGE", old.chip(epoch=2).challenge())[1], "EPOCH", "with the old HSM's key")
    new = type("New", (), {"d": d / "new", "box": d / "new/box"})
    with Service(new) as service:
        answer = service.ask("CHALLENGE", old.chip().challenge())
        equal(answer[1:], ("EPOCH", "the device expects epoch 1, and the HSM has 2"), "a new HSM")
        # the right one is looked at further: there are no licences yet
        equal(service.ask("CHALLENGE", old.chip(master=master, hsm_key=key, epoch=2).challenge())[1], "STOCK", "its own")
    equal(old.taken(), {}, "licences")
    sfu("hsm", "ledger", "export", "-d", old.box, d / "x")
    sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-M", d / "new/master.key", status=DATA,
        err="record: is of epoch 1, and .*new/master.key of epoch 2")


@case
def factory_images_fit_their_hsm(w, d):
    """What the HSM would refuse is not programmed into chips."""
    hsm = Hsm(d, stock=0, lock="field", test=False)
    loader(d / "loader.elf")
    sfu("keygen", "sign", d / "sign.pem", "-p", d / "sign.pub")
    sfu("keygen", "master", "--epoch", 2, d / "two.key")
    sfu("keygen", "master", d / "other.key")
    fingerprint = hkdf(hkdf(hsm.master, b"", b"sfu attest"), b"", b"sfu fingerprint")[:16].hex()
    check((d / "hsm.pem").read_text().startswith(f"sfu: HSM epoch 1 lock field attest {fingerprint} product lamp\n-----BEGIN"),
          "what it says")
    factory = lambda master="master.key", product="lamp", lock="field", key="hsm.pem", **options: sfu(
        "factory", "-l", d / "loader.elf", "-P", product, "-H", 1, "-s", d / "sign.pub", "-M", d / master, "-S", d / key,
        "-L", lock, "-o", d / "x.hex", **options)
    factory(master="two.key", status=DATA, err="hsm.pem: is of an HSM for epoch 1, and .*two.key of epoch 2")
    factory(master="other.key", status=DATA, err="comes from another master key than .*other.key: the HSM would refuse")
    factory(product="torch", status=DATA, err="is of an HSM for `lamp`, which refuses every `torch`")
    (d / "final.pem").write_text((d / "hsm.pem").read_text().replace("lock field", "lock final"))
    factory(key="final.pem", status=DATA, err="demands --lock final, and refuses devices with --lock field")
    for old, new in (("epoch 1", "epoch x"), ("lock field", "lock none"), ("product lamp", "product "), ("epoch 1 ", ""),
                     ("attest ", "attest 0"), (f"attest {fingerprint} ", "")):
        (d / "odd.pem").write_text((d / "hsm.pem").read_text().replace(old, new))
        factory(key="odd.pem", status=DATA, err="in a way that is not known")
    check(not (d / "x.hex").exists(), "a factory image")
    factory(lock="final")
    factory(key="final.pem", lock="final")
    factory()
    # a bare public key says nothing, and is the OEM's to vouch for
    (d / "bare.pem").write_text((d / "hsm.pem").read_text().split("\n", 1)[1])
    factory(key="bare.pem", master="two.key")


@case
def another_master_key_is_noticed(w, d):
    """Of the same epoch: by the fingerprint of A in the OEM's record. Earlier records have none, and pass."""
    hsm = Hsm(d)
    with hsm.serve() as service:
        personalize(service, hsm.chip())
    sfu("hsm", "ledger", "export", "-d", hsm.box, d / "x")
    sfu("keygen", "master", "--test", d / "other.key")
    other = "comes from another master key than .*other.key"
    sfu("hsm", "oem-key", "-M", d / "other.key", "-r", d / "record", d / "k", status=DATA, err=other)
    sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-M", d / "other.key", status=DATA, err=other)
    check(not (d / "k").exists(), "an OEM key that no device has")
    text = (d / "record").read_text()
    (d / "record").write_text(re.sub(r"attest \w{32}\n", "", text))
    check((d / "record").read_text() != text, "the record tells no fingerprint")
    sfu("hsm", "oem-key", "-M", d / "master.key", "-r", d / "record", d / "k")
    run = sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-M", d / "other.key", status=DATA)
    check("no device with this master key made the challenge" in run.out, run.out)
    for wrong in ("attest", "attest 12\n", f"attest {'g' * 32}\n"):
        (d / "record").write_text(text.split("attest ")[0] + wrong)
        sfu("hsm", "oem-key", "-M", d / "master.key", "-r", d / "record", d / "k2", status=DATA, err="record: ")

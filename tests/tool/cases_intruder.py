"""Intruders of spec/CAVEATS.md, "Personalization", run against the real service and station: what each of them can compute of
what he heard, knows and was answered. An intruder applies every formula of formats.md to everything he has, opens every
box with everything, and begins again with what that gave. Each case also lets him have what must suffice, so that an
intruder who is merely too stupid fails it."""
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from harness import DATA, FORMAT, case, check, equal, field, sfu
from hsm_device import Line, hkdf, public, u32
from hsm_world import Hsm, granted, stored


class Tap(Line):
    """The line of a device, with somebody on it who hears all."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.heard = []

    def send(self, name, body=b""):
        self.heard.append((name, body))
        super().send(name, body)

    def take(self, name, body):
        self.heard.append((name, body))
        return super().take(name, body)


class Intruder:
    """`secrets` are what he knows at first; `scalars` private keys that he has."""
    def __init__(self, product, epoch, secrets, scalars=()):
        self.context = product + u32(epoch)
        self.known, self.scalars, self.exchanges, self.uids = set(secrets), list(scalars), [], set()

    def hears(self, challenge, permit=None, receipt=None):
        self.exchanges.append((challenge, permit))
        self.uids.add(field(challenge, "CHALLENGE", "UID"))
        # whatever has the size of a key is tried as one
        for data in filter(None, (challenge, permit, receipt)):
            self.known |= {data[at:at + 32] for at in range(0, len(data) - 31, 4)}

    def listens(self, heard):
        said = {}
        for name, body in heard:
            said[name] = body
        self.hears(said["CHALLENGE"], said["PERMIT"], said["RECEIPT"])

    def points(self):
        for challenge, permit in self.exchanges:
            yield field(challenge, "CHALLENGE", "PUBLIC_KEY")
            if permit:
                yield field(permit, "PERMIT", "PUBLIC_KEY")

    def derive(self, keys, salts):
        """Every formula, of every key under every salt."""
        for key in keys:
            yield hkdf(key, b"", b"sfu attest")
            yield from (hkdf(key, b"", b"sfu unique" + uid) for uid in self.uids)
            for salt in salts:
                yield hkdf(key, salt, b"sfu oem key" + self.context)

    def boxes(self, salts):
        """What is in the boxes that a key of his opens."""
        found = set()
        for challenge, permit in self.exchanges:
            if permit is None:
                continue
            digest = hashlib.sha256(b"SFUP" + challenge + permit[:FORMAT["PERMIT_BOX_OFFSET"]]).digest()
            sealed = field(permit, "PERMIT", "BOX") + field(permit, "PERMIT", "TAG")
            for key in self.known:
                for salt in salts:
                    try:
                        plain = ChaCha20Poly1305(hkdf(key, salt, b"sfu box" + digest)).decrypt(bytes(12), sealed, None)
                    except InvalidTag:
                        continue
                    found |= {plain[:32], plain[32:]}
        return found

    def works(self, secrets):
        """All that he can have: what he knew, what boxes held, and two formulas deep what follows from these."""
        for scalar in self.scalars:
            self.known |= {scalar.exchange(ec.ECDH(), public(xy)) for xy in self.points()}
        base, size = set(secrets), 0
        while len(base) > size:
            size, salts = len(base), base | {b""}
            derived = set(self.derive(base, salts))
            self.known |= base | derived | set(self.derive(derived, salts))
            base |= self.boxes(salts | derived)
        return self.known


def opened(chip, secrets, heard=(), scalars=(), exchanges=()):
    """What somebody has in the end who knows these secrets."""
    intruder = Intruder(chip.product, chip.epoch, secrets, scalars)
    if heard:
        intruder.listens(heard)
    for exchange in exchanges:
        intruder.hears(*exchange)
    return intruder.works(secrets)


def personalized(d, hsm, service, chip):
    """By `sfu personalize`; all that was said on the line."""
    with Tap(d / "port", chip) as line:
        sfu("personalize", "-p", d / "port", "--hsm", service.listen)
    return line.heard


@case
def who_listens_and_knows_the_master_key_gets_nothing(w, d):
    hsm = Hsm(d)
    with hsm.serve() as service:
        chip = hsm.chip()
        heard = personalized(d, hsm, service, chip)
    seed = bytes.fromhex(hsm.seed)
    got = opened(chip, [hsm.master], heard)
    check(chip.attest in got, "he does not even derive A")
    check(seed not in got and chip.key not in got, "who listens and knows M has K or E")
    # the ephemeral scalar of the device, or E told later, is what he lacks
    got = opened(chip, [hsm.master], heard, scalars=[chip.pair])
    check(seed in got and chip.key in got, "with M and the device's scalar he must get E and K")
    check(chip.key in opened(chip, [hsm.master, seed], heard), "with M and E he must get K")
    got = opened(chip, [], heard, scalars=[chip.pair])
    check(seed not in got and chip.key not in got, "without M a scalar opens nothing")


@case
def who_asks_and_knows_the_master_key_gets_the_key_at_a_licence(w, d):
    hsm = Hsm(d, stock=2)
    with hsm.serve() as service:
        chip = hsm.chip()
        heard = personalized(d, hsm, service, chip)
        mine = hsm.chip(uid=b"MY OWN CHIP!")
        challenge = mine.challenge()
        permit = granted(service.ask("CHALLENGE", challenge))[3]
        got = opened(chip, [hsm.master], heard, [mine.pair], [(challenge, permit)])
        check(chip.key in got, "the check does not find the attack of CAVEATS")
        equal(len(hsm.rows(FORMAT["LEDGER_LICENCE"])), 2, "licences: his is counted")
        # under the uid of a real device it is that device's licence, and a permit more than devices took
        ghost = hsm.chip(uid=chip.uid)
        challenge = ghost.challenge()
        permit = granted(service.ask("CHALLENGE", challenge))[3]
        check(chip.key in opened(chip, [hsm.master], (), [ghost.pair], [(challenge, permit)]), "the same by a real uid")
        equal((len(hsm.rows(FORMAT["LEDGER_LICENCE"])), len(hsm.rows(FORMAT["LEDGER_PERMIT"]))), (2, 1), "rows")
        # and without stock he gets none
        last = hsm.chip(uid=b"ANOTHER ONE!")
        equal(service.ask("CHALLENGE", last.challenge())[1], "STOCK", "a third licence")
    equal(len(hsm.taken()), 2, "licences")
    # what he leaves behind
    sfu("hsm", "ledger", "export", "-d", hsm.box, d / "x")
    reconcile = lambda *more: sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", *more, status=DATA)
    done = reconcile()
    check("2 permits have no receipt" in done.err and chip.uid.hex() not in done.out, done.err)
    found = reconcile("--permits").out.splitlines()
    equal(sorted(found), sorted([f"{mine.uid.hex()}: licence 2 was taken, and no receipt says it was built",
                                 f"{mine.uid.hex()}: 1 of 1 permits, licence 2, have no receipt",
                                 f"{chip.uid.hex()}: 1 of 2 permits, licence 1, have no receipt"]), "findings")


@case
def who_knows_attest_key_and_seed_gets_no_key(w, d):
    hsm = Hsm(d)
    seed = bytes.fromhex(hsm.seed)
    with hsm.serve() as service:
        chip = hsm.chip()
        heard = personalized(d, hsm, service, chip)
        mine = hsm.chip(uid=b"NO CHIP AT A")
        challenge = mine.challenge()  # A is enough to make one
        permit = granted(service.ask("CHALLENGE", challenge))[3]
        got = opened(chip, [chip.attest, seed], heard, [mine.pair], [(challenge, permit)])
        check(chip.key not in got and hsm.master not in got, "who owns the line and knows A and E has K")
        with_a = opened(chip, [chip.attest], heard, [mine.pair], [(challenge, permit)])
        check(seed in with_a and chip.key not in with_a, "with A alone he must get E by one challenge, and not K")
        check(chip.key in opened(chip, [chip.attest, seed, hsm.master], heard), "with M too he must get K")
        # he can make a receipt for a device that is none; the OEM finds it where M is
        digest = hashlib.sha256(b"SFUP" + challenge + permit[:FORMAT["PERMIT_SIGNATURE_OFFSET"]]).digest()
        body = u32(1) + field(permit, "PERMIT", "LICENCE") + mine.uid + u32(mine.lock) + bytes(16) + digest[:16]
        body += hmac.digest(hkdf(seed, chip.attest, b"sfu receipt" + digest), body, "sha256")[:16]
        equal(stored(service.ask("RECEIPT", body))[0], 2, "licence of the false receipt")
    equal(len(hsm.taken()), 2, "licences")
    sfu("hsm", "ledger", "export", "-d", hsm.box, d / "x")
    sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record")
    run = sfu("hsm", "ledger", "reconcile", d / "x", "-r", d / "record", "-M", d / "master.key", status=DATA, err="1 findings")
    check(f"{mine.uid.hex()}: row 6: the device decrypts with another key" in run.out, run.out)

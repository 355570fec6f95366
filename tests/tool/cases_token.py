"""Signing keys in a token, signatures made elsewhere, keys of one device."""
import os
import re
import subprocess

from harness import ABSENT, CREATE, DATA, REFUSED, USAGE, case, check, equal, openssl, sfu
from hsm_device import hkdf
from hsm_world import Hsm

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


class Token:
    """A SoftHSM2 token of its own, and what the program needs to find it."""

    def __init__(self, d):
        (d / "tokens").mkdir()
        (d / "softhsm2.conf").write_text(f"directories.tokendir = {d}/tokens\nobjectstore.backend = file\n")
        self.environment = {**os.environ, "SOFTHSM2_CONF": str(d / "softhsm2.conf")}
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "oem", "--so-pin", "12345678",
                        "--pin", "4321"], env=self.environment, check=True, capture_output=True)
        self.pin = d / "token.pin"
        self.pin.write_text("4321\n")
        self.pin.chmod(0o600)

    def uri(self, name):
        return f"pkcs11:token=oem;object={name}?pin-source=file:{self.pin}"

    def sfu(self, *arguments, **options):
        return sfu(*arguments, env=self.environment, **options)


@case
def a_key_in_a_token_signs_packages(w, d):
    token = Token(d)
    token.sfu("keygen", "sign", token.uri("release"), "-p", d / "release.pub")
    pack = w.pack(d / "a.sfu", w.app)
    pack[pack.index("--key") + 1] = token.uri("release")
    token.sfu(*pack)
    sfu("verify", "-s", d / "release.pub", "-K", w.f("real.key"), d / "a.sfu")
    sfu("verify", "-s", w.f("real.pub"), d / "a.sfu", status=REFUSED, err="none of the given ones")
    # by the module's path, the PIN from a file on the command line, from the environment
    pack[pack.index("--key") + 1] = f"pkcs11:token=oem;object=release?module-path={SOFTHSM}"
    token.sfu(*pack, "--pin-file", token.pin)
    sfu(*pack, env={**token.environment, "SFU_PIN": "4321"})
    sfu(*pack, env={**token.environment, "SFU_PIN": "9999"}, status=REFUSED, err="the PIN is wrong")
    pack[pack.index("--key") + 1] = token.uri("nobody")
    token.sfu(*pack, status=ABSENT, err="no object like that")
    pack[pack.index("--key") + 1] = "pkcs11:token=other;object=release"
    token.sfu(*pack, "--pin-file", token.pin, status=ABSENT, err="there is no such token")
    token.sfu("keygen", "sign", token.uri("release"), status=CREATE, err="a key with this name already")
    # the private half is nowhere outside the token
    check(b"PRIVATE" not in b"".join(p.read_bytes() for p in d.iterdir() if p.is_file()), "a private key in a file")


@case
def test_keys_in_tokens_are_marked_by_their_name(w, d):
    token = Token(d)
    token.sfu("keygen", "sign", token.uri("release"), "--test", status=USAGE, err="begins with sfu-test")
    token.sfu("keygen", "sign", token.uri("sfu-test-key"), status=USAGE, err="say --test")
    token.sfu("keygen", "sign", token.uri("sfu-test-key"), "--test", "-p", d / "test.pub")
    check("TEST KEY" in (d / "test.pub").read_text(), "mark of the public key")
    pack = w.pack(d / "a.sfu", w.app)
    pack[pack.index("--key") + 1] = token.uri("sfu-test-key")
    token.sfu(*pack, status=DATA, err="is a test key")


@case
def orders_are_signed_in_a_token(w, d):
    token = Token(d)
    token.sfu("keygen", "sign", token.uri("orders"), "-p", d / "order.pub")
    (d / "order.pem").write_text("the key is in the token")
    hsm = Hsm(d, stock=0)
    sfu("hsm", "ledger", "export", "-d", hsm.box, d / "x")
    token.sfu("hsm", "order", "-k", token.uri("orders"), "-r", d / "record", "-x", d / "x", "-n", 3, d / "o")
    sfu("hsm", "stock", "add", "-d", hsm.box, d / "o")


@case
def an_hsm_in_any_token(w, d):
    token = Token(d)
    hsm = Hsm(d, stock=0, init=["-t", f"pkcs11:token=oem?module-path={SOFTHSM}",
                                "--pin-file", token.pin], environment=token.environment)
    check(not (hsm.box / "softhsm").exists() and not (hsm.box / "pin").exists(), "a token of our own")
    token.sfu("hsm", "status", "-d", hsm.box, "--pin-file", token.pin)
    token.sfu("hsm", "ledger", "verify", "-d", hsm.box, "--pin-file", token.pin)


@case
def signatures_are_made_elsewhere(w, d):
    pack = w.pack(d / "u.sfu", w.app)
    at = pack.index("--key")
    pack[at:at + 2] = ["--unsigned", d / "tbs", "--signer", w.f("real.pub")]
    sfu(*pack)
    equal((d / "u.sfu").read_bytes()[192:256], bytes(64), "signature of an unsigned package")
    equal((d / "u.sfu").read_bytes()[:192], (d / "tbs").read_bytes(), "what is to be signed")
    sfu("verify", "-s", w.f("real.pub"), d / "u.sfu", status=REFUSED, err="does not match")
    openssl("dgst", "-sha256", "-sign", w.f("real.pem"), "-out", d / "sig", d / "tbs")
    attach = lambda signature, **options: sfu("attach-signature", d / "u.sfu", "-s", w.f("real.pub"), "-S", signature,
                                              "-o", d / "s.sfu", **options)
    openssl("dgst", "-sha256", "-sign", w.f("other.pem"), "-out", d / "bad", d / "tbs")
    attach(d / "bad", status=REFUSED, err="does not match")
    for size in (0, 10, 63):
        (d / "short").write_bytes(b"0" * size)
        attach(d / "short", status=DATA, err="empty|no ECDSA signature")
    check(not (d / "s.sfu").exists(), "a package with a wrong signature")
    attach(d / "sig")
    sfu("verify", "-s", w.f("real.pub"), "-K", w.f("real.key"), d / "s.sfu")
    (d / "raw").write_bytes((d / "s.sfu").read_bytes()[192:256])
    attach(d / "raw")
    sfu("attach-signature", d / "s.sfu", "-s", w.f("other.pub"), "-S", d / "sig", "-o", d / "t.sfu", status=REFUSED,
        err="none of the given ones")
    sfu(*w.pack(d / "v.sfu", w.app), "--unsigned", d / "tbs", status=USAGE, err="either --key signs")
    at = pack.index("--signer")
    del pack[at:at + 2]
    sfu(*pack, status=USAGE, err="either --key signs")


@case
def a_package_for_one_device_has_its_own_key(w, d):
    uid = bytes(range(12))
    sfu(*w.pack(d / "a.sfu", w.app, "--device", uid.hex(), "--unique"))
    sfu("verify", "-s", w.f("real.pub"), "-K", w.f("real.key"), "--unique", d / "a.sfu")
    sfu("verify", "-s", w.f("real.pub"), "-K", w.f("real.key"), d / "a.sfu", status=REFUSED, err="another OEM key")
    key = bytes.fromhex(re.search(r"key (\w{64})", w.f("real.key").read_text())[1])
    salt, check_value = ((d / "a.sfu").read_bytes()[at:at + n] for at, n in ((80, 32), (176, 8)))
    own = hkdf(key, b"", b"sfu unique" + uid)
    equal(hkdf(own, salt, b"sfu check")[:8], check_value, "key check value")
    sfu(*w.pack(d / "b.sfu", w.app, "--unique"), status=USAGE, err="--unique needs --device")
    sfu("verify", "-s", w.f("real.pub"), "--unique", d / "a.sfu", status=USAGE, err="needs --oem-key")

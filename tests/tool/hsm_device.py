"""The device's half of spec/formats.md, "Personalization", by python3-cryptography: a chip with the OEM
master key, alone or on a pseudo-terminal. It checks all that a loader checks; faults are to order."""
import binascii
import hashlib
import hmac
import os
import pty
import select
import threading
import time
import tty

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from harness import CODES, FORMAT, field, word

M = {name[8:]: value for name, value in FORMAT.items() if name.startswith("MESSAGE_")}
NAMES = {value: name for name, value in M.items()}
FLAG, ESCAPE = bytes([FORMAT["LINK_FLAG"]]), bytes([FORMAT["LINK_ESCAPE"]])
ESCAPED = [(b, ESCAPE + bytes([b[0] ^ FORMAT["LINK_XOR"]])) for b in (ESCAPE, FLAG)]
P256_SHA256 = ec.ECDSA(Prehashed(hashes.SHA256()))


def u32(*values):
    return b"".join(v.to_bytes(4, "little") for v in values)


def hkdf(key, salt, info):
    return hmac.digest(hmac.digest(salt, key, "sha256"), info + b"\x01", "sha256")


def point(key):
    n = key.public_numbers()
    return n.x.to_bytes(32, "big") + n.y.to_bytes(32, "big")


def public(xy):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + xy)


def frame(payload):
    payload += binascii.crc32(payload).to_bytes(4, "little")
    for plain, escaped in ESCAPED:
        payload = payload.replace(plain, escaped)
    return FLAG + payload + FLAG


def unframe(body):
    for plain, escaped in reversed(ESCAPED):
        body = body.replace(escaped, plain)
    good = len(body) > 4 and binascii.crc32(body[:-4]).to_bytes(4, "little") == body[-4:]
    return body[:-4] if good else None


class Chip:
    """What a loader knows and does. `state` is what its flash would keep."""

    def __init__(self, master, hsm_key, uid, product=b"lamp", epoch=1, lock="OPEN", protocol=1, signer=None,
                 unique=False):
        self.master, self.hsm_key, self.uid, self.epoch = master, hsm_key, uid, epoch
        self.product, self.lock, self.protocol = product.ljust(16, b"\0"), FORMAT[f"FLASH_LOCK_{lock}"], protocol
        self.signer = hashlib.sha256(hsm_key).digest()[:4] if signer is None else signer
        self.attest = hkdf(master, b"", b"sfu attest")
        self.unique, self.key, self.receipt, self.asked = unique, None, None, None

    def challenge(self):
        self.pair = ec.generate_private_key(ec.SECP256R1())
        body = u32(self.protocol) + self.signer + self.uid + u32(0x413) + self.product
        body += u32(self.epoch, self.lock) + bytes([1, 0, 0, 0, 0, 0, 0, 0]) + os.urandom(32)
        body += point(self.pair.public_key())
        self.asked = body + hmac.digest(self.attest, body, "sha256")
        return self.asked

    def take(self, permit):
        """The receipt; or the name of the code it is refused with."""
        if self.asked is None or word(permit, "PERMIT", "PROTOCOL") != 1 or \
                field(permit, "PERMIT", "UID") != self.uid:
            return "R_PERMIT"
        digest = hashlib.sha256(b"SFUP" + self.asked + permit[:-64]).digest()
        r, s = (int.from_bytes(permit[at:at + 32], "big") for at in (168, 200))
        try:
            public(self.hsm_key).verify(encode_dss_signature(r, s), digest, P256_SHA256)
        except InvalidSignature:
            return "R_HSM"
        shared = self.pair.exchange(ec.ECDH(), public(field(permit, "PERMIT", "PUBLIC_KEY")))
        box_hash = hashlib.sha256(b"SFUP" + self.asked + permit[:FORMAT["PERMIT_BOX_OFFSET"]]).digest()
        box = ChaCha20Poly1305(hkdf(shared, self.attest, b"sfu box" + box_hash))
        try:
            plain = box.decrypt(bytes(12), field(permit, "PERMIT", "BOX") + field(permit, "PERMIT", "TAG"), None)
        except InvalidTag:
            return "R_BOX"
        seed, self.asked = plain[:32], None
        self.key = hkdf(self.master, seed, b"sfu oem key" + self.product + u32(self.epoch))
        if self.unique:
            self.key = hkdf(self.key, b"", b"sfu unique" + self.uid)
        body = u32(1) + field(permit, "PERMIT", "LICENCE") + self.uid + u32(self.lock)
        body += hkdf(self.key, b"", b"sfu fingerprint")[:16] + digest[:16]
        body += hmac.digest(hkdf(seed, self.attest, b"sfu receipt" + digest), body, "sha256")[:16]
        self.receipt = body
        return body


class Line(threading.Thread):
    """A chip on a pseudo-terminal. `drop`: messages whose first answer gets lost ("PERSONALIZE", "PERMIT");
    the chip has done what it was asked. `renew`: called after a receipt left, gives the next chip."""

    def __init__(self, link, chip, drop=(), dead=(), renew=None, silent=0.0):
        super().__init__(daemon=True)
        self.link, self.chip, self.drop, self.dead, self.renew = link, chip, list(drop), dead, renew
        self.quiet_until, self.silent = 0.0, silent
        self.seen, self.ending = [], threading.Event()
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.symlink(os.ttyname(self.slave), link)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join(5)
        os.unlink(self.link)
        os.close(self.master)
        os.close(self.slave)

    def send(self, name, body=b""):
        data = frame(bytes([M[name]]) + body)
        while data:
            data = data[os.write(self.master, data):]

    def info(self):
        flags = FORMAT["INFO_PERSONALIZED"] | FORMAT["INFO_KEYS_READY"] if self.chip.receipt else \
            FORMAT["INFO_UNPERSONALIZED"]
        body = bytes([1, 2]) + (2048).to_bytes(2, "little") + u32(flags) + bytes([1, 0, 0, 0, 0, 0, 0, 0])
        body += self.chip.product + u32(2, self.chip.epoch) + self.chip.uid + u32(0x413, 0, self.chip.lock, 0, 0, 0)
        self.send("INFO", body + bytes(48))

    def run(self):
        buffer = b""
        while not self.ending.is_set():
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            buffer += os.read(self.master, 4096)
            if time.monotonic() < self.quiet_until:
                buffer = b""
            *bodies, buffer = buffer.split(FLAG)
            for body in bodies:
                payload = unframe(body) if body else None
                if payload:
                    self.take(NAMES.get(payload[0], "?"), payload[1:])

    def take(self, name, body):
        if name in ("HELLO", "ENTER"):
            return self.info()
        self.seen.append(name)
        if name in self.dead:
            return None
        if name == "PERSONALIZE":
            answer = ("RECEIPT", self.chip.receipt) if self.chip.receipt else ("CHALLENGE", self.chip.challenge())
        elif name == "PERMIT":
            result = self.chip.take(body)
            answer = ("REFUSE", u32(CODES[result], 0)) if isinstance(result, str) else ("RECEIPT", result)
        elif name == "REBOOT":
            answer = ("DONE", u32(0))
        else:
            answer = ("REFUSE", u32(CODES["R_TYPE"], 0))
        if name in self.drop:
            self.drop.remove(name)
            return None
        self.send(*answer)
        if answer[0] == "RECEIPT" and self.renew is not None:
            self.chip = self.renew(self.chip) or self.chip
            self.quiet_until = time.monotonic() + self.silent
        return None

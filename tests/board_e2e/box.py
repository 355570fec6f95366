"""An HSM's side of personalization (spec/formats.md), for chips on the emulated board; written with the library
`cryptography`, and of nothing that the device or `sfu` runs."""
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from device import must
from kit import hkdf

CHALLENGE, PERMIT, RECEIPT = 184, 232, 72


def point(key):
    """X ‖ Y of a public key."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


class Box:
    def __init__(self, master):
        self.master, self.seed = master, hashlib.sha256(b"seed " + master).digest()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.licences = []

    def public_pem(self):
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def attest(self):
        return hkdf(self.master, b"", b"sfu attest")

    def permit(self, challenge):
        must(len(challenge) == CHALLENGE, f"a challenge of {len(challenge)} bytes")
        must(hmac.digest(self.attest(), challenge[:152], "sha256") == challenge[152:], "the challenge's MAC is wrong")
        uid = challenge[8:20]
        if uid not in self.licences:
            self.licences.append(uid)
        mine = ec.generate_private_key(ec.SECP256R1())
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + challenge[88:152])
        licence = (self.licences.index(uid) + 1).to_bytes(4, "little")
        permit = bytes([1, 0, 0, 0]) + hashlib.sha256(point(self.key)).digest()[:4] + licence + uid + point(mine)
        box_hash = hashlib.sha256(b"SFUP" + challenge + permit).digest()
        box_key = hkdf(mine.exchange(ec.ECDH(), theirs), self.attest(), b"sfu box" + box_hash)
        permit += ChaCha20Poly1305(box_key).encrypt(bytes(12), self.seed + hashlib.sha256(challenge).digest(), None)
        self.transcript = hashlib.sha256(b"SFUP" + challenge + permit).digest()
        r, s = decode_dss_signature(self.key.sign(self.transcript, ec.ECDSA(Prehashed(hashes.SHA256()))))
        self.challenge = challenge
        return permit + r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def oem_key(self, unique=False):
        """K, or K_u, of the device that was permitted last."""
        key = hkdf(self.master, self.seed, b"sfu oem key" + self.challenge[24:44])
        return hkdf(key, b"", b"sfu unique" + self.challenge[8:20]) if unique else key

    def believes(self, receipt, unique=False):
        """Fails if the receipt is not what the last permit must lead to."""
        must(len(receipt) == RECEIPT, f"a receipt of {len(receipt)} bytes")
        key = hkdf(self.seed, self.attest(), b"sfu receipt" + self.transcript)
        must(hmac.digest(key, receipt[:56], "sha256")[:16] == receipt[56:], "the receipt's MAC is wrong")
        licence = self.licences.index(receipt[8:20]) + 1
        must(receipt[:8] == bytes([1, 0, 0, 0]) + licence.to_bytes(4, "little"), "the receipt is of another licence")
        must(receipt[20:24] == self.challenge[44:48], "the receipt tells of another lock profile")
        must(receipt[24:40] == hkdf(self.oem_key(unique), b"", b"sfu fingerprint")[:16], "the device has another K")
        must(receipt[40:56] == self.transcript[:16], "the receipt is of another exchange")

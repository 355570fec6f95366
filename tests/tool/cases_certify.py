"""Signing keys that are added and revoked: sfu certify, and what pack, factory, verify and inspect make of it. What the
certificate holds is computed by the openssl command from spec/formats.md alone."""
import json
import subprocess

from harness import (DATA, FORMAT, NOINPUT, REFUSED, SFU, USAGE, case, check, equal, field, openssl, refused, sfu, word)
from cases_factory import at, factory, memory, symbol
from cases_pack import der

HEAD, SIZE = FORMAT["FORMAT_HEAD"], FORMAT["MANIFEST_SIZE"]
TO_SIGN = FORMAT["CERTIFICATE_SIGNATURE_OFFSET"]


def certify(w, d, added, *more, rank="2:9", key="real", out="x.cert"):
    return ["certify", "--key", w.f(f"{key}.pem"), "--rank", rank, "--product", "widget", "-o", d / out, *more,
            f"{w.f('other.pub')}:{added}"]


def point(w, name):
    return openssl("pkey", "-pubin", "-in", w.f(name), "-outform", "DER")[-64:]


def key_id(w, name):
    return openssl("dgst", "-sha256", "-binary", data=point(w, name))[:4]


def pack(w, d, *more, out="p.sfu", rank="2:9", cert="x.cert", key="other"):
    words = w.pack(d / out, w.app, *more, "--rank", rank, *(["--certificate", d / cert] if cert else []))
    words[words.index(w.f("real.pem"))] = w.f(f"{key}.pem")
    return words


@case
def certificate_holds_what_was_said(w, d):
    told = json.loads(sfu(*certify(w, d, "1:7"), "--json").out)
    data = (d / "x.cert").read_bytes()
    equal(len(data), FORMAT["CERTIFICATE_SIZE"], "size")
    equal(data[:4], b"SFUA", "magic")
    equal(field(data, "CERTIFICATE", "ISSUER"), key_id(w, "real.pub"), "issuer")
    equal(field(data, "CERTIFICATE", "PRODUCT"), b"widget".ljust(16, b"\0"), "product")
    key = field(data, "CERTIFICATE", "KEY")
    equal(key, key_id(w, "other.pub") + bytes([1, 7, 0, 0]) + point(w, "other.pub"), "key")
    equal((told["rank"], told["serial"], told["id"]), (1, 7, key[:4].hex()), "what it told")
    (d / "sig").write_bytes(der(data[TO_SIGN:]))
    openssl("dgst", "-sha256", "-verify", w.f("real.pub"), "-signature", d / "sig", data=data[:TO_SIGN])


@case
def package_carries_the_certificate(w, d):
    sfu(*certify(w, d, "1:7"))
    sfu(*pack(w, d, "--revoke", "0:4"))
    data = (d / "p.sfu").read_bytes()
    equal(data[SIZE:HEAD], (d / "x.cert").read_bytes(), "certificate")
    equal(data[7], FORMAT["FORMAT_FLAG_CERTIFICATE"], "flags")
    equal(data[184:192], bytes([4, 0, 0, 0, 1, 7, 2, 9]), "floors, signer, issuer")
    equal(len(data), HEAD + word(data, "MANIFEST", "PLAIN_SIZE") + 32 * word(data, "MANIFEST", "RECORD_COUNT"), "size")
    sfu("verify", "-s", w.f("real.pub"), "-K", w.f("real.key"), d / "p.sfu")
    # the added key alone vouches for nothing
    sfu("verify", "-s", w.f("other.pub"), d / "p.sfu", status=REFUSED, err="the certificate is by key")
    told = json.loads(sfu("inspect", "--json", d / "p.sfu").out)
    equal((told["certificate"], told["signer_rank"], told["signer_serial"], told["issuer_rank"], told["issuer_serial"],
           told["key_floor"]), (True, 1, 7, 2, 9, "04000000"), "what inspect tells")
    out = sfu("inspect", d / "p.sfu").out
    check("rank 1, serial 7" in out and "rank 2, serial 9" in out and "rank 0 below serial 4" in out, out)


@case
def every_byte_of_a_certificate_counts(w, d):
    sfu(*certify(w, d, "1:7"))
    sfu(*pack(w, d))
    data = (d / "p.sfu").read_bytes()
    for offset in range(SIZE, HEAD):
        (d / "x.sfu").write_bytes(data[:offset] + bytes([data[offset] ^ 0x10]) + data[offset + 1:])
        done = subprocess.run([SFU, "verify", "-s", w.f("real.pub"), "-K", w.f("real.key"), d / "x.sfu"],
                              capture_output=True)
        check(done.returncode in (DATA, REFUSED), f"offset {offset}: {done.returncode}")


@case
def a_key_of_the_loader_says_its_rank(w, d):
    sfu(*pack(w, d, "--revoke", "0:4", "--revoke", "1:255", rank="2:9", cert=None, key="real"))
    data = (d / "p.sfu").read_bytes()
    equal((data[7], data[184:192]), (0, bytes([4, 255, 0, 0, 2, 9, 2, 9])), "flags, floors, signer, issuer")
    sfu("verify", "-s", w.f("real.pub"), d / "p.sfu")


@case
def rank_rules_are_kept(w, d):
    for added, rank in (("1:0", "1"), ("2:0", "1:5"), ("3:0", "3")):
        refused(d, DATA, "adds only keys of lower rank", *certify(w, d, added, rank=rank))
    for added in ("0:255", "4:0", "0:1000", "9:9"):
        refused(d, USAGE, "ranks go from 0 to 3", *certify(w, d, added))
    for rank in ("4", "x", "1:", ":1", "1:255", "1:2:3", ""):
        refused(d, USAGE, "--rank: `", *certify(w, d, "0:1", rank=rank))
    sfu(*certify(w, d, "1:7"))
    refused(d, DATA, "that must be the higher one", *pack(w, d, rank="1"))
    refused(d, USAGE, "keys of lower rank alone", *pack(w, d, "--revoke", "1:8"))
    refused(d, USAGE, "cannot be revoked", *pack(w, d, "--revoke", "3:1"))
    refused(d, USAGE, "is given twice", *pack(w, d, "--revoke", "0:1", "--revoke", "0:2"))
    for floor in ("0", "0:0", "0:256", "4:1", "0:x"):
        refused(d, USAGE, "is not RANK:SERIAL", *pack(w, d, "--revoke", floor))


@case
def certificates_that_do_not_fit_are_refused(w, d):
    sfu(*certify(w, d, "1:7"))
    refused(d, DATA, "is not the certificate of the signing key", *pack(w, d, key="real"))
    data = (d / "x.cert").read_bytes()
    for name, bytes_, what in (("short", data[:-1], "it has 159 bytes"), ("magic", b"X" + data[1:], "this is no certificate"),
                               ("rank", data[:28] + b"\4" + data[29:], "no rank from 0 to 3"),
                               ("key", data[:40] + bytes([data[40] ^ 1]) + data[41:], "has not the id"),
                               ("product", data[:8] + b"gadget" + data[14:], "is for another product"),
                               ("unsigned", data[:TO_SIGN] + bytes(64), "is not signed yet")):
        (d / name).write_bytes(bytes_)
        refused(d, DATA, what, *pack(w, d, cert=name))
    refused(d, NOINPUT, "nowhere", *pack(w, d, cert="nowhere"))
    refused(d, DATA, "is no test key", *["certify", "--key", w.f("test.pem"), "--rank", 2, "--product", "widget", "-o",
                                         d / "y.cert", f"{w.f('other.pub')}:0:1"])


@case
def certificate_may_be_signed_elsewhere(w, d):
    words = certify(w, d, "1:7", out="u.cert")
    words[1:3] = ["--unsigned", d / "tbs", "--signer", w.f("real.pub")]
    sfu(*words)
    data = (d / "u.cert").read_bytes()
    equal((data[:TO_SIGN], data[TO_SIGN:]), ((d / "tbs").read_bytes(), bytes(64)), "what is to be signed")
    attach = lambda key, signer: [openssl("dgst", "-sha256", "-sign", w.f(f"{key}.pem"), "-out", d / "sig", d / "tbs"),
                                  "attach-signature", d / "u.cert", "-s", w.f(f"{signer}.pub"), "-S", d / "sig", "-o",
                                  d / "x.cert"][1:]
    sfu(*attach("other", "real"), status=REFUSED, err="does not match")
    sfu(*attach("real", "other"), status=REFUSED, err="none of the given keys")
    check(not (d / "x.cert").exists(), "a certificate with a wrong signature")
    sfu(*attach("real", "real"))
    sfu(*pack(w, d))
    sfu("verify", "-s", w.f("real.pub"), d / "p.sfu")
    sfu(*certify(w, d, "1:7"), "--unsigned", d / "tbs", status=USAGE, err="either --key signs")


@case
def configuration_has_serials_and_floors(w, d):
    sfu(*factory(w, d, "--revoke", "0:4", "--revoke", "2:1",
                 signers=[f"{w.f('real.pub')}:0:4", f"{w.f('other.pub')}:3:255"]))
    config = at(memory(d / "factory.hex"), symbol(w.loader, "sfu_config"), FORMAT["CONFIG_SIZE"])
    equal(field(config, "CONFIG", "KEY_FLOOR"), bytes([4, 0, 1, 0]), "floors")
    for n, rank, serial in ((0, 0, 4), (1, 3, 255)):
        signer = field(config, "CONFIG", f"KEY{n}")
        equal((signer[4], signer[5], signer[6:8]), (rank, serial, bytes(2)), "rank and serial")
    refused(d, DATA, "is revoked by --revoke", *factory(w, d, "--revoke", "0:4", signers=[f"{w.f('real.pub')}:0:3"]))
    refused(d, USAGE, "ranks go from 0 to 3", *factory(w, d, signers=[f"{w.f('real.pub')}:0:255"]))

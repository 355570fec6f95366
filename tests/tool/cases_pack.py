"""sfu pack, inspect, verify. What is checked of a package is computed by the openssl command from
spec/formats.md alone."""
import json
import re
import subprocess

from harness import (CREATE, DATA, FORMAT, IO, NOINPUT, REFUSED, USAGE, application, case, check, equal,
                     field, openssl, refused, sfu, word, loader)

SIGNED, SIZE, HASH = FORMAT["FORMAT_MANIFEST_SIGNED"], FORMAT["MANIFEST_SIZE"], FORMAT["FORMAT_HASH"]


def oem_key(path):
    return bytes.fromhex(path.read_text().split("\nkey ")[1].strip())


def hkdf(key, salt, info):
    text = openssl("kdf", "-keylen", HASH, "-kdfopt", "digest:SHA256", "-kdfopt", f"hexkey:{key.hex()}",
                   "-kdfopt", f"hexsalt:{salt.hex()}", "-kdfopt", f"hexinfo:{info.hex()}", "HKDF")
    return bytes.fromhex(text.decode().strip().replace(":", ""))


def sha256(data):
    return openssl("dgst", "-sha256", "-binary", data=data)


def integer(number):
    """A DER INTEGER."""
    number = number.lstrip(b"\0") or b"\0"
    number = b"\0" + number if number[0] >= 0x80 else number
    return bytes([2, len(number)]) + number


def der(signature):
    both = integer(signature[:32]) + integer(signature[32:])
    return bytes([0x30, len(both)]) + both


def records(data):
    """[(index, ciphertext, next hash)]"""
    size, count = word(data, "MANIFEST", "RECORD_SIZE"), word(data, "MANIFEST", "RECORD_COUNT")
    left, at, found = word(data, "MANIFEST", "PLAIN_SIZE"), SIZE, []
    for i in range(count):
        n = min(size, left)
        found.append((i, data[at:at + n], data[at + n:at + n + HASH]))
        at, left = at + n + HASH, left - n
    equal((at, left), (len(data), 0), "end of the records")
    return found


def decrypt(data, key):
    image_key = hkdf(key, field(data, "MANIFEST", "SALT"), b"sfu image" + field(data, "MANIFEST", "PRODUCT"))
    return b"".join(openssl("enc", "-d", "-chacha20", "-K", image_key.hex(), "-iv",
                            (bytes(4) + i.to_bytes(4, "little") + bytes(8)).hex(), data=cipher)
                    for i, cipher, _ in records(data))


@case
def manifest_holds_what_was_said(w, d):
    data = w.package.read_bytes()
    for name, value in (("MAGIC", FORMAT["FORMAT_MANIFEST_MAGIC"]), ("FORMAT", 1), ("SUITE", 1), ("KIND", 1),
                        ("FLAGS", 0), ("HARDWARE", 6), ("EPOCH", 3), ("SECURITY_COUNTER", 5),
                        ("LOADER_MIN", 0), ("UID", 0), ("LOAD_ADDRESS", w.SLOT_A), ("RECORD_SIZE", 2048)):
        equal(word(data, "MANIFEST", name), value, name)
    equal(field(data, "MANIFEST", "PRODUCT"), b"widget".ljust(16, b"\0"), "product")
    equal(field(data, "MANIFEST", "VERSION"), bytes([1, 2, 3, 0, 4, 0, 0, 0]), "version")
    point = openssl("pkey", "-pubin", "-in", w.f("real.pub"), "-outform", "DER")[-64:]
    equal(field(data, "MANIFEST", "SIGNER"), sha256(point)[:4], "signer")


@case
def signature_is_good_by_openssl(w, d):
    data = w.package.read_bytes()
    (d / "signed").write_bytes(data[:SIGNED])
    (d / "signature").write_bytes(der(field(data, "MANIFEST", "SIGNATURE")))
    out = openssl("dgst", "-sha256", "-verify", w.f("real.pub"), "-signature", d / "signature", d / "signed")
    check(b"Verified OK" in out, out)


@case
def record_hashes_are_good_by_openssl(w, d):
    data = w.package.read_bytes()
    promised = field(data, "MANIFEST", "FIRST_HASH")
    for i, cipher, following in records(data):
        equal(sha256(b"SFUR" + i.to_bytes(4, "little") + cipher + following), promised, f"record {i}")
        promised = following
    equal(promised, bytes(HASH), "hash after the last record")


@case
def records_decrypt_by_openssl(w, d):
    plain = decrypt(w.package.read_bytes(), oem_key(w.f("real.key")))
    equal(plain, w.plain.ljust(-(-len(w.plain) // 32) * 32, b"\xff"), "image")


@case
def image_hash_and_key_check_are_good_by_openssl(w, d):
    data, key = w.package.read_bytes(), oem_key(w.f("real.key"))
    salt = field(data, "MANIFEST", "SALT")
    plain = w.plain.ljust(-(-len(w.plain) // 32) * 32, b"\xff")
    equal(field(data, "MANIFEST", "IMAGE_HASH"), sha256(hkdf(key, salt, b"sfu digest") + plain), "image")
    equal(field(data, "MANIFEST", "KEY_CHECK"), hkdf(key, salt, b"sfu check")[:8], "key check")


@case
def packing_twice_shares_no_salt_and_no_ciphertext(w, d):
    sfu(*w.pack(d / "o.sfu", w.app))
    one, two = w.package.read_bytes(), (d / "o.sfu").read_bytes()
    for name in ("SALT", "IMAGE_HASH", "KEY_CHECK", "FIRST_HASH", "SIGNATURE"):
        check(field(one, "MANIFEST", name) != field(two, "MANIFEST", name), name)
    for (_, a, _), (_, b, _) in zip(records(one), records(two)):
        check(a[:64] != b[:64], "ciphertext")


@case
def elf_hex_and_binary_are_the_same_image(w, d):
    for image in (w.f("app_a.hex"), f"{w.f('app_a.bin')}@0x{w.SLOT_A:x}", f"{w.f('app_a.bin')}@{w.SLOT_A}"):
        sfu(*w.pack(d / "o.sfu", image))
        equal(decrypt((d / "o.sfu").read_bytes(), oem_key(w.f("real.key")))[:len(w.plain)], w.plain, image)


@case
def small_records(w, d):
    sfu(*w.pack(d / "o.sfu", w.app, "--record-size", 1024))
    data = (d / "o.sfu").read_bytes()
    equal(len(records(data)), -(-word(data, "MANIFEST", "PLAIN_SIZE") // 1024), "records")
    equal(decrypt(data, oem_key(w.f("real.key")))[:len(w.plain)], w.plain, "image")


@case
def all_options_reach_the_manifest(w, d):
    sfu(*w.pack(d / "o.sfu", w.app, "--device", "00112233445566778899aAbB", "--allow-older",
                "--loader-min", "2.1", "--slot", "a", version="255.254.65535+4294967295"))
    data = (d / "o.sfu").read_bytes()
    equal(field(data, "MANIFEST", "UID").hex(), "00112233445566778899aabb", "uid")
    equal(word(data, "MANIFEST", "FLAGS"), FORMAT["FORMAT_FLAG_ALLOW_OLDER"], "flags")
    equal(field(data, "MANIFEST", "LOADER_MIN"), bytes([2, 1, 0, 0, 0, 0, 0, 0]), "loader")
    equal(field(data, "MANIFEST", "VERSION"), bytes([255, 254]) + b"\xff" * 6, "version")


@case
def json_is_the_manifest(w, d):
    made = json.loads(sfu(*w.pack(d / "o.sfu", w.app, "--json")).out)
    equal(json.loads(sfu("inspect", "--json", d / "o.sfu").out), made, "inspect")
    equal((made["version"], made["product"], made["load_address"]), ("1.2.3+4", "widget", w.SLOT_A), "json")


@case
def numbers_in_place_of_a_loader(w, d):
    place = ["--load-address", hex(w.SLOT_A), "--capacity", "0x10000"]
    sfu(*w.pack(d / "o.sfu", w.app, place=place))
    refused(d, DATA, "bytes, and the slot holds", *w.pack(d / "p.sfu", w.app, place=place[:3] + ["32"]))


@case
def places_that_contradict_are_usage_errors(w, d):
    for place in ([], ["--load-address", "1"], ["-l", w.loader, "-c", "5"],
                  ["-a", "1", "-c", "2", "--slot", "a"], ["-l", w.loader, "--slot", "c"]):
        refused(d, USAGE, "see `sfu pack --help`", *w.pack(d / "o.sfu", w.app, place=place))


@case
def wrong_values_are_usage_errors(w, d):
    for option, value in (("--image-version", "1.2.3.4"), ("--image-version", "256.0.0"),
                          ("--hardware", "0"), ("--hardware", "0x1ffffffff"), ("--security-counter", "-1"),
                          ("--product", "seventeen letters"), ("--product", ""), ("--device", "0011"),
                          ("--record-size", "512"), ("--loader-min", "")):
        refused(d, USAGE, option[2:], *w.pack(d / "o.sfu", w.app, option + "=" + value) if option in (
            "--device", "--record-size", "--loader-min") else replace(w.pack(d / "o.sfu", w.app), option, value))


def replace(arguments, option, value):
    at = arguments.index(option) + 1
    return arguments[:at] + [value] + arguments[at + 1:]


@case
def image_for_no_slot_is_refused(w, d):
    elf = application(d / "app.elf", 0x08030000)
    refused(d, DATA, "begins at 0x08030000, and the slots at 0x08020800 and 0x08080800",
            *w.pack(d / "o.sfu", elf))


@case
def image_for_the_other_slot_is_refused(w, d):
    refused(d, DATA, "and the slot at 0x08080800", *w.pack(d / "o.sfu", w.app, "--slot", "b"))
    sfu(*w.pack(d / "o.sfu", w.app_b, "--slot", "b"))


@case
def slot_b_of_a_single_layout_is_refused(w, d):
    place = ["--layout-from", loader(d / "loader.elf", slots=1)]
    refused(d, DATA, "no slot b", *w.pack(d / "o.sfu", w.app, "--slot", "b", place=place))
    sfu(*w.pack(d / "o.sfu", w.app, place=place))


@case
def record_size_follows_the_loader(w, d):
    place = ["--layout-from", loader(d / "loader.elf", record_max=1024)]
    sfu(*w.pack(d / "o.sfu", w.app, place=place))
    equal(word((d / "o.sfu").read_bytes(), "MANIFEST", "RECORD_SIZE"), 1024, "record size")
    refused(d, USAGE, "1024 at most", *w.pack(d / "p.sfu", w.app, "-r", 2048, place=place))


@case
def stack_pointers_outside_ram_are_refused(w, d):
    for stack, err in (("0x20000000", "not in RAM"), ("0x20020008", "not in RAM"), ("0x08000000", "not in RAM"),
                       ("0x20001004", "multiple of 8"), ("0xFFFFFFFF", "not in RAM")):
        refused_elf = application(d / "app.elf", w.SLOT_A, stack=stack)
        refused(d, DATA, err, *w.pack(d / "o.sfu", refused_elf))
    sfu(*w.pack(d / "o.sfu", application(d / "app.elf", w.SLOT_A, stack="0x10010000")))


@case
def entry_points_outside_the_image_are_refused(w, d):
    for entry, err in ((w.SLOT_A + 64, "is even"), (w.SLOT_A + len(w.plain) + 33, "outside the image"),
                       (w.SLOT_A - 1, "outside the image"), (1, "outside the image"),
                       (0xFFFFFFFF, "outside the image")):
        (d / "app.bin").write_bytes(w.plain[:4] + entry.to_bytes(4, "little") + w.plain[8:])
        refused(d, DATA, err, *w.pack(d / "o.sfu", f"{d / 'app.bin'}@{w.SLOT_A}"))
    (d / "app.bin").write_bytes(w.plain[:7])
    refused(d, DATA, "outside the image", *w.pack(d / "o.sfu", f"{d / 'app.bin'}@{w.SLOT_A}"))


@case
def image_larger_than_the_slot_is_refused(w, d):
    elf = application(d / "app.elf", w.SLOT_A, payload=0x60000)
    refused(d, DATA, "and the slot holds 391040", *w.pack(d / "o.sfu", elf))


@case
def image_that_fills_the_slot_is_taken(w, d):
    (d / "app.bin").write_bytes(w.plain[:64].ljust(391040, b"\x5a"))
    image = bytearray((d / "app.bin").read_bytes())
    image[4:8] = (w.SLOT_A + 65).to_bytes(4, "little")
    (d / "app.bin").write_bytes(image)
    sfu(*w.pack(d / "o.sfu", f"{d / 'app.bin'}@{w.SLOT_A}"))
    sfu("verify", "-s", w.f("real.pub"), "-K", w.f("real.key"), d / "o.sfu")
    (d / "app.bin").write_bytes(image + b"1")
    refused(d, DATA, "holds 391040", *w.pack(d / "p.sfu", f"{d / 'app.bin'}@{w.SLOT_A}"))


@case
def foreign_and_damaged_images_are_refused(w, d):
    elf, text = w.app.read_bytes(), w.f("app_a.hex").read_text()
    lines = text.splitlines()
    for data, err in ((b"", "is empty"), (b"hello world" * 9, "neither ELF nor Intel HEX"), (elf[:40], "damaged ELF"),
                      (elf[:2000], "damaged ELF"), (text[:2000].encode(), "is not a record|cut short"),
                      (text.replace(lines[3][-1], "X", 1).encode(), "line"), ("\n".join(lines[:-1]).encode(), "cut short"),
                      (elf[:18] + b"\x3e\0" + elf[20:], "not a program for 32-bit"),
                      (elf[:16] + b"\1\0" + elf[18:], "not a linked program"),
                      ("\n".join(lines[:3] + lines[2:]).encode(), "two parts of it lie at 0x08020810")):
        (d / "image").write_bytes(data)
        refused(d, DATA, err, *w.pack(d / "o.sfu", d / "image"))


@case
def wrong_hex_checksum_names_its_line(w, d):
    lines = w.f("app_a.hex").read_text().splitlines()
    lines[6] = lines[6][:12] + ("0" if lines[6][12] != "0" else "1") + lines[6][13:]
    (d / "image").write_text("\n".join(lines))
    refused(d, DATA, "line 7 of the HEX file has the wrong checksum", *w.pack(d / "o.sfu", d / "image"))


@case
def huge_and_missing_images_are_refused(w, d):
    with open(d / "huge", "wb") as f:
        f.truncate(64 * 1024 * 1024 + 1)
    sfu(*w.pack(d / "o.sfu", f"{d / 'huge'}@0"), status=DATA, err="larger than 64 MiB")
    sfu(*w.pack(d / "o.sfu", d / "none"), status=NOINPUT, err="none: cannot be opened: No such file")
    sfu(*w.pack(d / "o.sfu", d), status=NOINPUT, err="is a directory")
    equal([p.name for p in d.iterdir()], ["huge"], "files")


@case
def loader_that_is_none_is_refused(w, d):
    refused(d, DATA, "no symbol sfu_layout", *w.pack(d / "o.sfu", w.app, place=["-l", w.app]))


@case
def full_disk_leaves_nothing(w, d):
    for blocks in (0, 2):
        refused(d, IO, "o.sfu: cannot be written", *w.pack(d / "o.sfu", w.app), blocks=blocks)


@case
def failed_packing_keeps_the_old_package(w, d):
    (d / "o.sfu").write_text("old")
    refused(d, IO, "cannot be written", *w.pack(d / "o.sfu", w.app), blocks=0)
    equal((d / "o.sfu").read_text(), "old", "old package")
    refused(d, CREATE, "not a regular file", *w.pack("/dev/full", w.app))
    refused(d, CREATE, "is a directory", *w.pack(d, w.app))


@case
def mixed_test_and_real_keys_are_refused(w, d):
    for kind, other in (("real", "test"), ("test", "real")):
        arguments = [w.f(f"{other}.key") if a == w.f(f"{kind}.key") else a
                     for a in w.pack(d / "o.sfu", w.app, kind=kind)]
        refused(d, DATA, "test.(pem|key): is a test key", *arguments)


@case
def packing_with_test_keys_warns(w, d):
    sfu(*w.pack(d / "o.sfu", w.app, kind="test"), err="warning: packing with test keys")
    sfu("inspect", "-s", w.f("test.pub"), d / "o.sfu", err="is a test key")
    sfu("verify", "-s", w.f("test.pub"), "-K", w.f("test.key"), d / "o.sfu", err="is a test key")


@case
def verify_accepts_what_pack_made(w, d):
    keys = ["--signer", w.f("other.pub"), "--signer", w.f("real.pub")]
    check("are good" in sfu("verify", *keys, w.package).out, "signature")
    check("key and image" in sfu("verify", *keys, "--oem-key", w.f("real.key"), w.package).out, "image")


@case
def verify_refuses_other_keys(w, d):
    refused(d, REFUSED, "offset 8: signed by key", "verify", "-s", w.f("other.pub"), w.package)
    refused(d, REFUSED, "encrypted with another OEM key", "verify", "-s", w.f("real.pub"), "-K",
            w.f("other.key"), w.package)
    sfu("keygen", "oem", d / "k", "-e", 4)
    refused(d, REFUSED, "for epoch 3", "verify", "-s", w.f("real.pub"), "-K", d / "k", w.package)


def damaged(w, d, offset, err, status, data=None):
    data = bytearray(w.package.read_bytes()) if data is None else bytearray(data)
    if offset is not None:
        data[offset] ^= 0x40
    (d / "x.sfu").write_bytes(data)
    refused(d, status, err, "verify", "-s", w.f("real.pub"), "-K", w.f("real.key"), d / "x.sfu")


@case
def every_signed_byte_counts(w, d):
    for offset in range(0, SIGNED, 7):
        damaged(w, d, offset, "offset|cut short|too long", DATA if offset in (
            *range(0, 8), *range(72, 80)) else REFUSED)


@case
def damaged_signature_is_refused(w, d):
    for offset in (192, 223, 224, 255):
        damaged(w, d, offset, "offset 192: the signature", REFUSED)


@case
def damaged_record_is_named(w, d):
    damaged(w, d, SIZE + 5, "record 0 at offset 256", DATA)
    damaged(w, d, SIZE + 2080 + 7, "record 1 at offset 2336", DATA)
    damaged(w, d, -1, "record 4 at offset", DATA)


@case
def a_record_behind_the_last_one_is_refused(w, d):
    """Only who can sign can make such a package."""
    data, following = bytearray(w.package.read_bytes()), b"\1" * HASH
    for i, cipher, _ in reversed(records(data)):
        at = SIZE + i * 2080 + len(cipher)
        data[at:at + HASH] = following
        following = sha256(b"SFUR" + i.to_bytes(4, "little") + cipher + following)
    at = FORMAT["MANIFEST_FIRST_HASH_OFFSET"]
    data[at:at + HASH] = following
    signature = openssl("dgst", "-sha256", "-sign", w.f("real.pem"), data=bytes(data[:SIGNED]))
    r, s = re.findall(rb"INTEGER +:([0-9A-F]+)", openssl("asn1parse", "-inform", "DER", data=signature))
    data[SIGNED:SIZE] = bytes.fromhex(r.decode().zfill(64) + s.decode().zfill(64))
    damaged(w, d, None, "the last record promises another one", DATA, data)


@case
def exchanged_records_are_refused(w, d):
    data = w.package.read_bytes()
    one, two = data[SIZE:SIZE + 2080], data[SIZE + 2080:SIZE + 4160]
    damaged(w, d, None, "record 0", DATA, data[:SIZE] + two + one + data[SIZE + 4160:])


@case
def packages_of_the_wrong_length_are_refused(w, d):
    data = w.package.read_bytes()
    for n, err in ((255, "no package"), (256, "cut short"), (len(data) - 1, "cut short"), (1, "no package")):
        damaged(w, d, None, err, DATA, data[:n])
    damaged(w, d, None, "too long", DATA, data + b"\0")
    damaged(w, d, None, "is not a package", DATA, b"\x7fELF" * 100)


@case
def inspect_refuses_what_is_no_package(w, d):
    (d / "empty").touch()
    refused(d, DATA, "is empty", "inspect", d / "empty")
    refused(d, NOINPUT, "is a directory", "inspect", d)
    refused(d, DATA, "offset 0: this is not a package", "inspect", w.app)


@case
def no_secret_is_in_the_package(w, d):
    data, key = w.package.read_bytes(), oem_key(w.f("real.key"))
    check(key not in data and w.plain[:32] not in data, "secret in the clear")

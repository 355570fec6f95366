"""Packages that a device must refuse, each with its sentence, and with flash unchanged."""
import re
import shutil

import forge
import tell
from world import difference, expect_words
from device import IMAGE, must, sfu

RECORD = 40     # the one that is tampered with
PLAIN = 2048    # bytes of the image in a record
SECTOR = 0x20000
MANIFEST, RECORDS, FILE = range(3)  # where the cheat is noticed


def cheats(world):
    """(what, package, code or sentence, exit code of sfu, where it is noticed)"""
    good = world.packages("1.2.0")[0]
    data = good.read_bytes()
    again = world.pack("again.sfu", "1.2.0-a", "1.2.0", 2).read_bytes()

    def forged(name, content):
        path = world.file(f"forged-{name}.sfu")
        path.write_bytes(content)
        return path

    def packed(name, *more, version="1.2.0", counter=2, **keys):
        return world.pack(f"forged-{name}.sfu", "1.2.0-a", version, counter, *more, **keys)

    return [
        ("one bit flipped in the manifest", forged("manifest-bit", forge.manifest_bit(data)), "R_SIGNATURE", 77, MANIFEST),
        ("one bit flipped in a record", forged("record-bit", forge.record_bit(data, RECORD)), "R_RECORD", 65, RECORDS),
        ("a record repeated", forged("repeated", forge.repeated(data, RECORD)), "R_RECORD", 65, RECORDS),
        ("a record skipped", forged("skipped", forge.skipped(data, RECORD)), "R_RECORD", 65, RECORDS),
        ("a record from another package of the same image", forged("foreign", forge.foreign(data, again, RECORD)),
         "R_RECORD", 65, RECORDS),
        ("another product", packed("product", product="torch"), "R_PRODUCT", 77, MANIFEST),
        ("another device's uid", packed("uid", "-d", "0102030405060708090a0b0c"), "R_UID", 77, MANIFEST),
        ("an older security counter, newer version", packed("counter", version="1.3.0", counter=1), "R_COUNTER", 77,
         MANIFEST),
        ("a truncated file", forged("truncated", forge.truncated(data, RECORD)), "is cut short", 65, FILE),
        ("signed by an unknown key", packed("unknown", key="other.pem"), "R_SIGNER", 77, MANIFEST),
        ("not signed", forged("unsigned", forge.unsigned(data)), "R_SIGNATURE", 77, MANIFEST),
    ]


def check_free_slot(world, before, after):
    """Authentic records before the bad one, else erased; nothing of the bad one, no manifest."""
    plain = world.plain("1.2.0-a")
    end = IMAGE + RECORD * PLAIN
    erased = -(-end // SECTOR) * SECTOR
    must(after[:IMAGE] == b"\xff" * IMAGE, "a manifest was written to the free slot")
    must(after[IMAGE:end] == plain[:end - IMAGE], "the free slot does not hold the records before the bad one")
    must(after[end:erased] == b"\xff" * (erased - end), "something of the bad record was written")
    must(after[erased:] == before[erased:], "more of the free slot was erased than was needed")


def check_flash(world, device, noticed, before, after):
    """What the refusal left in flash, in words."""
    changed = device.changed(before, after)
    journal = changed.pop("journal", 0)
    if noticed == FILE:
        must(journal == 0, "the journal changed")
    if noticed == RECORDS:
        changed.pop("slot A", 0)
        check_free_slot(world, device.area("slot A", before), device.area("slot A", after))
    must(not changed, f"changed: {', '.join(changed)}")
    note = "journal: the reason" if journal else "journal unchanged"
    if noticed == RECORDS:
        return (f"running slot, keys, loader, option bytes unchanged; free slot: {RECORD} authentic records, "
                "not a byte of the bad one; journal: an installation begun")
    return f"slots, keys, loader, option bytes unchanged; {note}"


def refuse(world, device, cheat):
    what, package, wanted, status, noticed = cheat
    saved = world.file("chip-before")
    shutil.copy(device.flash, saved)
    before = device.bytes()
    device.start()
    expect_words(device, "1.1.0", "B", 0)
    r = device.sfu("download", package, expect=status)
    sentence = r.stderr.strip().splitlines()[-1]
    must(wanted in sentence, f"{what}: sfu said `{sentence}`, which has no {wanted}")
    if noticed == RECORDS:
        must(f"detail {RECORD})" in sentence, f"{what}: sfu said `{sentence}`, not record {RECORD}")
    if noticed != FILE:
        device.sfu("reboot", "-q")
        expect_words(device, "1.1.0", "B", 0)
    device.stop()
    must("option bytes" not in difference(saved, device.flash), f"{what}: option bytes changed")
    effect = check_flash(world, device, noticed, before, device.bytes())
    tell.line(what, "-")
    tell.quote(re.sub(r"^sfu: \S*/(?=\S+:)", "sfu: ", sentence))
    tell.line(effect)


def refuse_all(world, device):
    tell.step("Refused")
    sfu("keygen", "-q", "sign", world.file("other.pem"), "-p", world.file("other.pub"))
    all_of_them = cheats(world)
    for cheat in all_of_them:
        refuse(world, device, cheat)
    tell.result(f"{len(all_of_them)} packages refused; 1.1.0 booted after each")

"""The whole loader on flash with cells that do not take: it says so, goes round them, or keeps the image it has."""
import struct

from chips import good
from device import AREAS, IMAGE, must
from kit import CODES, copy, expect_slot, expect_words, install
from lines import frame

OLD, NEW = ("1.0.0-small", "A"), ("1.1.0-small", "B")
CELL = 128
JOURNAL, KEYS = b"SFUJ", b"SFUK"


def pages(device, area="journal"):
    """[(address, bytes)] of the two pages"""
    if area == "keys":
        return [(AREAS["ab"][n][0], device.area(n)) for n in ("keys", "spare keys")]
    (at, size), data = AREAS["ab"]["journal"], device.area("journal")
    return [(at, data[:size // 2]), (at + size // 2, data[size // 2:])]


def generation(page, magic=JOURNAL):
    """Of the page's commit units, and how many are whole."""
    units = [page[i:i + 32] for i in range(0, CELL, 32) if page[i:i + 4] == magic]
    return (struct.unpack("<I", units[0][4:8])[0] if units else 0), len(units)


def current(device):
    return max(pages(device), key=lambda p: generation(p[1])[0])


def blank_cell(device):
    """Address of the cell of the journal that is written next."""
    at, page = current(device)
    used = [c for c in range(CELL, len(page), CELL) if page[c:c + CELL] != b"\xff" * CELL]
    return at + used[-1] + CELL


def cell(address, bit, value, since=1):
    return "--cell", f"{address:#x}:{bit}:{value}@{since}"


def journal_goes_on(kit, device):
    """A bit of the next journal cell stays 1: the journal goes to the other page, and all works."""
    bad = cell(blank_cell(device), 1, 1)  # CELL_STATE is 1: bit 1 of the first byte is to be 0
    before, old = current(device), generation(current(device)[1])[0]
    device.start("--warp", *bad)
    install(kit, device, *NEW)
    device.stop()
    at, page = current(device)
    must(at != before[0] and generation(page)[0] == old + 1,
         f"the journal is at {at:#x}, generation {generation(page)[0]}; it was at {before[0]:#x}, {old}")
    device.start("--warp", *bad)
    expect_words(device, *NEW, 0)
    device.stop()


def commit_units(kit, folder, check, broken):
    """Bits of the first commit units of both journal pages and of the second key page stay 1; with a unit that
    takes, each page counts. The device is new, and lives a whole life."""
    device = kit.device(folder, "ab", check)
    bad = [o for at, _ in pages(device) + pages(device, "keys")[1:] for i in range(broken) for o in cell(at + 32 * i, 2, 1)]
    try:
        device.start("--warp", *bad)
        install(kit, device, *OLD)
        device.stop()
        at, page = current(device)
        must(generation(page)[0] != 0, "no journal page counts")
        device.start("--warp", *bad)
        expect_words(device, *OLD, 0)
        install(kit, device, *NEW)
        device.stop()
        device.start("--warp", *bad)
        expect_words(device, *NEW, 0)
        device.stop()
    finally:
        device.kill()


def no_commit_unit(kit, folder):
    """No unit of either journal page takes: the device refuses, in words, and does not die."""
    device = kit.device(folder, "ab", "seal")
    bad = [o for at, _ in pages(device) for i in range(4) for o in cell(at + 32 * i, 2, 1)]
    try:
        device.start("--warp", *bad)
        device.info()
        r = device.sfu("download", *kit.packages("ab", OLD[0]), expect=None)
        must(r.returncode != 0 and "E_IO" in r.stderr, f"download: {r.returncode}, {r.stderr.strip()}")
        must(all(device.area(f"slot {s}") == b"\xff" * len(device.area(f"slot {s}")) for s in "AB"),
             "a slot was written to without a journal that says so")
        device.stop()
    finally:
        device.kill()


def refused(kit, device, *bad):
    """An upgrade that meets bad cells in the slot is refused as E_IO, and the old image runs on."""
    device.start("--warp", *bad)
    device.words()
    r = device.sfu("download", *kit.packages("ab", NEW[0]), expect=None)
    must(r.returncode != 0 and "E_IO" in r.stderr, f"download: {r.returncode}, {r.stderr.strip()}")
    device.stop()
    device.start("--warp", *bad)
    expect_words(device, *OLD, 0)
    device.stop()
    expect_slot(kit, device, "A", OLD[0])


def image_bit_stays_one(kit, device):
    at, plain = 0x08080000 + IMAGE, kit.plain(*NEW)
    word = next(i for i in range(5000, len(plain), 4) if not plain[i] & 8)
    refused(kit, device, *cell(at + word // 4 * 4, 3 + 8 * (word % 4), 1))


def manifest_bit_stays_one(kit, device):
    refused(kit, device, *cell(0x08080000 + 4, 6, 1))  # format is 1


def slot_bit_reads_zero(kit, device):
    refused(kit, device, *cell(0x08080000 + 0x1FFFC, 31, 0))


def slot_hangs(kit, device):
    """BSY does not fall after the first erase of the slot; a reset makes the chip whole again."""
    offer = kit.packages("ab", NEW[0])[1].read_bytes()[:256]
    device.start("--warp", "--button", "--hang", operation_of_erase(kit, device), "--dead", "hse", "--dead", "pll")
    device.info()
    device.raw()
    device.send(frame(b"\x02" + offer))
    device.wait_for(b"\x7e\x8f" + struct.pack("<I", CODES["E_IO"]), 60)
    counts = device.stop()
    must(counts["resets"]["iwdg"] == 0, "the watchdog ended a wait that has a limit")
    device.start("--warp")
    expect_words(device, *OLD, 0)
    device.stop()


def operation_of_erase(kit, device):
    """Number of the upgrade's first erase of the slot: the journal's cells come before it."""
    other = copy(device, device.folder / "plain")
    try:
        other.start("--warp")
        install(kit, other, *NEW)
        other.stop()
        at = [i for i, (what, address) in enumerate(other.writes(), 1) if what == "erase" and address >= 0x08080000]
        return at[0]
    finally:
        other.kill()


def cases(kit):
    def case(body, check):
        def go(folder):
            device = good(kit, folder, check)
            try:
                body(kit, device)
            finally:
                device.kill()
        return f"worn: {body.__name__} {check}", go
    return [case(slot_hangs, "seal"), case(journal_goes_on, "seal"), case(journal_goes_on, "signature"),
            case(image_bit_stays_one, "seal"), case(manifest_bit_stays_one, "signature"),
            case(slot_bit_reads_zero, "seal")] + [
        (f"worn: {n} commit units do not take {check}", lambda folder, n=n, c=check: commit_units(kit, folder, c, n))
        for n, check in ((1, "seal"), (3, "signature"))] + [
        ("worn: no commit unit takes", lambda folder: no_commit_unit(kit, folder))]

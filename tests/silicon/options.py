"""What the port makes of option bytes, by the register and by flash: the lock profile (T71)."""
import re

from device import BOARD, ROOT, call, must

OPEN, FIELD, FINAL = (int(re.search(rf"\| LOCK_{name} \| (0x[0-9A-F]{{8}})", (ROOT / "spec/formats.md").read_text())[1], 16)
                      for name in ("OPEN", "FIELD", "FINAL"))
LOADER = (0, 1)  # its sectors
LEVELS = {0xAA: 0, 0xCC: 2}  # RM0090 3.7.3: every other value is level 1


def profile(folder, elf, rdp, protected):
    """What the port says of a chip with that read protection, these sectors protected."""
    chip, sent = folder / "chip", folder / "sent"
    chip.unlink(missing_ok=True)
    options = [f"RDP={rdp:#x}", *[f"nWRP{n}={int(n not in protected)}" for n in range(12)]]
    call(BOARD, "program", "--flash", chip, *[w for o in options for w in ("-ob", o)], elf)
    call(BOARD, "run", "--flash", chip, "--time-max", 10, "--sent", sent, expect=4)
    said = re.match(rb"lock ([0-9A-F]{8})\r\nprobe\r\n", sent.read_bytes())
    must(said, f"the probe said {sent.read_bytes()[:40]}")
    return int(said[1], 16)


def expect(folder, elf, rdp, protected):
    wanted = OPEN if rdp == 0xAA or not set(LOADER) <= set(protected) else FINAL if rdp == 0xCC else FIELD
    found = profile(folder, elf, rdp, protected)
    must(found == wanted, f"RDP {rdp:#04x}, protected {protected}: {found:#x}, not {wanted:#x}")


def t71_read_protection(folder, elf):
    for rdp in range(256):
        expect(folder, elf, rdp, LOADER)


def t71_write_protection(folder, elf):
    others = tuple(range(2, 12))
    for rdp in (*LEVELS, 0xBB, 0x55, 0x00, 0xFF):
        for protected in ((), (0,), (1,), (0, 1), others, (0, *others), (1, *others), (0, 1, *others)):
            expect(folder, elf, rdp, protected)


def cases(probe):
    def case(body):
        def go(folder):
            folder.mkdir()
            body(folder, probe)
        return f"options: {body.__name__}", go
    return [case(t71_read_protection), case(t71_write_protection)]

"""Whole lives of a device: every layout, boot check, curve and baud rate."""
from device import must
from kit import CODES, expect_slot, expect_words, expect_writes, install

SLOTS = ("journal", "slot A", "slot B")


def after_the_last_attempt(kit, device):
    """Two slots: the image before is back. One: none is left, and the next installation works."""
    if device.layout == "ab":
        expect_words(device, "1.1.0", "B", 0, f"failure={CODES['R_TRIAL']:#x}")
        expect_slot(kit, device, "B", "1.1.0-small")
        return
    info = device.info()
    must(info["needs_image"] and info["failure"] == "R_TRIAL", f"one slot, given up: {info}")
    install(kit, device, "1.1.0-small", "A")


def give_up(kit, device, watchdog):
    """An image that hangs: three boots, ended by the watchdog or by power cuts."""
    device.start("--warp")
    expect_words(device, "1.1.0", "B" if device.layout == "ab" else "A", 0)
    device.sfu("download", *kit.packages(device.layout, "1.2.0-hang-small"))
    for left in (2, 1, 0):
        expect_words(device, "1.2.0", "A", 1, f"attempts={left}")
        if not watchdog:
            device.stop()
            expect_writes(device, *SLOTS)
            device.start("--warp")
    after_the_last_attempt(kit, device)
    counts = device.stop()
    must(counts["resets"]["iwdg"] == (3 if watchdog else 0), f"resets: {counts['resets']}")
    expect_writes(device, *SLOTS)


def life(kit, folder, layout, check, curve, baud, watchdog=False):
    device = kit.device(folder, layout, check, curve, baud)
    try:
        device.start("--warp")
        install(kit, device, "1.0.0-small", "A")
        device.stop()
        # the device key is made at the first start, and no key page is touched ever after
        expect_writes(device, *SLOTS, "keys", "spare keys")
        device.start("--warp")
        expect_words(device, "1.0.0", "A", 0)
        install(kit, device, "1.1.0-small", "B" if layout == "ab" else "A")
        device.stop()
        expect_writes(device, *SLOTS)
        give_up(kit, device, watchdog)
    finally:
        device.kill()


def cases(kit):
    result = []
    for layout in ("ab", "single"):
        for i, (check, curve) in enumerate((c, k) for c in ("signature", "seal") for k in ("m31", "prime")):
            baud = (115200, 921600)[(i + (layout == "single")) % 2]
            watchdog = (layout, check, curve) == ("ab", "signature", "m31")
            result.append((f"life {layout} {check} {curve} {baud}",
                           lambda folder, a=(layout, check, curve, baud, watchdog): life(kit, folder, *a)))
    return result

#!/usr/bin/env python3
"""Seeds from real programs: seeds.py DIRECTORY SFU.

Keys, packages and their parts are what `sfu` makes, an application what the ARM compiler makes; frames and YMODEM blocks
are put around them as spec/formats.md says. What begins with the device's own keys (session, lifetimes, boot, records,
journal) begins from a few words, as those targets make their packages themselves."""
import pathlib
import re
import subprocess
import sys
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
out, sfu = pathlib.Path(sys.argv[1]), str(pathlib.Path(sys.argv[2]).resolve())


def seed(target, name, data):
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def run(*command, cwd):
    subprocess.run([str(word) for word in command], check=True, cwd=cwd, stdout=subprocess.DEVNULL)


def frame(kind, body=b""):
    payload = bytes([kind]) + body
    payload += zlib.crc32(payload).to_bytes(4, "little")
    return b"\x7e" + re.sub(rb"[\x7d\x7e]", lambda m: bytes([0x7D, m[0][0] ^ 0x20]), payload) + b"\x7e"


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def block(number, data, size):
    data = data.ljust(size, b"\x1a" if number else b"\0")
    return bytes([2 if size == 1024 else 1, number, 255 - number]) + data + crc16(data).to_bytes(2, "big")


def application(folder):
    run("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-nostdlib", "-nostartfiles", "-DPAYLOAD=64",
        "-DSTACK=0x20001000", "-Wl,--defsym=ORIGIN_ADDRESS=0x08020800", "-T", ROOT / "tests/tool/link.ld",
        ROOT / "tests/tool/app.c", "-s", "-o", "app.elf", cwd=folder)
    run("arm-none-eabi-objcopy", "-O", "ihex", "app.elf", "app.hex", cwd=folder)


LOADER = """
#include "layout.h"
#include "sfu_format.h"
const uint8_t sfu_config[SFU_CONFIG_SIZE] = { 1 };
const struct sfu_layout sfu_layout = { .unit = 4, .erased = 255, .image_offset = 2048, .record_max = 2048, .slot_count = 2,
	.region_count = 2, .region = { { 0x08000000, 0x4000, 4 }, { 0x08010000, 0x10000, 4 } },
	.area = { { 0x08000000, 0x8000 }, { 0x08008000, 0x4000 }, { 0x0800C000, 0x4000 }, { 0x08010000, 0x10000 },
		{ 0x08020000, 0x10000 }, { 0x08030000, 0x10000 }, { 0x08040000, 0x10000 } } };
"""


def loader(folder):
    """The least that is a loader for the host program: its two objects and their symbols."""
    (folder / "loader.c").write_text(LOADER)
    run("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-nostdlib", "-nostartfiles", "-I", ROOT / "fsm", "-I", ROOT / "spec", "-I",
        ROOT / "gen", "-Wl,-Ttext=0x08000000", "-Wl,--entry=sfu_config", "-Wl,--build-id=none", "-Wl,-n", "-Wl,-z,max-page-size=4",
        "loader.c", "-o", "loader.elf", cwd=folder)
    run("arm-none-eabi-strip", "-K", "sfu_config", "-K", "sfu_layout", "-R", ".comment", "-R", ".ARM.attributes", "loader.elf", cwd=folder)
    return (folder / "loader.elf").read_bytes()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        application(folder)
        run(sfu, "keygen", "-q", "sign", "sign.pem", "-p", "pub.pem", "--test", cwd=folder)
        run(sfu, "keygen", "-q", "oem", "oem.key", "--test", cwd=folder)
        run(sfu, "pack", "-q", "-a", "0x08020800", "-c", "393216", "app.elf", "-k", "sign.pem", "-K", "oem.key", "-P", "lamp", "-H", "1", "-V", "1.2.3", "-s", "1",
            "-o", "app.sfu", cwd=folder)
        package = (folder / "app.sfu").read_bytes()
        seed("package", "packed", package)
        seed("elf", "app", (folder / "app.elf").read_bytes())
        seed("elf", "loader", loader(folder))
        seed("elf", "hex", (folder / "app.hex").read_bytes())
        seed("hex", "longest", b":" + b"0" * 522 + b"\n")
        seed("hex", "app", (folder / "app.hex").read_bytes())
        seed("pem", "public", b"\0" + (folder / "pub.pem").read_bytes())
        seed("pem", "private", b"\1" + (folder / "sign.pem").read_bytes())
        seed("pem", "oem", b"\2" + (folder / "oem.key").read_bytes())
        seed("manifest", "signed", b"\1\0" + package[:256])
        seed("link", "hello", b"\x20" + frame(1) + frame(4))
        seed("link", "offer", b"\x3f" + frame(2, package[:256]))
        long = bytes(i % 125 for i in range(2085)) # neither flag nor escape
        seed("link", "full", b"\x7f" + frame(3, long[:2084]))
        seed("link", "too-long", b"\x7f" + frame(3, long) + frame(1))
        seed("link", "repaired", b"\xbf" + frame(6) + b"noise" + frame(5))
        blocks = block(0, b"p.sfu\0" + str(len(package)).encode() + b" ", 128)
        for number, at in enumerate(range(0, len(package), 128), 1):
            blocks += block(number % 256, package[at:at + 128], 128)
        blocks += b"\4" + block(0, b"", 128)
        steps = b"".join(bytes([min(0x7F, len(blocks) - at)]) + blocks[at:at + 0x7F] for at in range(0, len(blocks), 0x7F))
        seed("ymodem", "file", b"\0\0" + steps)
        digits = "07" * 64
        for which, text in enumerate((
                f"sfu-attest-key 1\ntest\nepoch 1\nkey {digits[:64]}\n",
                f"sfu-hsm-record 1\nepoch 1\nproduct lamp\nledger {digits[:32]}\nhsm-key {digits}\nseal-key {digits}\nseed {digits[:64]}\n",
                f"sfu-hsm 1\ntoken softhsm\nledger {digits[:32]}\n",
                f"sfu-oem-key 1\ntest\nepoch 1\nkey {digits[:64]}\n",
                f"sfu-master-key 1\nepoch 1\nkey {digits[:64]}\n")):
            seed("text", f"file-{which}", bytes([which]) + text.encode())
        # asked, permitted, the receipt told; again after a reset; and the permit once more
        seed("personalize", "whole", bytes([0, 1, 0, 2, 4, 7, 8, 0, 7, 4]))
        seed("service", "whole", bytes([1, 0, 15, 5, 0, 15, 7, 5, 1, 0, 0, 15, 0]))
        seed("ledger", "rows", bytes([1, 6, 0, 0, 5, 0, 0, 8, 1, 0, 0, 2, 0, 0, 3, 0, 0x10]))
        seed("answers", "download", bytes([1, 0]) + bytes(60) + bytes([1, 2 + 8 * 1, 2 + 8 * 2, 2 + 8 * 3, 4]))
        seed("answers", "ready", bytes([0, 0]) + (89).to_bytes(4, "little") + bytes([0x81]) + bytes(88))
        for target in ("session", "lifetimes", "boot", "records", "journal"):
            for stage in range(4):
                seed(target, f"stage-{stage}", bytes([stage * 5, stage, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]))


main()

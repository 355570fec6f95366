#!/usr/bin/env python3
"""test_firmware.py DIR: confirm.c, which people copy, has its numbers written out. Here they are held
against the tables of spec/formats.md, and the images in DIR against what the layout promises."""
import pathlib
import re
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent


def constants():
    text = (ROOT / "gen/sfu_format.h").read_text()
    return {name: int(value, 0) for name, value in re.findall(r"#define (\w+) (\w+?)u\n", text)}


def enter_frame(c):
    payload = bytes([c["SFU_MESSAGE_ENTER"]])
    payload += zlib.crc32(payload).to_bytes(4, "little")
    flag, escape = c["SFU_LINK_FLAG"], c["SFU_LINK_ESCAPE"]
    stuffed = b"".join(bytes([escape, b ^ c["SFU_LINK_XOR"]]) if b in (flag, escape) else bytes([b])
                       for b in payload)
    return bytes([flag]) + stuffed + bytes([flag])


def check_source(c):
    source = (HERE / "confirm.c").read_text()
    frame = ", ".join(f"0x{b:02X}" for b in enter_frame(c))
    wanted = [frame, f"enter[{len(enter_frame(c))}]", f"cell + {c['SFU_FLASH_MAILBOX']}u",
              f"cell += {c['SFU_MAILBOX_SIZE']}u", f"cell + {c['SFU_MAILBOX_INSTALL_OFFSET']}u, sfu",
              f"program(cell, 0x{c['SFU_FLASH_CONFIRM_MAGIC']:08X}u)",
              f"w[2] == 0x{c['SFU_EXCHANGE_REPORT_MAGIC']:08X}u",
              f"request = 0x{c['SFU_EXCHANGE_REQUEST_ENTER']:08X}u",
              f"request_check = ~0x{c['SFU_EXCHANGE_REQUEST_ENTER']:08X}u"]
    for text in wanted:
        assert text in source, f"confirm.c lacks {text}"


def check_struct(c):
    header = (HERE / "confirm.h").read_text()
    body = re.search(r"struct sfu_exchange \{(.*?)\};", header, re.S)[1]
    at = 0
    for width, names in re.findall(r"uint(\d+)_t ([\w, ]+);", body):
        for name in names.split(", "):
            offset = c[f"SFU_EXCHANGE_{name.upper()}_OFFSET"]
            assert offset == at, f"confirm.h has {name} at {at}, not {offset}"
            at += int(width) // 8
    assert at == c["SFU_EXCHANGE_SIZE"]


def check_images(folder):
    images = sorted(folder.glob("app-*.bin"))
    seen = set()
    for path in images:
        image = path.read_bytes()
        stack, entry = (int.from_bytes(image[i:i + 4], "little") for i in (0, 4))
        start = 0x08020800 if path.stem.endswith("-a") else 0x08080800
        assert stack % 8 == 0 and 0x20000000 < stack <= 0x20020000, path
        assert entry % 2 == 1 and start < entry < start + len(image), path
        assert "small" in path.name or 300 * 1024 <= len(image) <= 0x5F780, path
        seen.add(image)
    assert images and len(seen) == len(images), "two images are the same"
    return len(images)


def main():
    c = constants()
    check_source(c)
    check_struct(c)
    print(f"firmware: confirm.c agrees with spec/formats.md; {check_images(pathlib.Path(sys.argv[1]))} images")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes libFuzzer's dictionaries of spec/formats.md and spec/codes.md: dictionary.py DIRECTORY."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "build-aux"))
import formats  # noqa: E402

# the constants of which tables, and the fields of which structures, matter to a target
CONSTANTS = {"link": ["LINK", "MESSAGE"], "manifest": ["FORMAT", "FLASH"], "records": ["FORMAT"],
             "journal": ["FLASH", "SLOT"], "boot": ["FLASH", "SLOT", "EXCHANGE"], "session": ["MESSAGE", "FORMAT"],
             "lifetimes": ["MESSAGE"], "package": ["FORMAT"], "ymodem": [], "elf": ["FLASH"], "hex": [], "pem": [],
             "personalize": ["MESSAGE"], "service": ["SERVICE", "REFUSED"], "ledger": ["LEDGER"],
             "answers": ["SERVICE", "REFUSED", "MESSAGE"], "text": []}
MORE = {"ymodem": [b"\x01\x00\xff", b"\x02\x00\xff", b"\x02\x01\xfe", b"\x04", b"\x18\x18", b"p\x00256 ", b"\xe0", b"\xe1"],
        "hex": [b":00000001FF\n", b":020000040800F2\n", b":020000021000EC\n", b":0400000308000000F1\n"],
        "pem": [b"-----BEGIN PUBLIC KEY-----\n", b"-----END PUBLIC KEY-----\n", b"-----BEGIN PRIVATE KEY-----\n",
                b"-----END PRIVATE KEY-----\n", b"-----BEGIN EC PRIVATE KEY-----\n", b"sfu: TEST KEY\n",
                b"sfu-oem-key 1\n", b"epoch 1\n", b"test\n", b"key "],
        "elf": [b"\x7fELF\x01\x01\x01", b"sfu_config\x00", b"\x02\x00\x28\x00"],
        "text": [b"sfu-attest-key 1\n", b"sfu-hsm-record 1\n", b"sfu-hsm 1\n", b"sfu-oem-key 1\n", b"sfu-master-key 1\n",
                 b"test\n", b"epoch 1\n", b"product ", b"ledger ", b"hsm-key ", b"seal-key ", b"seed ", b"attest ", b"token ", b"key "]}
EDGES = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def constants():
    """{table: {name: number}}"""
    found = {}
    for table in formats.tables("spec/formats.md", (ROOT / "spec/formats.md").read_text()):
        match = re.match(r"### constants ([A-Z0-9_]+)", table.heading)
        if match:
            rows = formats.body(table, ["name", "value", "meaning"])
            found[match[1]] = {name: formats.number(value) for _, (name, value, _) in rows if formats.number(value) is not None}
    return found


def shortest(value):
    return value.to_bytes(1 if value < 0x100 else 2 if value < 0x10000 else 4, "little")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    known = constants()
    for target, wanted in CONSTANTS.items():
        missing = [table for table in wanted if table not in known]
        if missing:
            sys.exit(f"dictionary.py: spec/formats.md has no constants {missing[0]}")
        words = {shortest(value) for table in wanted for value in known[table].values()} if wanted else set()
        words |= set(MORE.get(target, [])) | ({shortest(value) for value in EDGES} if wanted else set())
        lines = ["\"" + "".join(f"\\x{byte:02X}" for byte in word) + "\"" for word in sorted(words)]
        (folder / f"{target}.dict").write_text("\n".join(lines) + "\n")


main()

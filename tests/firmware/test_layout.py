#!/usr/bin/env python3
"""build-aux/layout.py: takes the layouts of port/stm32/layouts/, refuses each one spoilt in one line,
and names that line."""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build-aux/layout.py"
GOOD = (ROOT / "port/stm32/layouts/f407-ab.layout").read_text()

# (what is replaced, by what, which words the refusal has); the line named is that of the first word
BAD = [
    ("unit          4", "unit 3", "one of"),
    ("unit          4", "unit 64", "one of"),
    ("unit          4", "unit", "this form"),
    ("unit          4", "unit four", "not a number"),
    ("unit          4", "", "unit is missing"),
    ("unit          4", "unit 4\nunit 4", "said twice"),
    ("unit          4", "units 4", "not a statement"),
    ("erased        0xFF", "erased 0x7F", "one of"),
    ("record        2048", "record 4096", "one of"),
    ("image-offset  0x800", "image-offset 0x100", "multiple of 2048"),
    ("image-offset  0x800", "image-offset 0", "multiple of 2048"),
    ("vectors       512", "vectors 500", "power of two"),
    ("vectors       512", "vectors 256K", "not be aligned"),
    ("16K x 4", "16K y 4", "this form"),
    ("16K x 4", "0 x 4", "empty"),
    ("16K x 4", "16K x 0", "empty"),
    ("16K x 4", "16K x 5", "ascend"),
    ("128K x 7", "128K x 6", "outside"),
    ("128K x 7", "128K x 65536", "beyond 32 bits"),
    ("region   0x08010000", "region   0x08010008", "multiples of 16"),
    ("region   0x08010000  64K x 1", "", "outside"),
    ("region   0x08010000  64K x 1", "region 0x08010000 32K x 1\nregion 0x08018000 16K x 1\n"
     "region 0x0801C000 16K x 1", "more than 4"),
    ("0x10000000  64K", "0x20010000 64K", "shares"),
    ("0x10000000  64K", "0x10000000 64K\nram 0x30000000 4K", "more than 2"),
    ("ram      0x20000000 128K", "ram 0x20000004 100K", "aligned to 16"),
    ("loader   0x08000000  32K", "", "0 loader areas"),
    ("loader   0x08000000  32K", "loader 0x08000000 48K", "shares"),
    ("loader   0x08000000  32K", "loader 0x08000000 20K", "no sector begins"),
    ("loader   0x08000000  32K", "loader 0x08004000 16K", "first sector"),
    ("journal  0x08008000  16K", "", "1 journal areas"),
    ("journal  0x08008000  16K", "journal 0x0800A000 8K", "no sector begins"),
    ("journal  0x08008000  16K", "journal 0x0800C000 16K", "shares"),
    ("keys     0x080E0000 128K", "", "1 keys areas"),
    ("keys     0x080E0000 128K", "keys 0x08100000 128K", "outside"),
    ("keys     0x080E0000 128K", "keys 0x00000000 16K", "outside"),
    ("keys     0x080E0000 128K", "keys 0x080E0000 127K", "no sector begins"),
    ("slot     0x08020000 384K", "slot 0x08020000 512K", "shares"),
    ("slot     0x08020000 384K", "slot 0x08020000 128K", "differ in size"),
    ("slot     0x08020000 384K", "slot 0x08020000 0", "empty"),
    ("slot     0x08020000 384K", "slot 0x08020000 4G", "not a number"),
    ("keys     0x08010000  64K", "keys 0x08010000 64K\ndata 0x08010000 64K", "shares"),
]

SMALL = """unit 4
erased 0xFF
record 2048
image-offset 0x800
vectors 512
ram 0x20000000 8K
region 0x08000000 2K x 32
loader 0x08000000 32K
journal 0x08008000 4K
journal 0x08009000 4K
keys 0x0800A000 2K
keys 0x0800A800 2K
slot 0x0800B000 20K
"""
BAD_SMALL = [
    ("journal 0x08008000 4K", "journal 0x08008000 2K", "less than 4096"),
    ("slot 0x0800B000 20K", "slot 0x0800B000 4K", "does not hold"),
]


def run(text, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".layout") as file:
        file.write(text)
        file.flush()
        return subprocess.run([sys.executable, TOOL, file.name, *options], capture_output=True, text=True)


def refused(good, old, new, words):
    assert good.count(old) == 1, f"{old} is not in the layout once"
    done = run(good.replace(old, new))
    assert done.returncode == 1, f"{new or 'without ' + old}: taken"
    assert words in done.stderr, f"{new or 'without ' + old}: refused, but with {done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    wants_line = "missing" not in words and "areas" not in words and words != "multiple of 2048"
    assert not wants_line or ".layout:" in done.stderr, f"{new}: no line is named: {done.stderr}"


def main():
    for path in sorted((ROOT / "port/stm32/layouts").glob("*.layout")):
        done = run(path.read_text())
        assert done.returncode == 0, f"{path}: {done.stderr}"
    assert run(SMALL).returncode == 0, run(SMALL).stderr
    for case in BAD:
        refused(GOOD, *case)
    for case in BAD_SMALL:
        refused(SMALL, *case)
    done = run(SMALL, "--slot-ld", "b", "/dev/null")
    assert done.returncode == 1 and "no slot b" in done.stderr, done.stderr
    assert run(SMALL, "--nothing").returncode == 1
    print(f"layout: {len(BAD) + len(BAD_SMALL)} unsound layouts refused")


if __name__ == "__main__":
    main()

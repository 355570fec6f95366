#!/usr/bin/env python3
"""Checks a flash layout and makes of it what is linked.

    layout.py FILE [--c OUT.c] [--ld OUT.ld] [--slot-ld a|b OUT.ld]...

--c        the objects sfu_layout (fsm/layout.h), sfu_ram and sfu_ram_count (port/stm32/stm32.h)
--ld       MEMORY of the loader's linker script
--slot-ld  MEMORY of an application's linker script, for the first or the second slot; regions are
           named FLASH, RAM and CCMRAM as ST's own scripts name them

FILE has one statement a line; # begins a comment. Numbers are decimal or 0x, with K or M behind.

    unit N            program unit in bytes: 2, 4, 8, 16 or 32
    erased N          what an erased byte reads as: 0xFF or 0x00
    record N          largest record: 1024 or 2048
    image-offset N    from a slot's start to its image
    vectors N         alignment of an application's vector table
    region A S x N    N erase sectors of S bytes each, from address A on
    ram A S           RAM; the loader uses the first one
    loader A S        areas: whole sectors, none in two areas; one loader, two each of journal
    journal A S       and keys, one or two slots, and `data` areas that belong to the application
    keys A S          and which the loader never touches
    slot A S
    data A S
"""
import pathlib
import re
import sys

REGIONS = 4
EXCHANGE = 32           # spec/formats.md, struct EXCHANGE
RECORD_LARGE = 2048     # spec/formats.md, constants FORMAT
MAILBOX = 128           # spec/formats.md, constants FLASH
MANIFEST = 256
JOURNAL_MIN = 4096
KEYS_MIN = 1024
SINGLE = {"unit": (2, 4, 8, 16, 32), "erased": (0, 0xFF), "record": (1024, 2048),
          "image-offset": None, "vectors": None}
AREAS = {"loader": (1, 1), "journal": (2, 2), "keys": (2, 2), "slot": (1, 2), "data": (0, 8)}
RAM_NAMES = ("RAM", "CCMRAM")


class Refused(Exception):
    """Says in one line where the layout is wrong, and how."""


def number(where, text):
    match = re.fullmatch(r"(0x[0-9A-Fa-f]+|[0-9]+)([KM]?)", text)
    if not match:
        raise Refused(f"{where}: {text} is not a number")
    value = int(match[1], 16 if match[1].startswith("0x") else 10)
    value *= {"": 1, "K": 1024, "M": 1024 * 1024}[match[2]]
    if value > 0xFFFFFFFF:
        raise Refused(f"{where}: {text} does not fit 32 bits")
    return value


class Span:
    """[start, end) and the line that it comes from."""

    def __init__(self, where, name, start, size):
        if size == 0 or start + size > 1 << 32:
            raise Refused(f"{where}: {name} is empty or runs beyond 32 bits")
        self.where, self.name, self.start, self.size, self.end = where, name, start, size, start + size

    def apart(self, others):
        for other in others:
            if self.start < other.end and other.start < self.end:
                raise Refused(f"{self.where}: {self.name} shares 0x{max(self.start, other.start):08X} "
                              f"with {other.name} of {other.where}")


class Layout:
    def __init__(self, path):
        self.path, self.values, self.regions, self.ram = path, {}, [], []
        self.areas = {kind: [] for kind in AREAS}
        for n, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            words = line.split("#")[0].split()
            if words:
                self.statement(f"{path}:{n}", words)
        self.check()

    def statement(self, where, words):
        kind, *rest = words
        forms = {**{k: 1 for k in SINGLE}, **{k: 2 for k in AREAS}, "ram": 2, "region": 4}
        if kind not in forms:
            raise Refused(f"{where}: {kind} is not a statement")
        if len(rest) != forms[kind] or (kind == "region" and rest[2] != "x"):
            raise Refused(f"{where}: {kind} does not have this form")
        values = [number(where, w) for w in rest if w != "x"]
        if kind in SINGLE:
            self.single(where, kind, values[0])
        elif kind == "region":
            self.region(where, *values)
        else:
            span = Span(where, kind, *values)
            known = self.ram if kind == "ram" else self.all_areas()
            span.apart(known)
            (self.ram if kind == "ram" else self.areas[kind]).append(span)

    def single(self, where, kind, value):
        if kind in self.values:
            raise Refused(f"{where}: {kind} is said twice")
        if SINGLE[kind] and value not in SINGLE[kind]:
            raise Refused(f"{where}: {kind} is one of {', '.join(map(str, SINGLE[kind]))}")
        if kind == "vectors" and (value < 128 or value & value - 1):
            raise Refused(f"{where}: vectors is a power of two, at least 128")
        self.values[kind] = value

    def region(self, where, address, sector, count):
        span = Span(where, "region", address, sector * count)
        if address % 16 or sector % 16:
            raise Refused(f"{where}: sectors are multiples of 16 bytes")
        if self.regions and address < self.regions[-1][0].end:
            raise Refused(f"{where}: regions ascend and do not overlap")
        if len(self.regions) == REGIONS:
            raise Refused(f"{where}: more than {REGIONS} regions")
        self.regions.append((span, sector, count))

    def all_areas(self):
        return [span for spans in self.areas.values() for span in spans]

    def boundary(self, address):
        """Whether a sector begins or ends there."""
        return any(span.start <= address <= span.end and (address - span.start) % sector == 0
                   for span, sector, _ in self.regions)

    def in_flash(self, span):
        at = span.start
        for region, _, _ in self.regions:
            if region.start <= at < region.end:
                at = min(region.end, span.end)
        return at == span.end

    def check(self):
        for kind in [*SINGLE]:
            if kind not in self.values:
                raise Refused(f"{self.path}: {kind} is missing")
        for kind, spans in (("region", self.regions), ("ram", self.ram)):
            if not spans:
                raise Refused(f"{self.path}: {kind} is missing")
        if len(self.ram) > len(RAM_NAMES):
            raise Refused(f"{self.ram[-1].where}: more than {len(RAM_NAMES)} RAMs")
        if self.ram[0].start % 16 or self.ram[0].size <= EXCHANGE:
            raise Refused(f"{self.ram[0].where}: the loader's RAM is not aligned to 16, or too small")
        for kind, (least, most) in AREAS.items():
            if not least <= len(self.areas[kind]) <= most:
                raise Refused(f"{self.path}: {len(self.areas[kind])} {kind} areas instead of "
                              + (f"{least}" if least == most else f"{least} to {most}"))
        for area in self.all_areas():
            self.check_area(area)
        if self.areas["loader"][0].start != self.regions[0][0].start:
            raise Refused(f"{self.areas['loader'][0].where}: the chip starts at the first sector")
        self.check_slots()

    def check_area(self, area):
        if not self.in_flash(area):
            raise Refused(f"{area.where}: {area.name} lies outside the regions")
        for address in (area.start, area.end):
            if not self.boundary(address):
                raise Refused(f"{area.where}: no sector begins at 0x{address:08X}")
        least = {"journal": JOURNAL_MIN, "keys": KEYS_MIN}.get(area.name, 0)
        if area.size < least:
            raise Refused(f"{area.where}: {area.name} has less than {least} bytes")

    def check_slots(self):
        offset, vectors = self.values["image-offset"], self.values["vectors"]
        if offset < MANIFEST or offset % RECORD_LARGE:
            raise Refused(f"{self.path}: image-offset is not a multiple of {RECORD_LARGE}")
        for slot in self.areas["slot"]:
            if (slot.start + offset) % vectors:
                raise Refused(f"{slot.where}: the image would not be aligned to {vectors}")
            if slot.size < offset + self.values["record"] + MAILBOX:
                raise Refused(f"{slot.where}: slot does not hold a manifest, a record and the mailbox")
        if len({s.size for s in self.areas["slot"]}) > 1:
            raise Refused(f"{self.areas['slot'][1].where}: the slots differ in size")

    def c(self):
        value, areas = self.values, self.areas

        def spans(found, count):
            pairs = [f"{{ 0x{s.start:08X}u, 0x{s.size:X}u }}" for s in found]
            return "{ " + ", ".join(pairs + ["{ 0, 0 }"] * (count - len(pairs))) + " }"

        return "\n".join([
            f"/* Generated by build-aux/layout.py from {self.path}. Never edit. */",
            '#include "layout.h"', "",
            "const struct sfu_layout sfu_layout = {",
            f"\t.unit = {value['unit']}, .erased = 0x{value['erased']:02X},",
            f"\t.image_offset = 0x{value['image-offset']:X}, .record_max = {value['record']},",
            f"\t.slot_count = {len(areas['slot'])}, .region_count = {len(self.regions)},",
            "\t.region = {",
            *[f"\t\t{{ 0x{s.start:08X}u, 0x{sector:X}u, {count} }},"
              for s, sector, count in self.regions],
            "\t},",
            "\t.area = {",
            *[f"\t\t[SFU_AREA_{name.upper()}] = {spans(areas[name], count)[2:-2]},"
              for name, count in (("loader", 1), ("journal", 2), ("keys", 2), ("slot", 2))],
            "\t},",
            "};", "",
            f"const uint32_t sfu_ram_count = {len(self.ram)};",
            f"const struct sfu_area sfu_ram[] = {spans(self.ram, len(self.ram))};", ""])

    def memory(self, flash, size, ram_offset, rams):
        lines = [f"/* Generated by build-aux/layout.py from {self.path}. Never edit. */", "MEMORY", "{",
                 f"\tFLASH (rx)\t: ORIGIN = 0x{flash:08X}, LENGTH = 0x{size:X}"]
        for name, ram in zip(RAM_NAMES, self.ram[:rams]):
            lines.append(f"\t{name} (rwx)\t: ORIGIN = 0x{ram.start + ram_offset:08X}, "
                         f"LENGTH = 0x{ram.size - ram_offset:X}")
            ram_offset = 0
        return "\n".join(lines + ["}", ""])

    def ld(self):
        loader = self.areas["loader"][0]
        return self.memory(loader.start, loader.size, 0, 1)

    def slot_ld(self, index):
        if index >= len(self.areas["slot"]):
            raise Refused(f"{self.path}: there is no slot {'ab'[index]}")
        slot, offset = self.areas["slot"][index], self.values["image-offset"]
        return (self.memory(slot.start + offset, slot.size - offset - MAILBOX, EXCHANGE, len(self.ram))
                + f"sfu_exchange = 0x{self.ram[0].start:08X};\n")


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        raise Refused("usage: layout.py FILE [--c OUT.c] [--ld OUT.ld] [--slot-ld a|b OUT.ld]...")
    layout, rest, outputs = Layout(arguments[0]), arguments[1:], []
    while rest:
        if rest[0] == "--c" and len(rest) >= 2:
            outputs.append((rest[1], layout.c()))
        elif rest[0] == "--ld" and len(rest) >= 2:
            outputs.append((rest[1], layout.ld()))
        elif rest[0] == "--slot-ld" and len(rest) >= 3 and rest[1] in ("a", "b"):
            outputs.append((rest[2], layout.slot_ld("ab".index(rest[1]))))
        else:
            raise Refused(f"layout.py: {rest[0]} is no option, or lacks something")
        rest = rest[3 if rest[0] == "--slot-ld" else 2:]
    for path, text in outputs:
        pathlib.Path(path).write_text(text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Refused, OSError) as error:
        sys.exit(str(error))

"""What an ELF tells: bytes by part, what its instructions are for, and a bound of the stack."""
import bisect
import collections
import pathlib
import re
import struct
import subprocess

BEARSSL, CORE, PORT, REST = "BearSSL", "core", "port", "rest"
# what BearSSL is for, by names of its files or functions
CRYPTO = (("SHA-256", r"sha2|hmac|hkdf|enc32|dec32be"), ("ChaCha20", r"chacha"),
          ("Poly1305", r"poly1305|dec32le|enc32le|enc64"), ("ECDSA", r""))
WORK = {"link": "link, FCS", "crc": "link, FCS", "uart": "link, FCS", "flash": "flash driver", "mem": "copying",
        "time": "waiting", "watchdog": "waiting"}


class Elf:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.sections, self.symbols, self.sized = {}, {}, []
        for line in self._tool("readelf", "-SW").splitlines():
            m = re.match(r"\s*\[\s*\d+\] (\S+)\s+(\S+)\s+([0-9a-f]{8}) [0-9a-f]+ ([0-9a-f]+) \S+\s+(\S*A\S*) ", line)
            if m:
                self.sections[m[1]] = (m[2], int(m[3], 16), int(m[4], 16))
        for line in self._tool("readelf", "-sW").splitlines():
            m = re.match(r"\s*\d+: ([0-9a-f]{8})\s+(\d+) (\S+)\s+\S+\s+\S+\s+(\d+|ABS) (\S+)$", line)
            if not m:
                continue
            address, size, kind = int(m[1], 16), int(m[2]), m[3]
            self.symbols.setdefault(m[5], address)
            if size > 0 and kind in ("FUNC", "OBJECT"):
                self.sized.append((address & ~1 if kind == "FUNC" else address, size, kind, m[5]))
        self.sized.sort()
        self.sources = None
        self.end = max(a + n for kind, a, n in self.sections.values() if kind == "PROGBITS" and a < 0x10000000)

    def _tool(self, name, *options, text=None):
        where = [] if text is not None else [str(self.path)]
        return subprocess.run([f"arm-none-eabi-{name}", *options, *where], check=True, capture_output=True, input=text,
                              text=True).stdout

    def find(self, name):
        """A function by its name in C, whatever suffix the optimizer gave it."""
        found = [n for n in self.symbols if n == name or n.startswith(name + ".")]
        return f"0x{self.symbols[sorted(found)[0]] & ~1:08x}" if found else None

    def sleep(self):
        """The address of the one WFI."""
        found = re.findall(r"^ +([0-9a-f]+):\twfi", self._tool("objdump", "-d", "--no-show-raw-insn"), re.M)
        return f"0x{found[0]}" if len(found) == 1 else None

    def function_at(self, address):
        i = bisect.bisect_right(self.sized, (address, 1 << 32)) - 1
        start, size, _, name = self.sized[i] if i >= 0 else (0, 0, "", "")
        return name if start <= address < start + size else "?"

    def source_at(self, address):
        """The file an instruction was made of, inlined or not; None: made without debug information."""
        if self.sources is None:
            addresses = [m[1] for m in re.finditer(r"^ +([0-9a-f]+):\t", self._tool("objdump", "-d"), re.M)]
            lines = self._tool("addr2line", "-e", str(self.path), text="\n".join(addresses) + "\n").splitlines()
            self.sources = {int(a, 16): None if line.startswith("??") else line.rsplit(":", 1)[0]
                            for a, line in zip(addresses, lines)}
        return self.sources.get(address)

    def part_at(self, address):
        source, name = self.source_at(address), self.function_at(address)
        if source is None:
            return REST if name.startswith("__") or name == "?" else BEARSSL
        if "bearssl" in source:
            return BEARSSL
        return PORT if "port/" in source or source.endswith(("layout/ab.c", "layout/single.c")) else CORE

    def work_at(self, address):
        """What an instruction is for."""
        part, source = self.part_at(address), self.source_at(address)
        if part == BEARSSL:
            text = pathlib.Path(source).stem if source else "inner"
            text = self.function_at(address) if text == "inner" else text
            return next(work for work, pattern in CRYPTO if re.search(pattern, text))
        if part == REST:
            return "other"
        return WORK.get(pathlib.Path(source).stem, "start, hand-over" if part == PORT else "core")

    def text(self):
        """Bytes of flash, and by part. Constants count for the part whose function is nearest in name or line."""
        total = sum(size for kind, address, size in self.sections.values() if kind == "PROGBITS")
        parts, of_object = collections.Counter(), self._objects()
        last = 0x08000000
        for start, size, kind, name in self.sized:
            if not last <= start < self.end:  # RAM, or another name of the same
                continue
            last = start + size
            if kind == "OBJECT":
                parts[of_object.get(name, BEARSSL)] += size
                continue
            code = [a for a in range(start, start + size, 2) if a in self.sources]
            here = [self.part_at(a) for a in code]
            ends = code[1:] + [start + size]
            for part, a, end in zip(here, code, ends):
                parts[part] += min(end - a, 4)
            literals = size - sum(min(end - a, 4) for a, end in zip(code, ends))
            parts[collections.Counter(here).most_common(1)[0][0] if here else REST] += literals
        parts[REST] += total - sum(parts.values())
        return total, dict(parts)

    def _objects(self):
        self.source_at(0)
        found = {}
        for line in self._tool("nm", "-l").splitlines():
            fields = line.split(None, 3)
            if len(fields) == 4:
                where = fields[3]
                found[fields[2]] = BEARSSL if "bearssl" in where else PORT if "port/" in where or "layout/" in where \
                    else CORE
        return found

    def static_ram(self):
        return sum(size for name, (_, address, size) in self.sections.items()
                   if 0x10000000 <= address < 0x40000000 and name != ".stack")

    # the stack

    def frames(self):
        """Of every function: bytes it pushes, and whom it calls (None: through a pointer)."""
        functions, name = {}, None
        for line in self._tool("objdump", "-d", "--no-show-raw-insn").splitlines():
            m = re.match(r"([0-9a-f]{8}) <(\S+)>:$", line)
            if m:
                name = int(m[1], 16)
                functions[name] = [0, set(), set()]
                continue
            m = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)", line)
            if m and name is not None:
                self._look(functions[name], name, m[2], m[3])
        return functions

    @staticmethod
    def _look(function, start, op, args):
        if op.startswith("push") or (op.startswith("stmdb") and args.startswith("sp!")):
            registers = args[args.index("{") + 1:args.index("}")]
            for r in registers.split(","):
                a, _, b = r.strip().partition("-")
                number = {"fp": 11, "sl": 10, "ip": 12, "lr": 14, "r": 0}
                value = [number.get(x) or int(x[1:]) for x in (a, b or a)]
                function[0] += 4 * (value[1] - value[0] + 1)
        elif re.match(r"subw?(\.w)?$", op) and re.match(r"sp, (sp, )?#", args):
            function[0] += int(re.search(r"#(\d+)", args)[1])
        elif op.startswith("str") and re.search(r"\[sp, #-(\d+)\]!", args):
            function[0] += int(re.search(r"\[sp, #-(\d+)\]!", args)[1])
        elif op == "blx" or (op == "bx" and args.strip() != "lr"):
            function[1].add(None)
        elif op.startswith("b"):
            m = re.match(r"([0-9a-f]+) <(\S+?)>", args)
            if m and op == "bl":
                function[1].add(int(m[1], 16))
            elif m and "+" not in m[2] and int(m[1], 16) != start:
                function[2].add(int(m[1], 16))

    def stack_bound(self):
        """Bytes, and the chain of names that needs them. A pointer may lead to any function whose address is
        anywhere in flash but in the vectors."""
        functions = self.frames()
        blob = subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(self.path), "/dev/stdout"],
                              check=True, capture_output=True).stdout
        blob = blob[self.sections[".vectors"][2]:]
        words = set(struct.unpack(f"<{len(blob) // 4}I", blob[:len(blob) // 4 * 4]))
        pointed = {a for a in functions if a | 1 in words and a != self.symbols.get("sfu_start", 0)
                   and a != self.symbols.get("sfu_port_reset", 0)}
        known, under_way = {}, set()

        def deepest(f):
            if f in known:
                return known[f]
            if f in under_way or f not in functions:
                return 0, ()
            under_way.add(f)
            own, calls, tails = functions[f]
            best = (own, ())
            for c in calls:
                for target in pointed if c is None else {c}:
                    depth, chain = deepest(target)
                    best = max(best, (own + depth, chain))
            for c in tails:
                best = max(best, deepest(c))
            under_way.discard(f)
            known[f] = best[0], (self.function_at(f),) + best[1]
            return known[f]

        return deepest(self.symbols["sfu_start"] & ~1)

"""What the loaders are linked of: no parser of ASN.1 or X.509, one boot check, one device, constants in flash."""
import pathlib
import re
import subprocess

LOADER = range(0x08000000, 0x08008000)
CONSTANTS = ("sfu_layout", "sfu_config", "sfu_loader_version", "sfu_board", "sfu_port_baud", "sfu_ram")
PARSERS = re.compile(r"x509|asn1|pem|skey|pkey|oid|der_|ssl|rsa", re.I)


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True).stdout


def symbols(elf, nm="arm-none-eabi-nm"):
    """[(address, size, type, name)]"""
    found = []
    for line in run(nm, "-S", elf).splitlines():
        words = line.split()
        if len(words) == 4:
            found.append((int(words[0], 16), int(words[1], 16), words[2], words[3]))
        elif len(words) == 3:
            found.append((int(words[0], 16), 0, words[1], words[2]))
    return found


def members(map_text):
    """Object files and members of archives that a map says were linked."""
    return sorted(set(re.findall(r"libbearssl\.a\((\w+)\.o\)", map_text))), sorted(
        set(re.findall(r"^LOAD (\S+\.o)$", map_text, re.M)))


def listed(makefile):
    """Files of BearSSL that crypto/bearssl.mk compiles."""
    return set(re.findall(r"\b((?:hash|symcipher|ec|int|codec|x509|rsa|ssl|mac|kdf|rand|aead|settings)/\w+)", makefile))


def parsers(name, map_text, table, makefile):
    linked, _ = members(map_text)
    allowed = {path.split("/")[1] for path in listed(makefile)}
    if not linked:
        yield f"{name}: the map names no member of BearSSL's archive"
    for member in linked:
        if member not in allowed or PARSERS.search(member):
            yield f"{name}: {member}.o of BearSSL is linked"
    for path in sorted(listed(makefile)):
        if PARSERS.search(path):
            yield f"crypto/bearssl.mk compiles {path}"
    for _, _, _, symbol in table:
        if symbol.startswith("br_") and PARSERS.search(symbol):
            yield f"{name}: has {symbol}"


def boot_check(name, map_text):
    _, objects = members(map_text)
    checks = [p for p in objects if re.search(r"/check_(seal|signature)\.o$", p)]
    wanted = "seal" if "-seal" in name else "signature"
    if [pathlib.Path(p).stem for p in checks] != [f"check_{wanted}"]:
        yield f"{name}: linked with {checks or 'no boot check'}, and not with check_{wanted}.o alone"


def constants(name, table):
    for wanted in CONSTANTS:
        places = [address for address, _, _, symbol in table if symbol.split(".")[0] == wanted]
        if wanted in CONSTANTS[:3] and len(places) != 1:
            yield f"{name}: {len(places)} of {wanted}"
        for address in places:
            if address not in LOADER:
                yield f"{name}: {wanted} lies at {address:#x}, not in the loader's flash"
    devices = [(address, size) for address, size, kind, symbol in table if symbol.split(".")[0] == "sfu_device" and kind in "bB"]
    if len(devices) != 1 or devices[0][0] >> 24 != 0x20:
        yield f"{name}: struct sfu_device is there {len(devices)} times, or not in RAM"


def writable(objects):
    """Variables of the core, as the host compiled it: sfu_device and nothing else, and every table read-only."""
    devices = []
    for path in sorted(pathlib.Path(objects).rglob("*.o")):
        if path.name.startswith("curve_"):  # BearSSL's constants that hold pointers, which a PC's linker fills in
            continue
        for _, _, kind, symbol in symbols(path, "nm"):
            if kind not in "bBdDcCsSgGvVuU" or kind == "U":
                continue
            if symbol == "sfu_device" and kind in "bB" and path.name == "sfu.o":
                devices.append(path)
            else:
                yield f"{path}: {symbol} is a variable ({kind})"
    if len(devices) != 1:
        yield f"{objects}: struct sfu_device is there {len(devices)} times"


def check(loaders, objects):
    elves = sorted(pathlib.Path(loaders).glob("loader-*.elf"))
    if len(elves) != 16:
        yield f"{loaders}: {len(elves)} loaders, not 16"
    makefile = pathlib.Path("crypto/bearssl.mk").read_text()
    for elf in elves:
        table, text = symbols(elf), elf.with_suffix(".map").read_text()
        yield from parsers(elf.name, text, table, makefile)
        yield from boot_check(elf.name, text)
        yield from constants(elf.name, table)
    yield from writable(objects)

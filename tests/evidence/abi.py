"""Sizes, places, byte order and conversions are the same where the core was proved (gcc's 32-bit x86) and where it runs
(Cortex-M4), and, but for pointers, on the PC that runs the tests. Every struct of the core's headers is asked for."""
import pathlib
import re
import struct
import subprocess
import tempfile

HEADERS = ("fsm/*.h", "crypto/crypto.h", "gen/*_machine.h")
FLAGS = "-std=c11 -ffreestanding -Ifsm -Igen -Iport -Icrypto -Ispec -isystem build/deps/bearssl/inc"
# the loaders' flags that touch types, from port/stm32/stm32.mk
TARGETS = {"x86, where it was proved": ("gcc -m32", "objcopy"),
           "Cortex-M4": ("arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -mfloat-abi=soft", "arm-none-eabi-objcopy"),
           "the host": ("gcc", "objcopy")}
PLAIN = """sizeof(int), sizeof(long), sizeof(long long), sizeof(uint8_t), sizeof(uint16_t), sizeof(uint32_t), sizeof(uint64_t),
_Alignof(uint16_t), _Alignof(uint32_t), (uint32_t)(int8_t)0x80, (uint8_t)0x1FFu,
(uint32_t)((int32_t)0x80000000 >> 31), (uint16_t)-1, -7 / 2, (uint32_t)(-7 % 2), (uint8_t)200 + (uint8_t)100,
(uint32_t)((uint8_t)1 << 31), (uint32_t)(0xFFFFFFFFu + 1u), (uint32_t)((uint16_t)0xFFFF * 2u), __BYTE_ORDER__ ==
__ORDER_LITTLE_ENDIAN__, __CHAR_BIT__, sizeof(enum { A_SMALL = 1 }) * 0 + 1"""
# On x86 a 64-bit integer is aligned to 4, elsewhere to 8. BearSSL's count of hashed bytes is one, so these differ, and
# nothing in the core depends on it: contexts are its own, and no struct of it leaves the RAM it is in. On a PC
# sfu_check differs in its pointers too.
WITH_HASH = {"sfu_hash", "sfu_pass", "sfu_check"}
NATURE = {"sizeof(long)"}  # of a PC


def structs(text):
    """[(struct, [member])]"""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    for name, body in re.findall(r"^struct (\w+) \{([^{}]*)\};", text, re.M):
        members = []
        for statement in body.split(";"):
            statement = re.sub(r"\[[^\]]*\]", "", statement).strip()
            if statement:
                members += [re.findall(r"\w+", part)[-1] for part in statement.split(",")]
        yield name, members


def questions(root):
    """(C expressions, headers)"""
    headers, wanted = [], []
    for pattern in HEADERS:
        for path in sorted(pathlib.Path(root).glob(pattern)):
            text = path.read_text()
            headers.append(path.name)
            for name, members in structs(text):
                wanted.append(f"sizeof(struct {name})")
                wanted.append(f"_Alignof(struct {name})")
                wanted += [f"offsetof(struct {name}, {m})" for m in members]
                wanted += [f"sizeof(((struct {name} *)0)->{m})" for m in members]
            # an enumeration's size is the target's choice: the core may keep none
            wanted += [f"{e}" for e in re.findall(r"^\t(SFU_\w+_STATE_\w+)(?= =|,)", text, re.M)]
    return [q.strip() for q in PLAIN.replace("\n", " ").split(", ")] + wanted, headers


def answers(target, wanted, headers, root):
    """What a target's compiler says of each; nothing is run, the numbers are read from the object."""
    compiler, objcopy = TARGETS[target]
    lines = ["#include <stddef.h>", "#include <stdint.h>", *(f'#include "{h}"' for h in headers),
             '__attribute__((section(".answers"), used)) static const unsigned int answers[] = {',
             *(f"(unsigned int)({q})," for q in wanted), "};"]
    with tempfile.TemporaryDirectory() as folder:
        base = pathlib.Path(folder)
        (base / "q.c").write_text("\n".join(lines))
        # a PC has no C library for 32 bits, and none is needed
        (base / "string.h").write_text("#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t);\n"
                                       "void *memset(void *, int, size_t);\nvoid *memmove(void *, const void *, size_t);\n")
        subprocess.run([*compiler.split(), f"-I{base}", *FLAGS.split(), "-w", "-c", str(base / "q.c"), "-o", str(base / "q.o")], check=True,
                       cwd=root)
        subprocess.run([objcopy, "-O", "binary", "--only-section=.answers", "--set-section-flags", ".answers=alloc,load,contents",
                        str(base / "q.o"), str(base / "q.bin")], check=True)
        data = (base / "q.bin").read_bytes()
    return struct.unpack(f"<{len(wanted)}I", data)


def check(root="."):
    wanted, headers = questions(root)
    if len([q for q in wanted if q.startswith("sizeof(struct")]) < 10:
        yield "fewer than ten structs were found"
    proved, runs, host = (answers(t, wanted, headers, root) for t in TARGETS)
    for question, a, b, c in zip(wanted, proved, runs, host):
        if WITH_HASH & set(re.findall(r"struct (\w+)", question)):
            continue
        if a != b:
            yield f"{question}: {a} where it was proved, {b} on the Cortex-M4"
        if a != c and question not in NATURE:
            yield f"{question}: {a} where it was proved, {c} on the host"


def chosen(root="."):
    """No struct of the core holds a type whose size a target chooses, and no code a plain char, which is signed on x86
    and unsigned on Arm."""
    for pattern in ("fsm/*.[ch]", "gen/*.[ch]", "crypto/crypto.[ch]"):
        for path in sorted(pathlib.Path(root).glob(pattern)):
            text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S)
            if re.search(r"(?<!signed )\bchar\b", text):
                yield f"{path}: a plain char"
    for pattern in HEADERS:
        for path in sorted(pathlib.Path(root).glob(pattern)):
            for name, body in re.findall(r"^struct (\w+) \{([^{}]*)\};", path.read_text(), re.M):
                if re.search(r"\b(?:enum \w+|long|size_t|char)\b \**\w+", re.sub(r"/\*.*?\*/|//[^\n]*", "", body, flags=re.S)):
                    yield f"{path}: struct {name} holds a type whose size a target chooses"

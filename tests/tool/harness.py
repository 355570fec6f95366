"""Runs build/asan/sfu for the cases, and makes what they need."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "tests/tool"
SFU = os.environ.get("SFU", str(ROOT / "build/asan/sfu"))
CASES = []

# what the tests know of the formats comes from the page itself, by way of the generated header
FORMAT = {name: int(value.rstrip("u"), 0) for name, value in re.findall(
    r"#define SFU_(\w+) (0x[0-9A-Fa-f]+u|\d+u)", (ROOT / "gen/sfu_format.h").read_text())}
CODES = {name: int(value.rstrip("u"), 0) for name, value in re.findall(
    r"#define SFU_([ER]_\w+|OK) (0x[0-9A-Fa-f]+u)", (ROOT / "gen/sfu_codes.h").read_text())}

USAGE, DATA, NOINPUT, ABSENT, CREATE, IO, AGAIN, REFUSED = 64, 65, 66, 69, 73, 74, 75, 77


def case(function):
    CASES.append(function)
    return function


class Failed(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(is_, wanted, what):
    check(is_ == wanted, f"{what}: {is_!r}, not {wanted!r}")


def field(data, struct, name):
    """The bytes of one field of a struct of formats.md."""
    offset, size = FORMAT[f"{struct}_{name}_OFFSET"], FORMAT[f"{struct}_{name}_SIZE"]
    return data[offset:offset + size]


def word(data, struct, name):
    return int.from_bytes(field(data, struct, name), "little")


class Done:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out.decode(), err.decode()


def sfu(*arguments, status=0, err=None, timeout=30, blocks=None, **options):
    """Runs the program; its status must be this, and its messages match err. `blocks`: it can write no
    larger files, as on a disk that is nearly full."""
    command = [SFU, *map(str, arguments)]
    if blocks is not None:
        command = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *command]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=timeout, **{
        "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})
    done = Done(run.returncode, run.stdout or b"", run.stderr or b"")
    what = " ".join(command[1:]) + "\n" + done.err
    check("Sanitizer" not in done.err and "runtime error" not in done.err, what)
    check(done.status == status, f"exit status {done.status}, not {status}: {what}")
    check(all(line.startswith("sfu: ") for line in done.err.splitlines()), f"strange message: {what}")
    check(err is None or re.search(err, done.err), f"message does not match {err}: {what}")
    return done


def tree(folder):
    return {str(p.relative_to(folder)): (p.stat().st_mode, p.read_bytes() if p.is_file() else None)
            for p in pathlib.Path(folder).rglob("*")}


def refused(folder, status, err, *arguments, **options):
    """The program must fail with one sentence and leave the folder as it was."""
    before = tree(folder)
    done = sfu(*arguments, status=status, err=err, **options)
    check(tree(folder) == before, f"{arguments} failed and changed the folder")
    lines = [line for line in done.err.splitlines() if not line.startswith("sfu: `sfu ")]
    equal(len(lines), 1, f"number of sentences of {arguments}: {done.err}")
    return done


def openssl(*arguments, data=None):
    run = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True)
    check(run.returncode == 0, f"openssl {' '.join(map(str, arguments))}: {run.stderr.decode()}")
    return run.stdout


def compile_arm(source, output, origin, **defines):
    script = output.with_suffix(".ld")
    script.write_text((HERE / "link.ld").read_text().replace("ORIGIN_ADDRESS", hex(origin)))
    subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-nostdlib", "-nostartfiles",
                    "-ffreestanding", *[f"-I{ROOT}/{part}" for part in ("fsm", "gen", "port", "spec")],
                    "-Wl,--build-id=none",
                    "-Wl,--no-warn-rwx-segments", f"-Wl,-T,{script}", "-Wl,-e,main",
                    *[f"-D{name}={value}" for name, value in defines.items()],
                    str(HERE / source), "-o", str(output)], check=True)
    return output


def loader(output, slots=2, record_max=2048, flash=0x08000000):
    return compile_arm("loader.c", output, flash, SLOTS=slots, RECORD_MAX=record_max, FLASH=hex(flash))


def application(output, origin, payload=9000, stack="0x20020000"):
    return compile_arm("app.c", output, origin, PAYLOAD=payload, STACK=stack)


class World:
    """Files that all cases share and none changes."""
    SLOT_A, SLOT_B = 0x08020800, 0x08080800

    def __init__(self, folder):
        self.folder = folder
        f = self.f = lambda name: folder / name
        for kind, mark in (("test", ["--test"]), ("real", [])):
            sfu("keygen", "sign", f(f"{kind}.pem"), "-p", f(f"{kind}.pub"), *mark)
            sfu("keygen", "oem", f(f"{kind}.key"), "--epoch", 3, *mark)
        sfu("keygen", "sign", f("other.pem"), "-p", f("other.pub"))
        sfu("keygen", "oem", f("other.key"), "--epoch", 3)
        self.loader = loader(f("loader.elf"))
        self.app = application(f("app_a.elf"), self.SLOT_A)
        self.app_b = application(f("app_b.elf"), self.SLOT_B)
        for form, suffix in (("ihex", "hex"), ("binary", "bin")):
            subprocess.run(["arm-none-eabi-objcopy", "-O", form, self.app, f(f"app_a.{suffix}")], check=True)
        self.package = f("a.sfu")
        sfu(*self.pack(self.package, self.app))
        self.package_b = f("b.sfu")
        sfu(*self.pack(self.package_b, self.app_b))
        self.plain = (f("app_a.bin")).read_bytes()
        self.big = f("big.sfu")  # thirty records
        sfu(*self.pack(self.big, application(f("big.elf"), self.SLOT_A, payload=60000)))

    def pack(self, output, image, *more, kind="real", place=None, version="1.2.3+4"):
        place = ["--layout-from", self.loader] if place is None else place
        return ["pack", "--key", self.f(f"{kind}.pem"), "--oem-key", self.f(f"{kind}.key"), "--product",
                "widget", "--hardware", "0x6", "--image-version", version, "--security-counter", 5,
                *place, "-o", output, *more, image]


def run(function, world, folder):
    """None, or how the case failed."""
    folder.mkdir()
    try:
        function(world, folder)
    except Failed as failed:
        return str(failed)
    except Exception:
        return traceback.format_exc()
    return None


def main():
    cases = [c for c in CASES if not sys.argv[1:] or any(w in c.__name__ for w in sys.argv[1:])]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(6) as pool:
        folder = pathlib.Path(folder)
        (folder / "world").mkdir()
        world = World(folder / "world")
        # most of the time is spent waiting for a program that waits for a device
        results = pool.map(lambda c: run(c, world, folder / c.__name__), cases)
        failed = [(c.__name__, text) for c, text in zip(cases, results) if text is not None]
    for name, text in failed:
        print(f"FAILED {name}: {text}")
    check_name = "hsm-check" if "hsm" in pathlib.Path(sys.argv[0]).name else "tool-check"
    print(f"{check_name}: {len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0

#!/usr/bin/env python3
"""Builds the targets as ClusterFuzzLite does, and runs them: build_check.py [SANITIZER | afl]...

For each of the sanitizers of .clusterfuzzlite/project.yaml, and with AFL++ in place of libFuzzer: the tree as git has it, with build/deps and nothing else of
build/, is copied to build/fuzz-container; its build.sh is run there without a network, with the variables that the base
image of OSS-Fuzz sets. Each target must come with its dictionary, its seeds, its options and the libraries that are not the
C library's, and run 100 inputs; with AFL++, its first seeds.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path("build/fuzz-container")
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
COVERAGE = "-fsanitize=fuzzer-no-link"
C_LIBRARY = re.compile(r"lib(c|m|dl|rt|pthread|resolv|gcc_s)\.so")
# as infra/base-images/base-builder/Dockerfile of OSS-Fuzz has them
FLAGS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": "-fsanitize=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,"
                 "returns-nonnull-attribute,shift,signed-integer-overflow,unsigned-integer-overflow,unreachable,vla-bound,vptr "
                 "-fno-sanitize-recover=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,"
                 "returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
}
SEEDS = 20


def offline():
    """What a command is begun with to have no network, where the machine allows that."""
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    print("build_check.py: no network namespace can be made here: the build is not kept from the network")
    return []


def copy(sanitizer):
    source, out = ROOT / sanitizer / "sfu", ROOT / sanitizer / "out"
    shutil.rmtree(ROOT / sanitizer, ignore_errors=True)
    source.mkdir(parents=True)
    out.mkdir()
    names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout.split(b"\0")
    for name in filter(None, names):
        (source / os.fsdecode(name)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.fsdecode(name), source / os.fsdecode(name))
    shutil.copytree("build/deps", source / "build/deps", symlinks=True)
    return source, out


def build(sanitizer, source, out):
    if sanitizer == "afl":
        flags = f"{COMMON} {FLAGS['address']}"
        engine = {"CC": "afl-clang-fast", "CXX": "afl-clang-fast++", "LIB_FUZZING_ENGINE": "/usr/lib/afl/libAFLDriver.a",
                  "FUZZING_ENGINE": "afl", "SANITIZER": "address", "AFL_QUIET": "1"}
    else:
        flags = f"{COMMON} {FLAGS[sanitizer]} {COVERAGE}"
        engine = {"CC": "clang-19", "CXX": "clang++-19", "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer", "FUZZING_ENGINE": "libfuzzer",
                  "SANITIZER": sanitizer}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "CFLAGS": flags, "CXXFLAGS": flags, **engine,
                   "ARCHITECTURE": "x86_64", "SRC": str(source.parent.resolve()), "OUT": str(out.resolve()),
                   "WORK": str(source.parent.resolve())}
    done = subprocess.run([*offline(), "bash", ".clusterfuzzlite/build.sh"], cwd=source, env=environment, capture_output=True,
                          text=True)
    if done.returncode != 0:
        sys.exit(f"{sanitizer}: build.sh fails\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def run(out, target, begin, options):
    """How a target fails on inputs of libFuzzer's, or, where AFL++'s driver is in it, on the seeds alone; or nothing."""
    environment = {**os.environ, "UBSAN_OPTIONS": "silence_unsigned_overflow=1"}
    if out.parent.name == "afl":
        command, wanted, least = [out / target, *sorted(begin.iterdir())], r"(?s).*Execution successful", 0
    else:
        command = [out / target, "-runs=100", f"-dict={out / target}.dict", *(f"-{k}={v}" for k, v in options.items()),
                   f"-artifact_prefix={out}/", begin]
        wanted, least = r"(?ms).*^Done (\d+) runs", 100
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
    said = re.match(wanted, done.stdout + done.stderr)
    if done.returncode != 0 or said is None or (least and int(said[1]) < least):
        return f"does not run\n{done.stderr[-1500:]}"
    return ""


def check(out, target):
    """What is wrong with a target, or nothing."""
    seeds = out / "seeds" / target
    for name in (f"{target}.dict", f"{target}_seed_corpus.zip", f"{target}.options"):
        if not (out / name).is_file():
            return f"{name} is missing"
    needed = subprocess.run(["ldd", out / target], capture_output=True, text=True, check=True).stdout
    foreign = [path for path in re.findall(r"=> (/\S+)", needed)
               if not path.startswith(str(out.resolve())) and not C_LIBRARY.match(path.split("/")[-1])]
    if foreign:
        return f"needs {' '.join(foreign)}, which is not where it runs"
    options = dict(re.findall(r"^(\w+) = (\d+)$", (out / f"{target}.options").read_text(), re.M))
    if set(options) != {"max_len", "timeout"}:
        return f"{target}.options has {options}"
    with zipfile.ZipFile(out / f"{target}_seed_corpus.zip") as packed:
        packed.extractall(seeds)
    folder = next((path for path in (seeds, *seeds.rglob("*")) if path.is_dir() and any(p.is_file() for p in path.iterdir())),
                  None)
    if folder is None:
        return "no seeds"
    # the inputs are the fuzzer's own: reading all seeds would be most of the work
    begin = out / "begin" / target
    begin.mkdir(parents=True)
    for case in sorted(folder.iterdir())[:SEEDS]:
        shutil.copy(case, begin)
    return run(out, target, begin, options)


def main(sanitizers):
    wanted = re.search(r"^sanitizers: \[(.*)\]$", pathlib.Path(".clusterfuzzlite/project.yaml").read_text(), re.M)[1].split(", ")
    failed = total = 0
    for sanitizer in sanitizers or [*wanted, "afl"]:
        source, out = copy(sanitizer)
        build(sanitizer, source, out)
        listed = subprocess.run(["make", "-s", "fuzz-list", f"SANITIZER={sanitizer}"], capture_output=True, text=True,
                                check=True)
        for target in listed.stdout.split():
            wrong = check(out, target) if (out / target).is_file() else "is not built"
            total += 1
            failed += wrong != ""
            print(f"{sanitizer:10} {target:18} {wrong or 'runs'}", flush=True)
    print(f"fuzz-build-check: {total - failed} passed, {failed} failed")
    return failed != 0 or total == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

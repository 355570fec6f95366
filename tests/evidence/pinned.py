"""build-aux/deps.sh takes BearSSL's archive only with the digest it names: with a changed one it stops, unpacks nothing
and says so."""
import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile

SCRIPT = pathlib.Path("build-aux/deps.sh")
ARCHIVE = re.compile(r"^bearssl=(\S+)$", re.M)
DIGEST = re.compile(r"^bearssl_sha256=([0-9a-f]{64})$", re.M)


def attempt(script, folder, archive):
    """Exit status and what was said of a copy of the script, in a tree of its own with that archive."""
    root = pathlib.Path(folder)
    (root / "build-aux").mkdir(exist_ok=True)
    (root / "build-aux/deps.sh").write_text(script)
    (root / "build-aux/deps.sh").chmod(0o755)
    (root / "build-aux/packages.txt").write_text("dpkg\n")  # which every Debian has: nothing is installed
    deps = root / "build/deps"
    shutil.rmtree(deps, ignore_errors=True)
    deps.mkdir(parents=True)
    (deps / "why3.conf").write_text("there\n")
    (deps / ARCHIVE.search(script)[1]).write_bytes(archive)
    run = subprocess.run([str(root / "build-aux/deps.sh")], capture_output=True, text=True, cwd=root)
    return run.returncode, run.stdout + run.stderr, (deps / "bearssl").exists() or (deps / "stamp").exists()


def check(script=None):
    script = script or SCRIPT.read_text()
    names, digests = ARCHIVE.findall(script), DIGEST.findall(script)
    if len(names) != 1 or len(digests) != 1:
        yield f"{SCRIPT}: not one archive and one SHA-256"
        return
    path = pathlib.Path("build/deps") / names[0]
    good = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(good).hexdigest() != digests[0]:
        yield f"{path} is not what {SCRIPT} names"
        return
    with tempfile.TemporaryDirectory() as folder:
        status, said, unpacked = attempt(script, folder, good)
        if status != 0 or not unpacked:
            yield f"{SCRIPT}: the archive itself is refused: {said.strip()}"
        for what, changed in (("one bit", good[:5000] + bytes([good[5000] ^ 1]) + good[5001:]), ("a byte more", good + b"\0"),
                              ("a byte less", good[:-1]), ("nothing", b"")):
            status, said, unpacked = attempt(script, folder, changed)
            if status == 0 or unpacked or names[0] not in said:
                yield f"{SCRIPT}: takes an archive that differs by {what}: {said.strip()}"

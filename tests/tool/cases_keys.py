"""sfu, sfu keygen, sfu explain: files, modes, messages."""
import json
import os
import re
import shutil
import stat
import subprocess

from harness import (AGAIN, CODES, CREATE, DATA, IO, NOINPUT, REFUSED, ROOT, SFU, USAGE, case, check, equal,
                     openssl, refused, sfu)

COMMANDS = [*"keygen certify factory pack attach-signature inspect verify info download personalize reboot explain".split(),
            *(f"hsm {name}" for name in ("init", "attest-key", "oem-key", "order", "stock add", "status", "serve",
                                         "ledger verify", "ledger export", "ledger reconcile"))]


@case
def help_lists_every_command(w, d):
    out = sfu("--help").out
    for name in COMMANDS:
        check(re.search(rf"^  {name} ", out, re.M), name)


@case
def each_command_has_help(w, d):
    for name in COMMANDS:
        check(sfu(*name.split(), "--help").out.startswith(f"usage: sfu {name}"), name)


@case
def version_is_printed(w, d):
    check(re.fullmatch(r"sfu \d+\.\d+\.\d+\n", sfu("--version").out), "version")


@case
def no_command_is_a_usage_error(w, d):
    done = subprocess.run([SFU], capture_output=True)
    equal(done.returncode, USAGE, "status")
    check(done.stderr.startswith(b"usage: sfu"), done.stderr)


@case
def unknown_command_is_a_usage_error(w, d):
    refused(d, USAGE, "no command `frobnicate`", "frobnicate")


@case
def unknown_option_is_a_usage_error(w, d):
    refused(d, USAGE, "unrecognized option", "inspect", "--frobnicate", w.package)


@case
def missing_option_is_a_usage_error(w, d):
    refused(d, USAGE, "--signer is missing", "verify", w.package)


@case
def missing_operand_is_a_usage_error(w, d):
    refused(d, USAGE, "FILE.sfu is missing", "inspect")


@case
def surplus_operand_is_a_usage_error(w, d):
    refused(d, USAGE, "one argument too many", "inspect", w.package, "again")


@case
def full_standard_output_is_reported(w, d):
    with open("/dev/full", "w") as full:
        sfu("inspect", "-q", w.package, status=IO, err="standard output", stdout=full)


@case
def explain_knows_every_code_by_name_and_number(w, d):
    page = json.loads(sfu("explain", "--json").out)
    equal({c["name"]: c["code"] for c in page}, CODES, "codes")
    for name, code in list(CODES.items())[::5]:
        by_name = sfu("explain", "--json", name.lower()).out
        equal(by_name, sfu("explain", "--json", hex(code)).out, name)
        equal(by_name, sfu("explain", "--json", "SFU_" + name).out, name)


@case
def explain_gives_sentence_and_advice(w, d):
    out = sfu("explain", "R_BUSY").out
    check("an image is on trial" in out and "until it is given up" in out, out)


@case
def explain_refuses_what_is_no_code(w, d):
    refused(d, DATA, "is not a code", "explain", "0x1234")
    refused(d, DATA, "is not a code", "explain", "R_NONSENSE")


@case
def signing_key_is_pkcs8_p256_mode_600(w, d):
    sfu("keygen", "sign", d / "k.pem", "-p", d / "k.pub")
    equal(stat.S_IMODE((d / "k.pem").stat().st_mode), 0o600, "mode")
    check((d / "k.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----"), "PKCS#8")
    text = openssl("pkey", "-in", d / "k.pem", "-noout", "-text").decode()
    check("P-256" in text, text)
    equal(openssl("pkey", "-in", d / "k.pem", "-pubout"), (d / "k.pub").read_bytes(), "public key")


@case
def public_key_is_printed(w, d):
    out = sfu("keygen", "sign", d / "k.pem").out
    equal(out.encode(), openssl("pkey", "-in", d / "k.pem", "-pubout"), "public key")


@case
def key_id_is_a_hash_of_the_point(w, d):
    done = json.loads(sfu("keygen", "sign", d / "k.pem", "-q", "--json").out)
    point = openssl("pkey", "-in", d / "k.pem", "-pubout", "-outform", "DER")[-64:]
    equal(done["public_key"], point.hex(), "point")
    equal(done["id"], openssl("dgst", "-sha256", "-binary", data=point)[:4].hex(), "id")


@case
def keys_are_never_overwritten(w, d):
    for kind in ("sign", "oem"):
        sfu("keygen", kind, d / kind)
        refused(d, CREATE, "exists", "keygen", kind, d / kind)


@case
def public_half_in_the_way_leaves_no_private_half(w, d):
    (d / "k.pub").write_text("mine")
    refused(d, CREATE, "k.pub: exists", "keygen", "sign", d / "k.pem", "-p", d / "k.pub")


@case
def force_overwrites_a_key(w, d):
    sfu("keygen", "oem", d / "k")
    before = (d / "k").read_bytes()
    sfu("keygen", "oem", d / "k", "--force")
    check((d / "k").read_bytes() != before, "same key")


@case
def oem_key_file_is_as_documented(w, d):
    sfu("keygen", "oem", d / "k", "--epoch", "9")
    equal(stat.S_IMODE((d / "k").stat().st_mode), 0o600, "mode")
    check(re.fullmatch(r"sfu-oem-key 1\nepoch 9\nkey [0-9a-f]{64}\n", (d / "k").read_text()), "text")


@case
def test_keys_are_marked(w, d):
    check((w.f("test.pem")).read_text().startswith("sfu: TEST KEY\n-----BEGIN"), "private")
    check((w.f("test.pub")).read_text().startswith("sfu: TEST KEY\n-----BEGIN"), "public")
    check("\ntest\n" in w.f("test.key").read_text(), "oem")
    openssl("pkey", "-in", w.f("test.pem"), "-noout")


@case
def no_two_keys_are_the_same(w, d):
    for n in range(5):
        sfu("keygen", "oem", d / f"k{n}")
    equal(len({p.read_bytes() for p in d.iterdir()}), 5, "different keys")


@case
def unknown_kind_of_key_is_refused(w, d):
    refused(d, USAGE, "no kind of key", "keygen", "rsa", d / "k")


@case
def key_in_a_missing_folder_is_refused(w, d):
    refused(d, CREATE, "No such file", "keygen", "oem", d / "no/k")


@case
def key_over_a_folder_or_a_device_is_refused(w, d):
    (d / "folder").mkdir()
    refused(d, CREATE, "is a directory", "keygen", "oem", d / "folder", "--force")
    refused(d, CREATE, "not a regular file", "keygen", "oem", "/dev/full", "--force")


@case
def secret_open_to_others_is_refused(w, d):
    for name, option in (("real.pem", "--key"), ("real.key", "--oem-key")):
        copy = d / name
        copy.write_bytes(w.f(name).read_bytes())
        os.chmod(copy, 0o640)
        arguments = [copy if a == w.f(name) else a for a in w.pack(d / "o.sfu", w.app)]
        refused(d, REFUSED, f"{name}: is a secret that others may open", *arguments)
    sfu(*arguments, "--insecure-permissions")


@case
def sec1_key_is_read(w, d):
    with open(d / "k.pem", "wb", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(openssl("ecparam", "-name", "prime256v1", "-genkey"))
    check("EC PARAMETERS" in (d / "k.pem").read_text(), "SEC1 with its parameters")
    sfu(*[d / "k.pem" if a == w.f("real.pem") else a for a in w.pack(d / "o.sfu", w.app)])


def bad_key(w, d, text, err, status=DATA, name="real.pem"):
    bad = d / "bad"
    bad.touch(0o600)
    bad.write_bytes(text)
    refused(d, status, err, *[bad if a == w.f(name) else a for a in w.pack(d / "o.sfu", w.app)])


@case
def other_curves_are_refused(w, d):
    bad_key(w, d, openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "P-256")
    bad_key(w, d, openssl("genpkey", "-algorithm", "ED25519"), "P-256")


@case
def public_in_place_of_private_key_is_refused(w, d):
    bad_key(w, d, w.f("real.pub").read_bytes(), "is a public key")


@case
def private_in_place_of_public_key_is_refused(w, d):
    refused(d, DATA, "is a private key", "verify", "--signer", w.f("real.pem"), w.package)


@case
def encrypted_key_is_refused(w, d):
    text = openssl("pkcs8", "-topk8", "-in", w.f("real.pem"), "-passout", "pass:x")
    bad_key(w, d, text, "password")


@case
def damaged_key_files_are_refused(w, d):
    bad_key(w, d, b"", "is empty")
    bad_key(w, d, b"\0" * 100, "no private key")
    bad_key(w, d, w.f("real.pem").read_bytes()[:100], "no private key")


@case
def damaged_oem_key_files_are_refused(w, d):
    good = w.f("real.key").read_bytes()
    for text, err in ((b"", "is empty"), (b"\x7fELF" * 9, "is not"), (good[:-5], "not a whole"),
                      (good.replace(b"epoch 3", b"epoch x"), "line 2"), (good + b"more\n", "line 4"),
                      (good.replace(b"key 1", b"key 2"), "is not an OEM key"), (good + good, "line 4"),
                      (b"x" * 5000, "is not an OEM key")):
        bad_key(w, d, text, err, name="real.key")


@case
def missing_key_file_is_refused(w, d):
    arguments = [d / "none" if a == w.f("real.key") else a for a in w.pack(d / "o.sfu", w.app)]
    refused(d, NOINPUT, "none: cannot be opened: No such file", *arguments)


@case
def folder_and_fifo_in_place_of_a_key_are_refused(w, d):
    (d / "folder").mkdir(0o700)
    os.mkfifo(d / "fifo", 0o600)
    for name, err in (("folder", "is a directory"), ("fifo", "not a regular file")):
        refused_arguments = [d / name if a == w.f("real.key") else a for a in w.pack(d / "o.sfu", w.app)]
        sfu(*refused_arguments, status=NOINPUT, err=err)


@case
def manual_tells_every_option(w, d):
    page = (ROOT / "tools/man/sfu.1").read_text()
    for name in COMMANDS:
        check(f".Ss {name}\n" in page, name)
        section, of_info = (re.split(r"\n\.S[sh] ", page.split(f".Ss {n}\n")[1])[0] for n in (name, "info"))
        section += of_info
        for option in re.findall(r"^  (?:-\w,|   ) --([a-z-]+)", sfu(*name.split(), "--help").out, re.M):
            letter = re.search(rf"-(\w), --{option} ", sfu(*name.split(), "--help").out)
            shown = f"Fl -{option}" in section or f"Fl -{option}" in page.split(".Ss keygen")[0] or (
                letter and re.search(rf"^\.Fl {letter[1]}\b", section, re.M))
            check(shown, f"--{option} of {name} is not in the manual")


@case
def manual_is_well_formed(w, d):
    if shutil.which("man") is None:
        return
    run = subprocess.run(["man", "--warnings", "-l", ROOT / "tools/man/sfu.1"], capture_output=True)
    equal((run.returncode, run.stderr), (0, b""), "man")

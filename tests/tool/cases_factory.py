"""sfu factory: what lands in flash, and which keys may."""
import binascii
import json
import stat
import subprocess

from harness import (CREATE, DATA, FORMAT, IO, REFUSED, USAGE, case, check, equal, field, loader, openssl,
                     refused, sfu, word)
from cases_pack import oem_key

KEYS_PAGE = 0x08010000
LOCKS = {name: FORMAT[f"FLASH_LOCK_{name.upper()}"] for name in ("open", "field", "final")}


def factory(w, d, *more, kind="real", lock="field", signers=None, elf=None):
    signers = [w.f(f"{kind}.pub")] if signers is None else signers
    return ["factory", "--loader", elf or w.loader, "--product", "widget", "--hardware", "2",
            *[a for s in signers for a in ("--signer", s)], "--oem-key", w.f(f"{kind}.key"), "--epoch", 3,
            "--lock", lock, "--min-counter", 4, "-o", d / "factory.hex", *more]


def memory(path):
    """{address: byte} of an Intel HEX file, read from the format's own description."""
    found, base = {}, 0
    for line in path.read_text().splitlines():
        record = bytes.fromhex(line[1:])
        equal(sum(record) % 256, 0, f"checksum of {line}")
        count, address, kind, data = record[0], int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        equal(count, len(data), "count")
        if kind == 4:
            base = int.from_bytes(data, "big") << 16
        elif kind == 0:
            for i, byte in enumerate(data):
                check(base + address + i not in found, "two bytes for one place")
                found[base + address + i] = byte
    return found


def at(flash, address, size):
    return bytes(flash[address + i] for i in range(size))


def symbol(elf, name):
    out = subprocess.run(["arm-none-eabi-nm", elf], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0], 16) for line in out.splitlines() if line.split()[-1] == name)


def crc(data):
    return binascii.crc32(data)


@case
def configuration_is_filled_in(w, d):
    sfu(*factory(w, d, signers=[w.f("real.pub"), f"{w.f('other.pub')}:3"]))
    config = at(memory(d / "factory.hex"), symbol(w.loader, "sfu_config"), FORMAT["CONFIG_SIZE"])
    for name, value in (("MAGIC", FORMAT["FLASH_CONFIG_MAGIC"]), ("FORMAT", 1), ("HARDWARE", 2), ("EPOCH", 3),
                        ("MIN_COUNTER", 4), ("LOCK_PROFILE", LOCKS["field"]), ("FLAGS", 0), ("KEY_COUNT", 2),
                        ("KEY2", 0), ("KEY3", 0), ("ZERO", 0)):
        equal(word(config, "CONFIG", name), value, name)
    equal(field(config, "CONFIG", "PRODUCT"), b"widget".ljust(16, b"\0"), "product")
    equal(word(config, "CONFIG", "CRC"), crc(config[:FORMAT["CONFIG_CRC_OFFSET"]]), "crc")
    for n, name, rank in ((0, "real.pub", 0), (1, "other.pub", 3)):
        signer = field(config, "CONFIG", f"KEY{n}")
        point = openssl("pkey", "-pubin", "-in", w.f(name), "-outform", "DER")[-64:]
        equal(field(signer, "SIGNER", "PUBLIC_KEY"), point, "point")
        equal(word(signer, "SIGNER", "RANK"), rank, "rank")
        equal(field(signer, "SIGNER", "ID"), openssl("dgst", "-sha256", "-binary", data=point)[:4], "id")


@case
def loader_is_unchanged_beside_its_configuration(w, d):
    sfu(*factory(w, d, "--bin"))
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", w.loader, d / "plain"], check=True)
    plain, made = (d / "plain").read_bytes(), (d / "factory.bin").read_bytes()
    start = symbol(w.loader, "sfu_config") - 0x08000000
    end = start + FORMAT["CONFIG_SIZE"]
    equal(made[:start] + made[end:], plain[:start] + plain[end:], "code")
    flash = memory(d / "factory.hex")
    equal(at(flash, 0x08000000, len(made)), made, "HEX and BIN")
    check(oem_key(w.f("real.key")) not in made, "the binary holds the key")


@case
def key_page_holds_the_key(w, d):
    sfu(*factory(w, d))
    flash = memory(d / "factory.hex")
    for unit in range(4):
        commit = at(flash, KEYS_PAGE + unit * FORMAT["COMMIT_SIZE"], FORMAT["COMMIT_SIZE"])
        equal(word(commit, "COMMIT", "MAGIC"), FORMAT["FLASH_KEYS_MAGIC"], "magic")
        equal(word(commit, "COMMIT", "GENERATION"), 1, "generation")
        equal(word(commit, "COMMIT", "ZERO"), 0, "zeros")
        equal(word(commit, "COMMIT", "CRC"), crc(commit[:FORMAT["COMMIT_CRC_OFFSET"]]), "crc")
    cell = at(flash, KEYS_PAGE + FORMAT["FLASH_CELL"], FORMAT["KEYS_SIZE"])
    for name, value in (("KIND", FORMAT["FLASH_KEYS_OEM"]), ("EPOCH", 3), ("FLAGS", 0), ("DEVICE_KEY", 0),
                        ("ZERO", 0)):
        equal(word(cell, "KEYS", name), value, name)
    equal(field(cell, "KEYS", "OEM_KEY"), oem_key(w.f("real.key")), "key")
    equal(word(cell, "KEYS", "CRC"), crc(cell[:FORMAT["KEYS_CRC_OFFSET"]]), "crc")


def with_master(w, d, *more, key=None, kind="real", **options):
    """The factory's arguments for a chip that an HSM personalizes."""
    arguments = factory(w, d, *more, kind=kind, **options)
    place = arguments.index("--oem-key")
    master = d / "m.key" if key is None else key
    if key is None:
        sfu("keygen", "master", master, "--epoch", 3, "--force", *(["--test"] if kind == "test" else []))
    return arguments[:place] + ["--master-key", master, "--hsm-key", w.f("other.pub")] + arguments[place + 2:]


@case
def key_page_holds_the_master_key(w, d):
    sfu(*with_master(w, d), err="holds the OEM master key")
    flash = memory(d / "factory.hex")
    cell = at(flash, KEYS_PAGE + FORMAT["FLASH_CELL"], FORMAT["KEYS_SIZE"])
    for name, value in (("KIND", FORMAT["FLASH_KEYS_MASTER"]), ("EPOCH", 3), ("FLAGS", 0), ("DEVICE_KEY", 0),
                        ("LICENCE", 0), ("LOCK_PROFILE", 0), ("TRANSCRIPT", 0), ("RECEIPT", 0), ("ZERO", 0)):
        equal(word(cell, "KEYS", name), value, name)
    equal(field(cell, "KEYS", "OEM_KEY"), oem_key(d / "m.key"), "key")
    equal(word(cell, "KEYS", "CRC"), crc(cell[:FORMAT["KEYS_CRC_OFFSET"]]), "crc")
    config = at(flash, symbol(w.loader, "sfu_config"), FORMAT["CONFIG_SIZE"])
    point = openssl("pkey", "-pubin", "-in", w.f("other.pub"), "-outform", "DER")[-64:]
    equal(field(config, "CONFIG", "HSM_KEY"), point, "HSM key")
    equal(word(config, "CONFIG", "FLAGS"), 0, "flags")
    equal(word(config, "CONFIG", "CRC"), crc(config[:FORMAT["CONFIG_CRC_OFFSET"]]), "crc")
    check(json.loads(sfu(*with_master(w, d, "--json")).out)["personalized_by_hsm"], "json")


@case
def without_an_hsm_its_key_is_zeros(w, d):
    sfu(*factory(w, d))
    config = at(memory(d / "factory.hex"), symbol(w.loader, "sfu_config"), FORMAT["CONFIG_SIZE"])
    equal(field(config, "CONFIG", "HSM_KEY"), bytes(64), "HSM key")
    check(not json.loads(sfu(*factory(w, d, "--json")).out)["personalized_by_hsm"], "json")


@case
def unique_is_a_flag_of_the_configuration(w, d):
    sfu(*with_master(w, d, "--unique", kind="test", lock="open"))
    config = at(memory(d / "factory.hex"), symbol(w.loader, "sfu_config"), FORMAT["CONFIG_SIZE"])
    equal(word(config, "CONFIG", "FLAGS"), FORMAT["FLASH_CONFIG_TEST"] | FORMAT["FLASH_CONFIG_UNIQUE"], "flags")
    (d / "factory.hex").unlink()
    refused(d, USAGE, "--unique: only an HSM", *factory(w, d, "--unique"))


@case
def there_is_one_way_to_the_keys(w, d):
    arguments = with_master(w, d)
    place = arguments.index("--master-key")
    refused(d, USAGE, "--oem-key or --master-key is missing", *arguments[:place], *arguments[place + 4:])
    refused(d, USAGE, "exclude each other", *arguments, "--oem-key", w.f("real.key"))
    refused(d, USAGE, "belong together", *arguments[:place], *arguments[place + 2:], "--oem-key", w.f("real.key"))
    refused(d, USAGE, "belong together", *arguments[:place + 2], *arguments[place + 4:])


@case
def keys_are_not_mistaken_for_each_other(w, d):
    refused(d, DATA, "real.key: is an OEM key; here an OEM master key is needed",
            *with_master(w, d, key=w.f("real.key")))
    sfu("keygen", "master", d / "m.key", "--epoch", 3)
    arguments = [d / "m.key" if a == w.f("real.key") else a for a in factory(w, d)]
    refused(d, DATA, "m.key: is an OEM master key; here an OEM key is needed", *arguments)
    refused(d, DATA, "is a private key", *[w.f("other.pem") if a == w.f("other.pub") else a
                                           for a in with_master(w, d, key=d / "m.key")])


@case
def test_master_keys_and_hsms_make_open_devices_only(w, d):
    sfu("keygen", "master", d / "m.key", "--epoch", 3, "--test")
    refused(d, REFUSED, "m.key: is a test key", *with_master(w, d, key=d / "m.key"))
    sfu("keygen", "master", d / "m.key", "--epoch", 3, "--force")
    refused(d, REFUSED, "test.pub: is a test key", *[w.f("test.pub") if a == w.f("other.pub") else a
                                                     for a in with_master(w, d, key=d / "m.key")])
    refused(d, REFUSED, "m.key: is not marked",
            *with_master(w, d, key=d / "m.key", kind="test", lock="open"))


@case
def nothing_else_is_programmed(w, d):
    sfu(*factory(w, d))
    used = set(memory(d / "factory.hex"))
    keys = set(range(KEYS_PAGE, KEYS_PAGE + FORMAT["FLASH_CELL"] + FORMAT["KEYS_SIZE"]))
    check(keys <= used and all(0x08000000 <= a < 0x08008000 for a in used - keys), "places")


@case
def factory_image_is_secret(w, d):
    sfu(*factory(w, d))
    equal(stat.S_IMODE((d / "factory.hex").stat().st_mode), 0o600, "mode")


@case
def test_keys_make_open_devices_only(w, d):
    sfu(*factory(w, d, kind="test", lock="open"))
    flash = memory(d / "factory.hex")
    config = at(flash, symbol(w.loader, "sfu_config"), FORMAT["CONFIG_SIZE"])
    equal(word(config, "CONFIG", "FLAGS"), FORMAT["FLASH_CONFIG_TEST"], "configuration")
    equal(word(config, "CONFIG", "LOCK_PROFILE"), LOCKS["open"], "lock")
    cell = at(flash, KEYS_PAGE + FORMAT["FLASH_CELL"], FORMAT["KEYS_SIZE"])
    equal(word(cell, "KEYS", "FLAGS"), FORMAT["FLASH_KEYS_TEST"], "keys")
    (d / "factory.hex").unlink()
    for lock in ("field", "final"):
        refused(d, REFUSED, "test.pub: is a test key", *factory(w, d, kind="test", lock=lock))


@case
def one_test_key_among_real_ones_is_named(w, d):
    refused(d, REFUSED, "test.pub:2: is a test key",
            *factory(w, d, signers=[w.f("real.pub"), f"{w.f('test.pub')}:2"]))
    arguments = [w.f("test.key") if a == w.f("real.key") else a for a in factory(w, d)]
    refused(d, REFUSED, "test.key: is a test key", *arguments)


@case
def real_keys_make_no_open_device(w, d):
    refused(d, REFUSED, "real.(pub|key): is not marked as a test key", *factory(w, d, lock="open"))
    arguments = [w.f("real.key") if a == w.f("test.key") else a for a in factory(w, d, kind="test", lock="open")]
    refused(d, REFUSED, "real.key: is not marked", *arguments)


@case
def field_commands_lock_the_loader(w, d):
    sfu(*factory(w, d, "--commands", d), err="RDP to 0xBB")
    ocd, cube = (d / "factory.openocd").read_text(), (d / "factory.stm32cubeprog.sh").read_text()
    check("-ob nWRP0=0 nWRP1=0 RDP=0xBB\n" in cube, cube)
    check("port=SWD mode=UR -e all -w " in cube and "/'factory.hex' -v" in cube, cube)
    check("~(0x003 << 16)) | (0xBB << 8)" in ocd and "verify_image" in ocd, ocd)
    check("flash erase_address 0x08000000 0x00100000\n" in ocd, ocd)
    subprocess.run(["sh", "-n", d / "factory.stm32cubeprog.sh"], check=True)
    check((d / "factory.stm32cubeprog.sh").stat().st_mode & stat.S_IXUSR, "not executable")


@case
def final_commands_warn(w, d):
    sfu(*factory(w, d, "--commands", d / "line", lock="final"), err="warning: RDP 0xCC is for ever")
    check("RDP=0xCC" in (d / "line.stm32cubeprog.sh").read_text(), "cube")
    check("FOR EVER" in (d / "line.openocd").read_text(), "openocd")


@case
def open_commands_touch_no_option_byte(w, d):
    sfu(*factory(w, d, "--commands", d, kind="test", lock="open"), err="no option byte")
    for name in ("factory.openocd", "factory.stm32cubeprog.sh"):
        text = (d / name).read_text()
        check("0x40023C" not in text and "-ob" not in text, text)


@case
def commands_run_the_programmer(w, d):
    """With a programmer that only writes down what it was asked."""
    sfu(*factory(w, d, "--commands", d))
    (d / "STM32_Programmer_CLI").write_text(f'#!/bin/sh\necho "$@" >> {d}/log\n')
    (d / "STM32_Programmer_CLI").chmod(0o755)
    subprocess.run([d / "factory.stm32cubeprog.sh"], check=True, cwd="/", env={"PATH": f"{d}:/usr/bin:/bin"})
    lines = (d / "log").read_text().splitlines()
    equal(len(lines), 2, "calls")
    equal(lines[0], f"-c port=SWD mode=UR -e all -w {d}/factory.hex -v", "program")


@case
def other_parts_get_no_option_bytes(w, d):
    elf = loader(d / "loader.elf", flash=0x0C000000)
    refused(d, DATA, "STM32F4 only", *factory(w, d, "--commands", d, elf=elf))


@case
def epoch_must_be_the_keys(w, d):
    arguments = factory(w, d)
    arguments[arguments.index("--epoch") + 1] = 4
    refused(d, DATA, "real.key: is of epoch 3 and not 4", *arguments)


@case
def same_key_twice_is_refused(w, d):
    refused(d, DATA, "is the same key as", *factory(w, d, signers=[w.f("real.pub"), f"{w.f('real.pub')}:1"]))


@case
def five_keys_and_unknown_locks_are_usage_errors(w, d):
    refused(d, USAGE, "more than 4 times", *factory(w, d, signers=[w.f("real.pub")] * 5))
    refused(d, USAGE, "none of open, field, final", *factory(w, d, lock="shut"))


@case
def loader_without_symbols_is_refused(w, d):
    refused(d, DATA, "no symbol", *factory(w, d, elf=w.app))
    subprocess.run(["arm-none-eabi-strip", "-o", d / "stripped.elf", w.loader], check=True)
    refused(d, DATA, "no symbol", *factory(w, d, elf=d / "stripped.elf"))


@case
def damaged_loaders_are_refused(w, d):
    data = w.loader.read_bytes()
    for n in range(1, len(data), len(data) // 40):
        (d / "cut.elf").write_bytes(data[:n])
        refused(d, DATA, "cut.elf: ", *factory(w, d, elf=d / "cut.elf"))


@case
def flipped_loaders_never_crash_it(w, d):
    data = w.loader.read_bytes()
    header, tables = range(0, 0x34 + 64), range(int.from_bytes(data[32:36], "little"), len(data))
    for offset in [*header, *tables][::3]:
        (d / "bad.elf").write_bytes(data[:offset] + bytes([data[offset] ^ 0xFF]) + data[offset + 1:])
        run = subprocess.run(list(map(str, [__import__("harness").SFU, *factory(w, d, elf=d / "bad.elf")])),
                             capture_output=True)
        check(run.returncode in (0, DATA), f"byte {offset}: {run.returncode} {run.stderr.decode()}")


@case
def all_files_or_none(w, d):
    (d / "factory.stm32cubeprog.sh").mkdir()
    refused(d, CREATE, "is a directory", *factory(w, d, "--bin", "--commands", d))


@case
def slots_are_told(w, d):
    told = json.loads(sfu(*factory(w, d, "--json")).out)
    equal(told["slots"], [{"load_address": w.SLOT_A, "capacity": 391040},
                          {"load_address": w.SLOT_B, "capacity": 391040}], "slots")
    equal(told["key_page"], KEYS_PAGE, "key page")

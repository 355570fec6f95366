"""sfu info, download, reboot: against peer.py on a pseudo-terminal."""
import json
import os
import re
import signal
import subprocess
import time

from harness import (ABSENT, AGAIN, CODES, DATA, FORMAT, IO, NOINPUT, REFUSED, SFU, USAGE, application, case,
                     check, equal, refused, sfu)
from peer import Peer


def peer_of(w, d, package=None, **options):
    return Peer(d / "port", (package or w.package).read_bytes(), **options)


def good(peer, records=None):
    equal(peer.complaints, [], "complaints of the device")
    equal(sorted(peer.flash), list(range(peer.count)), "records in flash")
    if records is not None:
        equal(peer.seen.count("RECORD"), records, "record frames")


@case
def info_is_printed(w, d):
    with peer_of(w, d):
        out = sfu("info", "--port", d / "port").out
    for text in ("product           widget", "000102030405060708090a0b", "lock              field", "key epoch         3",
                 "security counter  5", "0x08080800, 391040 bytes, empty", "R_BUSY an image is on trial"):
        check(text in out, f"{text} in {out}")


@case
def info_as_json(w, d):
    with peer_of(w, d):
        told = json.loads(sfu("info", "-p", d / "port", "--json").out)
    equal((told["product"], told["hardware"], told["epoch"], told["lock"], told["refusal"], told["keys_ready"],
           told["slots"][1]["load_address"], told["uid"]),
          ("widget", 2, 3, "field", "R_BUSY", True, 0x08080800, bytes(range(12)).hex()), "json")


@case
def info_tells_of_personalization(w, d):
    for flags, text, told in ((0, "unknown", (False, False)),
                              (FORMAT["INFO_KEYS_READY"], "made with its keys", (False, False)),
                              (FORMAT["INFO_UNPERSONALIZED"], "OEM master key: run `sfu personalize`", (True, False)),
                              (FORMAT["INFO_PERSONALIZED"], "personalized by an HSM", (False, True))):
        with peer_of(w, d, flags=flags):
            out = sfu("info", "--port", d / "port").out
            check(f"personalization   {text}\n" in out, f"{text} in {out}")
            its = json.loads(sfu("info", "-p", d / "port", "--json").out)
            equal((its["unpersonalized"], its["personalized"]), told, "json")


@case
def a_device_that_resets_slowly_is_waited_for(w, d):
    with peer_of(w, d, boot=1.0) as peer:
        sfu("info", "-p", d / "port")
    check(set(peer.seen) <= {"HELLO", "ENTER"}, peer.seen)


@case
def application_is_called_and_loader_too(w, d):
    with peer_of(w, d, silent=("HELLO", "ENTER")) as peer:
        sfu("info", "-p", d / "port", "--wait", 1, status=ABSENT, err="no device answered in 1 seconds")
    check({"HELLO", "ENTER"} <= set(peer.seen) and 4 <= len(peer.seen) <= 6, peer.seen)


@case
def missing_port_is_reported(w, d):
    refused(d, ABSENT, "none: cannot be opened: No such file", "info", "-p", d / "none")
    refused(d, ABSENT, "is no serial port", "info", "-p", w.package)
    refused(d, ABSENT, "null: ", "info", "-p", "/dev/null")


@case
def wrong_numbers_are_usage_errors(w, d):
    refused(d, USAGE, "--baud", "info", "-p", "/dev/null", "-b", "fast")
    refused(d, USAGE, "--baud", "info", "-p", "/dev/null", "-b", 7)
    refused(d, USAGE, "--wait", "info", "-p", "/dev/null", "-w", "-1")


@case
def reboot_is_sent(w, d):
    with peer_of(w, d) as peer:
        sfu("reboot", "-p", d / "port")
    check(peer.rebooted, "rebooted")


@case
def unanswered_reboot_is_reported(w, d):
    with peer_of(w, d, silent=("REBOOT",)):
        sfu("reboot", "-p", d / "port", status=AGAIN, err="did not answer the reboot")


@case
def download_installs_and_reboots(w, d):
    with peer_of(w, d) as peer:
        sfu("download", "-p", d / "port", w.package, err="version 1.2.3.4 is installed, install 9")
    good(peer, records=peer.count)
    check(peer.rebooted and peer.seen.count("OFFER") == 1 and peer.seen.count("FINISH") == 1, peer.seen)


@case
def download_as_json(w, d):
    with peer_of(w, d):
        told = json.loads(sfu("download", "-p", d / "port", "-q", "--json", w.package).out)
    equal((told["version"], told["install"], told["resumes"]), ("1.2.3+4", 9, 0), "json")


@case
def progress_is_plain_lines_without_a_terminal(w, d):
    with peer_of(w, d, w.big) as peer:
        err = sfu("download", "-p", d / "port", w.big).err
    check("100 %, " in err and "\r" not in err and len(err.splitlines()) <= 12, err)
    good(peer, records=peer.count)


@case
def quiet_says_nothing(w, d):
    with peer_of(w, d):
        done = sfu("download", "-q", "-p", d / "port", w.package)
    equal((done.out, done.err), ("", ""), "output")


@case
def every_window_is_respected(w, d):
    for window in (1, 2, 3, 7):
        with peer_of(w, d, w.big, window=window) as peer:
            sfu("download", "-p", d / "port", w.big)
        good(peer, records=peer.count)


@case
def one_lost_ack_costs_nothing(w, d):
    with peer_of(w, d, w.big, faults={5: "drop_ack"}) as peer:
        sfu("download", "-p", d / "port", w.big)
    good(peer, records=peer.count)


@case
def a_corrupted_record_is_sent_again_at_once(w, d):
    began = time.monotonic()
    with peer_of(w, d, w.big, faults={3: "corrupt", 9: "corrupt", 10: "corrupt"}, window=3) as peer:
        sfu("download", "-p", d / "port", w.big)
    good(peer)
    check(peer.seen.count("RECORD") <= peer.count + 9, peer.seen.count("RECORD"))
    check(time.monotonic() - began < 5, "waited for a timeout")


@case
def all_acks_of_a_window_lost_twice(w, d):
    lost = {n: "drop_ack" for n in (5, 6, 15, 16)}
    with peer_of(w, d, w.big, faults=lost) as peer:
        sfu("download", "-v", "-p", d / "port", w.big, err="no answer to record 5, it goes again")
    good(peer, records=peer.count + 2)
    equal(peer.seen.count("OFFER"), 1, "offers")


@case
def a_terminal_gets_a_bar(w, d):
    master, slave = os.openpty()
    with peer_of(w, d, w.big, delay=0.02):
        sfu("download", "-p", d / "port", w.big, stderr=slave)
    os.close(slave)
    text = os.read(master, 65536).decode()
    os.close(master)
    check(re.search(r"\r\[#+ +\] +\d+ %  +[\d.]+ KiB/s  \d:\d\d left", text), repr(text))
    check(re.search(r"\[#{30}\] 100 %.*\n", text), repr(text))


@case
def noise_between_frames_is_ignored(w, d):
    with peer_of(w, d, faults={1: "noise", 2: "noise"}) as peer:
        sfu("download", "-p", d / "port", w.package)
    good(peer, records=peer.count)


@case
def a_port_that_vanishes_is_reopened_and_resumed(w, d):
    with peer_of(w, d, w.big, faults={7: "vanish", 20: "vanish"}) as peer:
        told = json.loads(sfu("download", "-p", d / "port", "--json", w.big, err="goes on at record").out)
    good(peer)
    equal(told["resumes"], 2, "interruptions")
    check(peer.seen.count("RECORD") <= peer.count + 4, peer.seen.count("RECORD"))


@case
def a_port_that_stays_away_is_given_up(w, d):
    with peer_of(w, d, w.big, faults={7: "vanish"}, vanish_for=4):
        # the acknowledgement of record 6 may go down with the line
        sfu("download", "-p", d / "port", "--retry", 1, w.big, status=AGAIN,
            err="fell silent at record [67] of 30; the same command goes on there")


@case
def a_device_that_was_reset_is_resumed(w, d):
    with peer_of(w, d, w.big, faults={14: "reset"}) as peer:
        sfu("download", "-p", d / "port", w.big, err="goes on at record 12 of 30")
    good(peer)
    equal(peer.seen.count("OFFER"), 2, "offers")


@case
def a_second_command_resumes(w, d):
    peer = peer_of(w, d, w.big)
    peer.next, peer.flash = 25, dict.fromkeys(range(25))
    with peer:
        sfu("download", "-p", d / "port", w.big, err="goes on at record 25 of 30")
    good(peer, records=5)


@case
def a_lost_done_is_found_out(w, d):
    with peer_of(w, d, lose_done=True) as peer:
        sfu("download", "-p", d / "port", w.package, err="install 9")
    equal(peer.seen.count("FINISH"), 1, "FINISH")


@case
def a_second_command_finds_out_about_a_lost_done(w, d):
    """The install number is that of the first command: the installation was only interrupted."""
    slots = [[0x08020800, 391040, FORMAT["SLOT_INSTALLING"], 9, bytes(8)], [0x08080800, 391040, 0, 0, bytes(8)]]
    with peer_of(w, d, slots=slots, lose_done=True) as peer:
        sfu("download", "-p", d / "port", w.package, err="install 9")
    equal(peer.seen.count("OFFER"), 1, "OFFER")
    equal(peer.seen.count("FINISH"), 1, "FINISH")


@case
def a_device_reset_before_finish_is_resumed(w, d):
    with peer_of(w, d, w.big, faults={"FINISH": "reset"}) as peer:
        sfu("download", "-p", d / "port", w.big, err="goes on at record 28 of 30")
    good(peer)
    equal(peer.seen.count("OFFER"), 2, "offers")
    equal(peer.seen.count("FINISH"), 2, "FINISH")


@case
def refusals_are_sentences_with_their_status(w, d):
    for name, status in (("R_SIGNER", REFUSED), ("R_SIGNATURE", REFUSED), ("R_COUNTER", REFUSED),
                         ("R_VERSION", REFUSED), ("R_PRODUCT", REFUSED), ("R_UID", REFUSED), ("R_KEY", REFUSED),
                         ("R_EPOCH", REFUSED), ("R_HARDWARE", REFUSED), ("R_FORMAT", DATA), ("R_SIZE", DATA),
                         ("R_BUSY", AGAIN), ("R_OFFERS", AGAIN), ("E_KEYS", ABSENT), ("E_IO", IO)):
        with peer_of(w, d, refuse={"OFFER": CODES[name]}) as peer:
            done = refused_download(w, d, status, name)
        check("detail 7" in done.err, done.err)
        equal(peer.flash, {}, "records")


def refused_download(w, d, status, err):
    done = sfu("download", "-p", d / "port", w.package, status=status, err=err)
    equal(len(done.err.splitlines()), 1, done.err)
    return done


@case
def a_refused_record_ends_it(w, d):
    with peer_of(w, d, refuse={3: CODES["R_RECORD"]}) as peer:
        sfu("download", "-p", d / "port", w.package, status=DATA, err="get it again")
    check("FINISH" not in peer.seen and not peer.rebooted, peer.seen)


@case
def a_refused_finish_ends_it(w, d):
    with peer_of(w, d, refuse={"FINISH": CODES["R_IMAGE"]}) as peer:
        sfu("download", "-p", d / "port", w.package, status=DATA, err="R_IMAGE")
    check(not peer.rebooted, peer.seen)


@case
def an_unknown_code_is_shown(w, d):
    with peer_of(w, d, refuse={"OFFER": 0x12345678}):
        sfu("download", "-p", d / "port", w.package, status=DATA, err="0x12345678")


@case
def silence_after_the_call_is_given_up(w, d):
    with peer_of(w, d, silent=("OFFER",)) as peer:
        began = time.monotonic()
        running = subprocess.Popen([SFU, "download", "-p", d / "port", w.package], stderr=subprocess.DEVNULL)
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        equal(running.wait(5), -signal.SIGINT, "status after ^C")
        check(time.monotonic() - began < 5, "time to end")
        sfu("download", "-p", d / "port", "--retry", 1, w.package, status=AGAIN, err="fell silent at record 0")
    equal(peer.seen.count("OFFER"), 2, "offers")


@case
def silence_of_a_device_is_an_error(w, d):
    with peer_of(w, d, silent=("HELLO", "ENTER")):
        sfu("download", "-p", d / "port", "-w", 1, w.package, status=ABSENT, err="no device answered")


@case
def the_package_for_the_free_slot_is_taken(w, d):
    for free, package in ((0, w.package), (1, w.package_b)):
        with peer_of(w, d, package, free_slot=free) as peer:
            sfu("download", "-p", d / "port", w.package, w.package_b, err=f"{package.name}: version")
        good(peer)


@case
def no_package_for_the_free_slot_is_an_error(w, d):
    with peer_of(w, d, free_slot=1) as peer:
        sfu("download", "-p", d / "port", w.package, status=DATA, err="free slot begins at 0x08080800")
        sfu("download", "-p", d / "port", w.package, w.package, status=DATA, err="none of the 2 packages")
    check("OFFER" not in peer.seen, peer.seen)


@case
def without_a_free_slot_the_device_says_why(w, d):
    with peer_of(w, d, free_slot=0xFF, refuse={"OFFER": CODES["R_BUSY"]}):
        sfu("download", "-p", d / "port", w.package, status=AGAIN, err="on trial")


@case
def bad_packages_never_reach_the_port(w, d):
    (d / "x.sfu").write_bytes(w.package.read_bytes()[:-1])
    with peer_of(w, d) as peer:
        sfu("download", "-p", d / "port", d / "x.sfu", status=DATA, err="cut short")
        sfu("download", "-p", d / "port", w.package, d / "none.sfu", status=NOINPUT, err="none.sfu")
    equal(peer.seen, [], "frames")


@case
def the_port_is_locked(w, d):
    with peer_of(w, d, silent=("HELLO", "ENTER")):
        first = subprocess.Popen([SFU, "info", "-p", str(d / "port"), "-w", "2"], stderr=subprocess.DEVNULL)
        time.sleep(0.7)
        sfu("info", "-p", d / "port", status=AGAIN, err="another program is using the port")
        first.wait(10)


@case
def slow_devices_get_no_record_twice(w, d):
    with peer_of(w, d, delay=0.2) as peer:
        sfu("download", "-p", d / "port", w.package)
    good(peer, records=peer.count)

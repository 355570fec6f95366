#!/usr/bin/env python3
"""The generators of build-aux refuse what they must: each test spoils one thing in a machine or a
page that is accepted, and expects the refusal that names it."""
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "build-aux"))
import formats  # noqa: E402
import gen  # noqa: E402
import promela  # noqa: E402

MACHINE = """\
#include "door.h"

%%{
  machine sfu_door;
  alphtype unsigned char;
  access c->;
  OPEN = 0; CLOSE = 1; LOCK = 2;  # SPARE = 3;

  action ring { door_ring(c); }
  action beep { door_beep(c); }

  action in_shut   { c->state = SFU_DOOR_STATE_SHUT; fbreak; }
  action in_open   { c->state = SFU_DOOR_STATE_OPEN; fbreak; }
  action in_locked { c->state = SFU_DOOR_STATE_LOCKED; fbreak; }

  main := (
    start:  ( OPEN @ring      -> open
            | LOCK            -> locked
            | ^(OPEN | LOCK)  -> start )   >~in_shut,
    open:   ( CLOSE @beep     -> start
            | ^CLOSE          -> open )    >~in_open,
    locked: ( any             -> locked )  >~in_locked
  );
}%%
%% write data noerror nofinal noentry;

void sfu_door_step(struct sfu_door *c, const unsigned char *p)
{
	%% write exec noend;
}
"""

FORMATS = """\
# Formats

### struct POINT — where
Prose, and a table that is none of ours:

```
| offset | size |
```

| offset | size | field | meaning |
| --- | --- | --- | --- |
| 0 | 4 | x | |
| 4 | 4 | `y` | a \\| b |

### struct LINE — from, to
| offset | size | field | meaning |
| --- | --- | --- | --- |
| 0 | 8 | from | struct POINT |
| 8 | 8 | to | see struct POINT |

### constants LINE — of a line
| name | value | meaning |
| --- | --- | --- |
| MAX | 0x7F | |
| LABEL | "sfu line" | |
"""

CODES = """\
| name | code | sentence | advice |
| --- | --- | --- | --- |
| OK | 0x29735A1C | it "worked" | nothing to do |
| E_IO | 0x7953A6F2 | the flash refused | try again |
"""


class Sandbox(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("fsm/door.rl", MACHINE)
        self.write("spec/formats.md", FORMATS)
        self.write("spec/codes.md", CODES)

    def write(self, name, text):
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_text(text)

    def refused(self, name, text, old, new, expected):
        self.assertEqual(text.count(old), 1, "the test spoils nothing")
        self.write(name, text.replace(old, new))
        _, refusals = gen.build(self.root)
        self.assertEqual(len(refusals), 1, refusals)
        self.assertIn(expected, refusals[0])


class Machines(Sandbox):
    def spoil(self, old, new, expected):
        self.refused("fsm/door.rl", MACHINE, old, new, expected)

    def test_good(self):
        made, refusals = gen.build(self.root)
        self.assertEqual(refusals, [])
        self.assertEqual(sorted(made), ["door.c", "door_contract.h", "door_machine.h", "machines.md",
                                        "sfu_codes.h", "sfu_format.h"])
        self.assertIn("SFU_DOOR_STATE_LOCKED = 2,", made["door_machine.h"])
        self.assertIn("#define SFU_DOOR_EVENTS 3u", made["door_machine.h"])
        self.assertIn("open --> shut: close / beep", made["machines.md"])
        self.assertIn("| shut | any other |  | shut |", made["machines.md"])
        self.assertIn("| locked | any |  | locked |", made["machines.md"])

    def test_model(self):
        """Every state with every event, once, in the Promela of the system model."""
        with unittest.mock.patch.object(promela, "MACHINES", ("door",)):
            model = gen.build(self.root)[0]["machines.pml"]
        lines = [line.strip() for line in model.splitlines() if line.startswith("\t::")]
        move = ":: state == SFU_DOOR_STATE_{} && event == SFU_DOOR_EVENT_{} -> effect = SFU_DOOR_{}; " \
               "state = SFU_DOOR_STATE_{}"
        self.assertEqual(sorted(lines), sorted(move.format(*words.split()) for words in (
            "SHUT OPEN EFFECT_RING OPEN", "SHUT CLOSE NONE SHUT", "SHUT LOCK NONE LOCKED",
            "OPEN OPEN NONE OPEN", "OPEN CLOSE EFFECT_BEEP SHUT", "OPEN LOCK NONE OPEN",
            "LOCKED OPEN NONE LOCKED", "LOCKED CLOSE NONE LOCKED", "LOCKED LOCK NONE LOCKED")))
        self.assertIn("#define SFU_DOOR_EFFECT_RING 2", model)

    def contract(self):
        made, refusals = gen.build(self.root)
        self.assertEqual(refusals, [])
        return " ".join(made["door_contract.h"].split())

    def test_contract(self):
        text = self.contract()
        for clause in ["behavior open: assumes state: c->state == SFU_DOOR_STATE_OPEN; ensures moves: c->state == "
                       "(\\old(*p) == SFU_DOOR_EVENT_CLOSE ? SFU_DOOR_STATE_SHUT : SFU_DOOR_STATE_OPEN);",
                       "behavior locked: assumes state: c->state == SFU_DOOR_STATE_LOCKED; ensures moves: "
                       "c->state == SFU_DOOR_STATE_LOCKED;",
                       "complete behaviors shut, open, locked;", "disjoint behaviors shut, open, locked;",
                       "state == SFU_DOOR_STATE_OPEN && (event != SFU_DOOR_EVENT_CLOSE)",
                       "void sfu_door_step(struct sfu_door *c, const unsigned char *p); #endif"]:
            self.assertIn(clause, text)
        self.assertNotIn("still", text)

    def test_what_a_quiet_step_keeps(self):
        self.write("fsm/door.h", "/*@ requires valid: \\valid(c);\n"
                   "    assigns c->cs, c->state, c->log[0 .. 3], bell, lent[0 .. n - 1]; */\n"
                   "void sfu_door_step(struct sfu_door *c, const unsigned char *p);\n")
        text = self.contract()
        for clause in ["ensures still: sfu_door_quiet(\\old(c->state), \\old(*p)) ==> bell == \\old(bell);",
                       "ensures still_log: sfu_door_quiet(\\old(c->state), \\old(*p)) ==> \\forall integer i; "
                       "0 <= i <= 3 ==> c->log[i] == \\old(c->log[i]);"]:
            self.assertIn(clause, text)
        self.assertNotIn("lent", text)

    def test_no_step(self):
        self.spoil("void sfu_door_step", "int sfu_door_step", "no function `void NAME")

    def test_unnamed_state(self):
        self.spoil(">~in_open", "", "has no name")

    def test_name_given_twice(self):
        self.spoil(">~in_locked", ">~in_open", "two states are named open")

    def test_name_of_wrong_form(self):
        self.spoil(">~in_locked", ">~beep", "not in_NAME")

    def test_missing_event(self):
        self.spoil("^(OPEN | LOCK)  ->", "(CLOSE | 3..255 - 9) ->", "does not handle value 9")
        self.spoil("^CLOSE ", "(0 | 3..255) ", "state open does not handle LOCK")

    def test_unreachable_state(self):
        self.spoil("LOCK            -> locked", "LOCK -> start", "state locked is unreachable")

    def test_two_effects(self):
        self.spoil("^CLOSE          -> open", "CLOSE @ring -> start | ^CLOSE -> open",
                   "state open, CLOSE: several effects: beep, ring")

    def test_two_successors(self):
        self.spoil("^(OPEN | LOCK)  -> start", "any -> start", "has several names")

    def test_lost_effect(self):
        self.spoil("CLOSE @beep", "CLOSE", "effect beep is on no transition")

    def test_effect_that_steers(self):
        self.spoil("door_beep(c);", "door_beep(c); fbreak;", "action beep steers the machine")

    def test_state_action_as_effect(self):
        self.spoil("CLOSE @beep", "CLOSE @in_open", "does not begin with in_")

    def test_state_that_does_not_stop(self):
        self.spoil("STATE_OPEN; fbreak;", "STATE_OPEN;", "in_open does not stop the machine")

    def test_state_that_sets_another(self):
        self.spoil("SFU_DOOR_STATE_OPEN;", "SFU_DOOR_STATE_OPENED;", "does not set SFU_DOOR_STATE_OPEN")

    def test_from_state_action(self):
        self.spoil(">~in_locked", ">~in_locked >*ring", "from-state")

    def test_events_out_of_order(self):
        self.spoil("CLOSE = 1; LOCK = 2;", "CLOSE = 2; LOCK = 1;", "numbered from 0 in order")

    def test_no_event_told_apart(self):
        self.spoil("locked: ( any             -> locked )", "locked: ( ^7 -> locked | 7 -> start )",
                   "tells values apart")

    def test_other_name(self):
        self.spoil("machine sfu_door", "machine sfu_gate", "must define one machine, sfu_door")

    def test_other_alphabet(self):
        self.spoil("alphtype unsigned char;", "", "alphtype unsigned char")

    def test_ragel_error(self):
        self.spoil("-> locked\n", "-> lockd\n", "lockd")


class Folder(Sandbox):
    def gen(self, *arguments):
        with open("/dev/null", "w") as null:
            stdout, sys.stdout = sys.stdout, null
            try:
                gen.main([str(self.root), *arguments])
            finally:
                sys.stdout = stdout

    def test_check(self):
        with self.assertRaisesRegex(formats.Refused, "make gen.*door.c"):
            self.gen("--check")
        self.gen()
        self.gen("--check")

    def test_edited_file(self):
        self.gen()
        self.write("gen/door.c", (self.root / "gen/door.c").read_text().replace("0u", "1u", 1))
        with self.assertRaisesRegex(formats.Refused, ": door.c$"):
            self.gen("--check")

    def test_file_made_of_nothing(self):
        self.gen()
        (self.root / "fsm/door.rl").unlink()
        with self.assertRaisesRegex(formats.Refused, "door.c, door_contract.h, door_machine.h, machines.md"):
            self.gen("--check")
        self.gen()
        self.gen("--check")


class Formats(Sandbox):
    def spoil(self, old, new, expected):
        self.refused("spec/formats.md", FORMATS, old, new, expected)

    def test_good(self):
        lines = formats.headers(self.root)["sfu_format.h"].splitlines()
        for line in ["#define SFU_POINT_Y_OFFSET 4u", "#define SFU_POINT_SIZE 8u",
                     "#define SFU_LINE_TO_SIZE 8u", "#define SFU_LINE_SIZE 16u",
                     "#define SFU_LINE_MAX 0x7Fu", '#define SFU_LINE_LABEL "sfu line"']:
            self.assertIn(line, lines)

    def test_gap(self):
        self.spoil("| 4 | 4 | `y`", "| 5 | 4 | `y`", "spec/formats.md:13: a gap")

    def test_overlap(self):
        self.spoil("| 4 | 4 | `y`", "| 3 | 4 | `y`", "spec/formats.md:13: an overlap")

    def test_empty_field(self):
        self.spoil("| 4 | 4 | `y`", "| 4 | 0 | `y`", "size not 0")

    def test_field_given_twice(self):
        self.spoil("`y`", "X", "SFU_POINT_X_OFFSET is defined at spec/formats.md:12")

    def test_inner_struct_of_other_size(self):
        self.spoil("| 8 | 8 | to", "| 8 | 4 | to", "4 bytes, but struct POINT has 8")

    def test_unknown_inner_struct(self):
        self.spoil("see struct POINT", "see struct DOT", "struct DOT has none")

    def test_columns(self):
        self.spoil("| name | value | meaning |", "| name | number | meaning |", "columns must be")

    def test_cells(self):
        self.spoil("a \\| b", "a | b", "5 cells instead of 4")

    def test_heading(self):
        self.spoil("### constants LINE — of", "### constants LINE - of", "heading must be")

    def test_heading_without_table(self):
        self.spoil("### struct LINE", "### struct EMPTY\n\n### struct LINE", "no table follows")

    def test_value(self):
        self.spoil("0x7F", "127 ms", "neither a number")
        self.spoil("0x7F", "0x100000000", "does not fit 32 bits")


class Codes(Sandbox):
    def spoil(self, old, new, expected):
        self.refused("spec/codes.md", CODES, old, new, expected)

    def test_good(self):
        text = formats.headers(self.root)["sfu_codes.h"]
        self.assertIn("#define SFU_E_IO 0x7953A6F2u\n", text)
        self.assertIn('\tX(OK, 0x29735A1Cu, "it \\"worked\\"", "nothing to do") \\\n', text)
        self.assertIn('"try again")\n', text)

    def test_near(self):
        self.spoil("0x7953A6F2", "0x29735AE2", "E_IO differs from OK in fewer than 8 bits")

    def test_zero(self):
        self.spoil("0x29735A1C", "0x00000000", "OK differs from all zeros")

    def test_negative(self):
        self.spoil("0x7953A6F2", "0xF953A6F2", "does not fit a positive int")

    def test_name_given_twice(self):
        self.spoil("| E_IO", "| OK", "SFU_OK is defined")

    def test_no_advice(self):
        self.spoil("| try again |", "| |", "no advice")

    def test_new_codes(self):
        path = self.root / "spec/codes.md"
        new = formats.new_codes(path, "spec/codes.md", 20)
        rows = "".join(f"| N{n} | 0x{code:08X} | s | a |\n" for n, code in enumerate(new))
        self.write("spec/codes.md", CODES + rows)
        self.assertIn("#define SFU_CODES_COUNT 22u", formats.headers(self.root)["sfu_codes.h"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Makes gen/: of each fsm/NAME.rl the C by ragel (NAME.c), the states and events
(NAME_machine.h) and what a step does in each state as a contract (NAME_contract.h), of all of them
machines.md, of three machines.pml, and the headers of formats.py.

Refuses a machine that is not total or not what it seems; see lint(). With --check it writes
nothing and says which files of gen/ are not what their sources make.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import xml.etree.ElementTree

import formats
import promela
from formats import Refused, banner

RAGEL = "6.10"
ALPHABET = 256


def run_ragel(root, *arguments):
    """In root, so that the names which ragel writes into its output depend on nothing else."""
    done = subprocess.run(["ragel", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise Refused(done.stderr.strip() or f"ragel {' '.join(arguments)} failed")


def ragel_version():
    said = subprocess.run(["ragel", "--version"], capture_output=True, text=True, check=True).stdout
    if f" {RAGEL} " not in said:
        raise Refused(f"gen/ is made with ragel {RAGEL}; this one says: {said.splitlines()[0]}")


def wrapped(clause):
    """A clause of a contract in lines, which do not end within a comparison."""
    margin = " " * (len(clause) - len(clause.lstrip()) + 6)
    glued = re.sub(r" (==|!=|<=|\.\.) ", "\0\\1\0", clause)
    return textwrap.fill(glued, 112, subsequent_indent=margin, break_long_words=False,
                         break_on_hyphens=False).replace("\0", " ")


class Machine:
    """One machine as ragel's XML and the source's definitions give it.

    events: names in order. states: names in order. moves: for each state a list of ALPHABET
    pairs (effect or None, number of the next state).
    """

    def __init__(self, source, text, root):
        self.source = source
        self.stem = pathlib.Path(source).stem
        self.name = "sfu_" + self.stem
        section = re.sub(r"#.*", "", "\n".join(re.findall(r"%%\{(.*?)\}%%", text, re.S)))
        self.defined_actions = re.findall(r"\baction\s+(\w+)", section)
        self.events = self.read_events(re.findall(r"\b([A-Z][A-Z0-9_]*)\s*=\s*(\w+)\s*;", section))
        self.read_xml(root)

    def refuse(self, text):
        raise Refused(f"{self.source}: {text}")

    def enumerator(self, kind, name):
        return f"{self.name}_{kind}_{name}".upper()

    def read_events(self, definitions):
        if [value for _, value in definitions] != [str(n) for n in range(len(definitions))]:
            self.refuse("events must be numbered from 0 in order")
        if not definitions:
            self.refuse("defines no event (`NAME = 0;`)")
        return [name for name, _ in definitions]

    def event_of(self, value):
        return self.events[value] if value < len(self.events) else f"value {value}"

    def read_xml(self, root):
        definitions = root.findall("ragel_def")
        if [d.get("name") for d in definitions] != [self.name]:
            self.refuse(f"must define one machine, {self.name}")
        if definitions[0].findtext("alphtype") != "uchar":
            self.refuse("`alphtype unsigned char;` is missing")
        self.machine = definitions[0].find("machine")
        self.actions = {a.get("id"): a for a in self.machine.iter("action")}
        self.tables = {t.get("id"): [self.actions[i] for i in t.text.split()]
                       for t in self.machine.iter("action_table")}
        elements = list(self.machine.iter("state"))
        if [s.get("id") for s in elements] != [str(n) for n in range(len(elements))]:
            self.refuse("states are not numbered in order")
        # Where a state misses an event, ragel adds an error state, nameless and without moves.
        self.error = self.machine.findtext("error_state")
        self.states = ["error" if s.get("id") == self.error else self.read_name(s) for s in elements]
        self.moves = [self.read_moves(s, name) for s, name in zip(elements, self.states)]

    def read_name(self, state):
        number = state.get("id")
        to_state, from_state, at_end = (state.findtext("state_actions") or "x x x").split()
        if from_state != "x" or at_end != "x":
            self.refuse(f"state {number} has a from-state or end-of-file action")
        if to_state == "x":
            self.refuse(f"state {number} has no name: no to-state action `>~in_NAME`")
        names = [a.get("name") for a in self.tables[to_state]]
        if len(names) != 1:
            self.refuse(f"state {number} has several names, so an event has two successors: "
                        + ", ".join(names))
        if not re.fullmatch("in_[a-z][a-z0-9_]*", names[0]):
            self.refuse(f"state {number}: its to-state action is {names[0]}, not in_NAME")
        name = names[0].removeprefix("in_")
        action = self.tables[to_state][0]
        if action.find("break") is None:
            self.refuse(f"{names[0]} does not stop the machine: `fbreak;` is missing")
        if not re.search(rf"\b{self.enumerator('STATE', name)}\b", "".join(action.itertext())):
            self.refuse(f"{names[0]} does not set {self.enumerator('STATE', name)}")
        return name

    def read_moves(self, state, name):
        moves = [None] * ALPHABET
        for transition in state.iter("t"):
            low, high, target, table = transition.text.split()
            effects = [] if table == "x" else self.tables[table]
            names = [a.get("name") for a in effects]
            event = self.event_of(int(low))
            if len(names) > 1:
                self.refuse(f"state {name}, {event}: several effects: {', '.join(names)}")
            for action in effects:
                if action.get("name") is None or action.get("name").startswith("in_"):
                    self.refuse(f"state {name}, {event}: an effect is an action with a name "
                                "that does not begin with in_")
                if any(part.tag != "text" for part in action):
                    self.refuse(f"action {names[0]} steers the machine; only to-state actions may")
            if target not in ("x", self.error):
                for value in range(int(low), int(high) + 1):
                    moves[value] = (names[0] if names else None, int(target))
        return moves

    def lint(self):
        """What read_xml() leaves to check: reachability, totality, and nothing lost on the way."""
        if self.error is None and self.machine.findtext("start_state") != "0":
            self.refuse("the start state must be the first")
        for name in self.states:
            if self.states.count(name) > 1:
                self.refuse(f"two states are named {name}")
        for number, (name, moves) in enumerate(zip(self.states, self.moves)):
            if str(number) == self.error:
                continue
            missing = [value for value in range(ALPHABET) if moves[value] is None]
            if missing:
                self.refuse(f"state {name} does not handle {self.event_of(missing[0])}"
                            + (f" and {len(missing) - 1} more" if missing[1:] else ""))
            if len(set(moves[len(self.events):])) > 1:
                self.refuse(f"state {name} tells values apart that are no events")
        if self.error is not None:
            self.refuse("has an error state")
        reached, ahead = set(), [0]
        while ahead:
            state = ahead.pop()
            if state not in reached:
                reached.add(state)
                ahead += [target for _, target in self.moves[state]]
        used = {f"in_{self.states[state]}" for state in reached}
        used |= {effect for moves in self.moves for effect, _ in moves}
        for action in self.defined_actions:
            if action not in used:
                what = ("state {} is unreachable" if action.startswith("in_")
                        else "effect {} is on no transition")
                self.refuse(what.format(action.removeprefix("in_")))

    def lint_c(self, text):
        """The C must agree that a state's number is its place, since contracts rest on it."""
        setting = rf"\b{self.name.upper()}_STATE_(\w+);[^{{}}]*\{{p\+\+;[^;{{}}]*\bcs = (\d+);"
        found = {int(cs): name.lower() for name, cs in re.findall(setting, text)}
        entered = {target for moves in self.moves for _, target in moves}
        if found != {state: self.states[state] for state in entered}:
            self.refuse(f"ragel's C numbers the states {found}, its XML {self.states}")

    def header(self, first_line):
        guard = f"{self.name.upper()}_MACHINE_H"
        lines = [f"/* {first_line} */", f"#ifndef {guard}", f"#define {guard}"]
        for kind, names in (("state", self.states), ("event", self.events)):
            lines += ["", f"enum {self.name}_{kind} {{"]
            lines += [f"\t{self.enumerator(kind, name)} = {n}," for n, name in enumerate(names)]
            lines += ["};", f"#define {self.name.upper()}_{kind.upper()}S {len(names)}u"]
        return "\n".join(lines + ["", f"#endif /* {guard} */", ""])

    def read_step(self, text, folder):
        """The function that ragel's C is written into, and what its contract lets it write."""
        header = folder / f"{self.stem}.h"
        header = header.read_text() if header.exists() else ""
        headers = "".join(path.read_text() for path in sorted(folder.glob("*.h")))
        self.structs = {name: kind for kind, name in re.findall(r"^\tstruct (\w+) (\w+);", headers, re.M)}
        self.members = dict(re.findall(r"^struct (\w+) \{(.*?)^\};", headers, re.S | re.M))
        found = re.search(r"^((?:static )?void \w+\([^)]*\))\n\{([^}]*?)%% write exec", text, re.M)
        if not found:
            self.refuse("no function `void NAME(…)` holds `%% write exec`")
        self.step = found.group(1)
        copy = re.search(r"\*p = &(\w+);", found.group(2))
        self.event = copy.group(1) if copy else "\\old(*p)"
        contract = re.search(r"/\*@((?:(?!\*/).)*)\*/\n" + re.escape(self.step) + r"(?:;|\n\{)",
                             header + text, re.S)
        clauses = re.findall(r"^\s*assigns (.*?);", contract.group(1) if contract else "", re.S | re.M)
        self.written = [" ".join(w.split()) for w in re.split(r",(?![^\[]*\])", ",".join(clauses)) if w.strip()]
        action = "".join(self.tables[self.machine.find(".//state_actions").text.split()[0]][0].itertext())
        self.place = action.split("=")[0].strip()

    def among(self, values, event):
        """ACSL: `event` is one of `values`, of which there are not all."""
        if max(values) < len(self.events):
            return " || ".join(f"{event} == {self.enumerator('EVENT', self.events[v])}" for v in values)
        return " && ".join(f"{event} != {self.enumerator('EVENT', name)}"
                           for v, name in enumerate(self.events) if v not in values)

    def quiet(self):
        """ACSL: the transition has no effect."""
        cases = []
        for state, moves in enumerate(self.moves):
            values = [v for v, (effect, _) in enumerate(moves) if effect is None]
            if values:
                inner = f"state == {self.enumerator('STATE', self.states[state])}"
                if len(values) < ALPHABET:
                    inner += f" && ({self.among(values, 'event')})"
                cases.append(inner)
        return " || ".join(cases)

    def next_state(self, moves):
        """ACSL: the next state, as a choice by the event; what most values share comes last."""
        groups = {}
        for value, (_, target) in enumerate(moves):
            groups.setdefault(target, []).append(value)
        rest = groups.pop(moves[-1][1])
        last = self.enumerator("STATE", self.states[moves[rest[0]][1]])
        choices = [f"{self.among(values, self.event)} ? {self.enumerator('STATE', self.states[target])} : "
                   for target, values in groups.items()]
        return "(" + "".join(choices) + last + ")" if choices else last

    def kept(self):
        """ACSL: the clauses that say that a quiet transition writes nothing but the state. Memory that a caller
        lends the effects is left out: what it overlaps is known only where it is used."""
        quiet = f"{self.name}_quiet(\\old({self.place}), {self.event})"
        plain, more = [], []
        own = re.match(r"\w+", self.place).group() + "->"
        for place in self.written:
            if "[" in place and not place.startswith(own):
                continue
            array = re.fullmatch(r"(.*)\[(.*) \.\. (.*)\]", place)
            name = "still_" + re.search(r"\w+$", array.group(1) if array else place).group()
            if array:
                base, low, high = array.groups()
                more.append(f"ensures {name}: {quiet} ==> \\forall integer i; {low} <= i <= {high} ==> "
                            f"{base}[i] == \\old({base}[i]);")
            elif self.place.startswith(place.removeprefix("*") + "->"):
                more.append(f"ensures same: {quiet} && {self.place} == \\old({self.place}) ==> "
                            f"{place} == \\old({place});")
            elif place in (self.place, re.sub(r"\w+$", "cs", self.place)):
                continue
            elif name.removeprefix("still_") in self.structs:
                alone, rows = self.fields(place, self.structs[name.removeprefix("still_")])
                more.append(f"ensures {name}: {quiet} ==> {' && '.join(alone)};")
                more += [f"ensures {name}_{re.sub('.*[.]', '', row)}: {quiet} ==> {same};" for row, same in rows]
            else:
                plain.append(f"{place} == \\old({place})")
        return ([f"ensures still: {quiet} ==> {' && '.join(plain)};"] if plain else []) + more

    def fields(self, place, kind):
        """ACSL: each field of a struct is what it was: those that are one value, and the arrays. Of a struct as a whole
        the provers find it out much later."""
        alone, rows = [], []
        for type_, name, sizes in re.findall(r"^\t(?:const )?([\w ]+?) \**(\w+)((?:\[\w+\])*);", self.members[kind], re.M):
            field = f"{place}.{name}"
            if type_.startswith("struct "):
                inner = self.fields(field, type_.removeprefix("struct "))
                alone, rows = alone + inner[0], rows + inner[1]
            elif sizes:
                indices = "ijk"[:sizes.count("[")]
                at = field + "".join(f"[{i}]" for i in indices)
                ranges = " && ".join(f"0 <= {i} < {size}" for i, size in zip(indices, re.findall(r"\w+", sizes)))
                rows.append((field, f"\\forall integer {', '.join(indices)}; {ranges} ==> {at} == \\old({at})"))
            else:
                alone.append(f"{field} == \\old({field})")
        return alone, rows

    def contract(self, first_line):
        """A second declaration of the step: what it does in each state. Frama-C joins the contracts."""
        clauses = self.kept()
        for name, moves in zip(self.states, self.moves):
            clauses += [f"behavior {name}:",
                        f"  assumes state: {self.place} == {self.enumerator('STATE', name)};",
                        f"  ensures moves: {self.place} == {self.next_state(moves)};"]
        names = ", ".join(self.states)
        clauses += [f"complete behaviors {names};", f"disjoint behaviors {names};"]
        predicate = f"predicate {self.name}_quiet(integer state, integer event) = {self.quiet()};"
        guard = f"{self.name.upper()}_CONTRACT_H"
        return "\n".join([f"/* {first_line} */", f"#ifndef {guard}", f"#define {guard}", "",
                          "// this transition has no effect",
                          "/*@ " + wrapped(predicate) + " */", "",
                          "/*@ " + "\n    ".join(map(wrapped, clauses)) + " */",
                          f"{self.step};", "", f"#endif /* {guard} */", ""])

    def steps(self):
        """(state, events, effect, next state), events in words, those that do the same as one."""
        for state, moves in zip(self.states, self.moves):
            groups = {}
            for value, move in enumerate(moves):
                groups.setdefault(move, []).append(value)
            rest = moves[-1] if len(self.events) < ALPHABET else None
            named = [m for m in groups if m != rest]
            for move in named + ([rest] if rest else []):
                words = ", ".join(self.events[v].lower() for v in groups[move] if v < len(self.events))
                if move == rest:
                    words = "any other" if named else "any"
                yield state, words, move[0], self.states[move[1]]

    def page(self):
        steps = list(self.steps())
        diagram = [f"    [*] --> {self.states[0]}"]
        diagram += [f"    {state} --> {target}: {events}" + (f" / {effect}" if effect else "")
                    for state, events, effect, target in steps if effect or state != target]
        table = [f"| {state} | {events} | {effect or ''} | {target} |"
                 for state, events, effect, target in steps]
        return "\n".join([
            f"## {self.stem}", "",
            f"`{self.source}`: {len(self.states)} states, {len(self.events)} events.", "",
            "```mermaid", "stateDiagram-v2", *diagram, "```", "",
            "| state | event | effect | next state |", "| --- | --- | --- | --- |", *table, ""])


def build_machine(work, source):
    """{file name in gen/: text} of one machine, and its Machine."""
    data = (work / source).read_bytes()
    stem = pathlib.Path(source).stem
    first_line = banner(source, data, f"ragel {RAGEL}")
    run_ragel(work, "-x", source, "-o", f"{stem}.xml")
    machine = Machine(source, data.decode(), xml.etree.ElementTree.parse(work / f"{stem}.xml"))
    machine.lint()
    run_ragel(work, "-G2", "-L", source, "-o", f"gen/{stem}.c")
    text = (work / "gen" / f"{stem}.c").read_text()
    machine.lint_c(text)
    machine.read_step(data.decode(), work / "fsm")
    return {f"{stem}.c": f"/* {first_line} */\n" + text,
            f"{stem}_machine.h": machine.header(first_line),
            f"{stem}_contract.h": machine.contract(first_line)}, machine


def build(root):
    """{file name in gen/: text} of everything that is right, and what is said of the rest."""
    made, machines, refusals = {}, [], []
    try:
        made = formats.headers(root)
    except Refused as refused:
        refusals.append(str(refused))
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "gen").mkdir()
        (work / "fsm").symlink_to(root / "fsm")
        for path in sorted((root / "fsm").glob("*.rl")):
            try:
                files, machine = build_machine(work, f"fsm/{path.name}")
                made |= files
                machines.append(machine)
            except Refused as refused:
                refusals.append(str(refused))
    if machines and not refusals:
        made["machines.md"] = "\n".join([
            "<!-- Generated by build-aux/gen.py from fsm/*.rl. Never edit. -->",
            "# Machines", "",
            "Every state handles every event. The diagrams leave out events that change nothing;",
            "the tables have them all.", "", *[m.page() for m in machines]])
        if {m.stem for m in machines} >= set(promela.MACHINES):
            made["machines.pml"] = promela.page(machines)
    return made, refusals


def differing(folder, made):
    """Names in gen/ that are missing, of other content, or made of nothing."""
    there = {path.name: path.read_text() for path in folder.glob("*") if path.is_file()}
    return sorted(n for n in there.keys() | made.keys() if there.get(n) != made.get(n))


def write(folder, made, changed, keep):
    """Files made of nothing are removed, unless what they were made of is only refused."""
    for name in changed:
        if name in made:
            (folder / name).write_text(made[name])
            print(f"gen/{name}")
        elif not keep and "Never edit." in (folder / name).read_text().split("\n", 1)[0]:
            (folder / name).unlink()
            print(f"gen/{name} removed")


def main(arguments):
    check = "--check" in arguments
    roots = [pathlib.Path(a) for a in arguments if a != "--check"]
    root = (roots[0] if roots else formats.ROOT).resolve()
    ragel_version()
    made, refusals = build(root)
    folder = root / "gen"
    folder.mkdir(exist_ok=True)
    changed = differing(folder, made)
    if check:
        if changed and not refusals:
            refusals.append("gen/ is not what its sources make; run `make gen`: "
                            + ", ".join(changed))
    else:
        write(folder, made, changed, keep=bool(refusals))
    if refusals:
        raise Refused("\n".join(refusals))
    if check:
        print(f"gen-check: {len(made)} files are what their sources make")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        sys.exit(f"{refused}")

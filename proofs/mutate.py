"""Small changes for the worse: of one source of the core, the list of all that mutants.py may choose from.

The text is read with patterns, which the house's style makes enough: operators have blanks on both sides,
functions begin and end in column 0, constants are in capitals. What is no change at all, or no C, is
sorted out by the compiler later.
"""
import re
from dataclasses import dataclass, field

OPERATORS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "&&": ("||",), "||": ("&&",), "+": ("-",), "-": ("+",), "*": ("+",), "/": ("*",), "%": ("/",),
    "&": ("|",), "|": ("&",), "^": ("|",), "+=": ("-=",), "-=": ("+=",), "|=": ("&=",), "^=": ("|=",),
}
OPERATOR = re.compile(r"(?<=\s)(?:[<>=!]=|[-+|^]=|&&|\|\||[-+*/%&|^<>])(?=\s)")
LITERAL = re.compile(r"\b(0x[0-9A-Fa-f]+|\d+)(u?)\b")
NAMED = re.compile(r"(?<!sizeof )\b[A-Z][A-Z0-9_]{2,}\b(?!\()")
FUNCTION = re.compile(r"^(?:static )?(?:const )?\w[\w *]*?\b(\w+)\([^;{]*?\)\n\{\n(.*?)^\}", re.M | re.S)
DEFINE = re.compile(r"^#define (\w+) (.*)$", re.M)
MACHINE = re.compile(r"^%%\{.*?^\}%%", re.M | re.S)
ACTION = re.compile(r"\baction (\w+)\s*\{(.*?)\}", re.S)
STATE = re.compile(r"\b(\w+):\s*\((.*?)\)\s*>~in_(\w+)", re.S)
HEAD = re.compile(r"\b(?:if|for|while|switch) \(")
# a statement that is a declaration or leaves the function is not dropped
KEPT = re.compile(r"(?:static|const|struct|enum|unsigned|int|u?int\d+_t|size_t|volatile|br_\w+|return|fbreak)\b")


@dataclass
class Mutant:
    file: str
    kind: str
    functions: tuple             # those whose proof must fail
    edits: tuple                 # (start, end, new text), in order
    line: int
    change: str
    number: int = 0
    made: dict = field(default_factory=dict) # file name: text, of the C it comes to; none if refused
    refusal: str = ""            # what the generator said

    @property
    def name(self):
        return f"{self.file.split('/')[-1].split('.')[0]}-{self.functions[0]}-{self.number}"

    def text(self, original):
        for start, end, new in reversed(self.edits):
            original = original[:start] + new + original[end:]
        return original


def blank(match):
    return re.sub(r"\S", " ", match.group())


def masked(text):
    """The text without comments and strings, every character in its place."""
    text = MACHINE.sub(lambda m: re.sub(r"#.*", blank, m.group()), text)
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def closing(text, at):
    """Where the parenthesis that opens at `at` closes."""
    depth = 0
    for i in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return len(text)


def operand(text, at, step):
    """Where what && or || joins ends, from `at` on to the right (1) or to the left (-1)."""
    depth = 0
    while 0 <= at < len(text):
        depth += {"(": step, "[": step, ")": -step, "]": -step}.get(text[at], 0)
        pair = text[at:at + 2] if step > 0 else text[at - 1:at + 1]
        if depth < 0 or (depth == 0 and (text[at] in ";,?:{}" or pair in ("&&", "||", "= ", "n "))):
            break
        at += step
    return at if step > 0 else at + 1


class Source:
    def __init__(self, path, text):
        self.path, self.original = path, text
        self.text = masked(text)
        self.functions = {m.group(1): m.span(2) for m in FUNCTION.finditer(MACHINE.sub(blank, self.text))}
        self.found = []

    def add(self, kind, functions, *edits):
        start, end = edits[0][0], edits[-1][1]
        line = self.original.count("\n", 0, start) + 1
        before = self.original[self.original.rfind("\n", 0, start) + 1:(self.original + "\n").index("\n", end)]
        offset = self.original.rfind("\n", 0, start) + 1
        after = Mutant("", "", (), tuple((s - offset, e - offset, n) for s, e, n in edits), 0, "").text(before)
        change = " → ".join(" ".join(part.split()) for part in (before, after))
        self.found.append(Mutant(self.path, kind, functions, edits, line, change))

    def code(self, functions, start, end):
        """Every change of the C between two places."""
        self.operators(functions, start, end)
        self.constants(functions, start, end)
        self.conditions(functions, start, end)
        self.statements(functions, start, end)

    def operators(self, functions, start, end):
        for match in OPERATOR.finditer(self.text, start, end):
            for new in OPERATORS.get(match.group(), ()):
                self.add("operator", functions, (*match.span(), new))
            if match.group() in ("&&", "||"):
                right = operand(self.text, match.end() + 1, 1)
                self.add("condition", functions, (match.start(), right, ""))
                left = operand(self.text, match.start() - 2, -1)
                self.add("condition", functions, (left, match.end(), " "))
        for match in re.finditer(r"\+\+|--", self.text[start:end]):
            at = start + match.start()
            self.add("operator", functions, (at, at + 2, "--" if match.group() == "++" else "++"))

    def constants(self, functions, start, end):
        for match in LITERAL.finditer(self.text, start, end):
            if self.in_declaration(match.start()):
                continue
            value = int(match.group(1), 0)
            for new in sorted({value + 1, max(value - 1, 0), 0} - {value}):
                self.add("constant", functions, (*match.span(), f"{new}{match.group(2)}"))
        for match in NAMED.finditer(self.text, start, end):
            if not self.in_declaration(match.start()):
                for new in (f"({match.group()} + 1u)", f"({match.group()} - 1u)", "0"):
                    self.add("constant", functions, (*match.span(), new))

    def in_declaration(self, at):
        """An array that is too long is no mistake."""
        start = self.text.rfind("\n", 0, at) + 1
        line = self.text[start:self.text.index("\n", at)].strip()
        return bool(KEPT.match(line)) and "=" not in line and not line.startswith("return")

    def conditions(self, functions, start, end):
        for match in re.finditer(r"\b(if|while) \(", self.text[start:end]):
            opens = start + match.end() - 1
            for new in ("1", "0") if match.group(1) == "if" else ("0",):
                self.add("condition", functions, (opens + 1, closing(self.text, opens), new))

    def statements(self, functions, start, end):
        flat = self.text[:end]
        for match in HEAD.finditer(self.text, start, end):
            shut = closing(flat, match.end() - 1) + 1
            flat = flat[:match.start()] + " " * (shut - match.start()) + flat[shut:]
        flat = re.sub(r"\b(?:else|do|default:|case [^:\n]*:)", blank, flat)
        for match in re.finditer(r"[^\s;{}%][^;{}]*;", flat[start:end]):
            statement = match.group()
            if KEPT.match(statement):
                continue
            at = start + match.start()
            call = re.match(r"(?:\(void\))?\w+\(", statement)
            self.add("call" if call else "statement", functions, (at, start + match.end(), ";"))
            given = re.match(r"([^=;]*[^=;!<>|^+*-]) = (\w+\((?:[^()]|\([^()]*\))*\));$", statement, re.S)
            if given:
                answer = "SFU_OK" if given.group(1).endswith("status") else "0"
                self.add("call", functions, (at + given.start(2), at + given.end(2), answer))

    def machine(self):
        """Changes of what is between %%{ and }%%, all of which the step function must show."""
        section = MACHINE.search(self.text)
        steps = tuple(name for name, span in self.functions.items() if "write exec" in self.text[slice(*span)])
        effects = []
        for action in ACTION.finditer(self.text, *section.span()):
            self.code(steps, *action.span(2))
            if not action.group(1).startswith("in_"):
                effects.append(action.group(1))
        states = list(STATE.finditer(self.text, *section.span()))
        for state in states:
            self.transitions(steps, state, [s.group(1) for s in states], effects)

    def transitions(self, steps, state, states, effects):
        start, end = state.span(2)
        places = [m for m in re.finditer(r"\b[A-Z]+\b", self.text[start:end])]
        named = list(dict.fromkeys(m.group() for m in places))
        for match in re.finditer(r"-> (\w+)", self.text[start:end]):
            for other in states:
                if other != match.group(1):
                    self.add("target", steps, (start + match.start(1), start + match.end(1), other))
        for match in re.finditer(r"@(\w+) ", self.text[start:end]):
            self.add("effect", steps, (start + match.start(), start + match.end(), ""))
            for other in effects:
                if other != match.group(1):
                    self.add("effect", steps, (start + match.start(1), start + match.end(1), other))
        for first, second in zip(named, named[1:]):
            swap = {first: second, second: first}
            self.add("events", steps, *((start + m.start(), start + m.end(), swap[m.group()])
                                        for m in places if m.group() in swap))
        # one move less: an event that is refused by being absent, or that falls to the rest
        for match in re.finditer(r"(?:\| )?([A-Z]+)\s+(?:@\w+\s+)?-> \w+ *(?:\|(?= *\n))?", self.text[start:end]):
            edits = [(start + match.start(), start + match.end(), "" if match.start() else "( ")]
            self.add("transition", steps, *edits)
            rest = re.search(rf"(?:\| )?\b{match.group(1)}\b(?: \|)?", self.text[start + match.end():end])
            if rest:
                at = start + match.end()
                both = rest.group().startswith("|") and rest.group().endswith("|")
                self.add("transition", steps, *edits,
                         (at + rest.start(), at + rest.end(), "|" if both else ""))

    def defines(self):
        for match in DEFINE.finditer(self.text):
            users = tuple(name for name, span in self.functions.items()
                          if re.search(rf"\b{match.group(1)}\b", self.text[slice(*span)]))
            if users:
                self.constants(users, *match.span(2))


def candidates(path, text):
    """{function: every change for which its proof must fail}"""
    source = Source(path, text)
    for name, span in source.functions.items():
        source.code((name,), *span)
    source.defines()
    if path.endswith(".rl"):
        source.machine()
    of = {}
    for mutant in source.found:
        of.setdefault(mutant.functions[0], []).append(mutant)
    return of

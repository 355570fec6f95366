"""FORMATS, a module for Maude, made of the section Personalization of spec/formats.md.

What the model says of a message it says by the names of the fields, in the order of the tables; what it says of a key or a hash
it says by its name there. Both come from the page, by this program: a field or an input that is added, dropped or
renamed there is one that the model does not know or misses, and then it cannot be read. Of what the page says in prose
the words are demanded as they were when the model was made.

    op CHALLENGE{protocol:_, signer:_, ...} : Term Term ... -> Term     a message, or its bytes up to some field
    op uid, op set-uid                                                  a field of a message, and a message with another
    op box-key : Term Term Term -> Term                                 a derived key, of what its formula names, in that order
    op transcript-hash : Term Term -> Term                              a hash, of the messages that its formula names

In Maude an underscore cannot be part of a name: `public_key` is `public-key` there.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "build-aux"))
import formats  # noqa: E402

STRUCTS = ("CHALLENGE", "PERMIT", "RECEIPT")
DERIVED = {"A, the attest key": "attest-key", "K, the OEM key": "OEM-key", "D, the device key": "device-key",
           "box key": "box-key", "receipt key": "receipt-key", "fingerprint": "fingerprint-of",
           "K_u, the key of one device": "unique-key"}
WORDS = {"product", "epoch", "uid", "empty", "random", "entropy", "key", "box hash", "transcript hash", "M", "E", "K", "A", "Z"}
# what the model takes from prose: (struct, field) or None, and the words that must be there
MEANT = [
    ("CHALLENGE", "signer", "id of the HSM's key that this device obeys"),
    ("CHALLENGE", "nonce", "random, fresh for every challenge"),
    ("CHALLENGE", "public_key", "X ‖ Y, ephemeral"),
    ("CHALLENGE", "mac", "HMAC-SHA-256 under A of the bytes before"),
    ("PERMIT", "signer", "id of the HSM's key"),
    ("PERMIT", "uid", "of the one device it is for"),
    ("PERMIT", "public_key", "X ‖ Y, ephemeral"),
    ("PERMIT", "box", "encrypted E ‖ random"),
    ("PERMIT", "tag", "of the box"),
    ("PERMIT", "signature", "by H over the transcript hash"),
    ("RECEIPT", "fingerprint", "of the key the device decrypts with"),
    ("RECEIPT", "transcript", "first 16 bytes of the transcript hash"),
    ("RECEIPT", "mac", "first 16 bytes of HMAC-SHA-256(receipt key, the bytes before)"),
    (None, None, "The **box** is E ‖ random, 32 bytes each, under ChaCha20-Poly1305 (RFC 8439) with the box key, a nonce of "
                 "zeros and no associated data."),
    (None, None, "Z is X of the ECDH secret, 32 bytes big-endian"),
    (None, None, "entropy is the chip's, random the HSM's"),
    (None, None, "shows the HSM that a device is one of ours"),
    (None, None, "E is the seed that the HSM keeps"),
    (None, None, "of K, or K_u where the device keeps that"),
]


class Drifted(Exception):
    """The page says something that the model does not know."""


def name(text):
    return text.strip("`").replace("_", "-").replace(" ", "-")


def section(page):
    found = re.search(r"^## Personalization$.*?(?=^## |\Z)", page, re.M | re.S)
    if not found:
        raise Drifted("spec/formats.md has no section Personalization")
    return found[0]


def structs(text):
    """{struct: [(field, meaning)]}"""
    found = {}
    for table in formats.tables("spec/formats.md", text):
        heading = re.match(r"### struct ([A-Z]+)\b", table.heading)
        if heading:
            rows = formats.body(table, ["offset", "size", "field", "meaning"])
            found[heading[1]] = [(field, meaning) for _, (_, _, field, meaning) in rows]
    if sorted(found) != sorted(STRUCTS):
        raise Drifted(f"the structs of Personalization are {', '.join(found)}; the model knows {', '.join(STRUCTS)}")
    return found


def meanings(text, known):
    flat = " ".join(text.split())
    for struct, field, words in MEANT:
        if struct is None:
            if " ".join(words.split()) not in flat:
                raise Drifted(f'the page does not say any more: "{words}"')
        elif dict(known[struct]).get(field) != words:
            raise Drifted(f'{struct}.{field} is "{dict(known[struct]).get(field)}"; the model takes it for "{words}"')


def pattern(struct, fields):
    return f"{struct}{{{', '.join(name(f) + ':_' for f in fields)}}}"


def filled(struct, fields):
    return f"{struct}{{{', '.join(f'{name(f)}: V{n}:Term' for n, f in enumerate(fields))}}}"


def message_lines(known):
    for struct, rows in known.items():
        fields = [field for field, _ in rows]
        cuts = {len(fields), len(fields) - 1}  # whole, and without its last field: MAC or signature
        if struct == "PERMIT":
            cuts.add(fields.index("public_key") + 1)
        for count in sorted(cuts):
            head = fields[:count]
            yield f"  op {pattern(struct, head)} : {' '.join(['Term'] * count)} -> Term [ctor] ."
            yield f"  eq parts({filled(struct, head)}) = {' ; '.join(f'V{n}:Term' for n in range(count))} ."
            if count < len(fields):
                yield f"  op {struct}-to-{name(head[-1])} : Term -> Term ."
                yield f"  eq {struct}-to-{name(head[-1])}({filled(struct, fields)}) = {filled(struct, head)} ."
        yield f"  op is-{struct} : Term -> Bool ."
        yield f"  eq is-{struct}({filled(struct, fields)}) = true ."
        yield f"  eq is-{struct}(T:Term) = false [owise] ."
        for n, field in enumerate(fields):
            yield f"  op {name(field)} : Term -> Term ."
            yield f"  eq {name(field)}({filled(struct, fields)}) = V{n}:Term ."
            yield f"  op set-{name(field)} : Term Term -> Term ."
            yield (f"  eq set-{name(field)}({filled(struct, fields)}, T:Term) = "
                   + filled(struct, fields).replace(f"V{n}:", "T:") + " .")


def words(text):
    """`"sfu box" ‖ box hash` as [("label", "sfu box"), ("input", "box-hash")]."""
    found = []
    for word in (w.strip() for w in text.split("‖")):
        if re.fullmatch(r'"[ -~]*"', word):
            found.append(("label", word.strip('"')))
        elif word in WORDS:
            found.append(("input", name(word)))
        else:
            raise Drifted(f"the model does not know `{word}` in {text}")
    return found


def derived(text):
    """[(name, whether only its first 16 bytes, words of HKDF's three arguments)]"""
    rows = next((formats.body(t, ["derived", "formula", "for"]) for t in formats.tables("spec/formats.md", text)
                 if t.rows and "derived" in t.rows[0][1]), [])
    names = {what for _, (what, _, _) in rows}
    if names != set(DERIVED):
        raise Drifted(f"derived keys that only one of page and model knows: {', '.join(sorted(names ^ set(DERIVED)))}")
    for where, (what, formula, _) in rows:
        match = re.fullmatch(r"(first 16 bytes of )?HKDF\(([^,]*), ([^,]*), ([^,]*)\)", formula)
        if not match:
            raise Drifted(f"{where}: no formula that the model knows: {formula}")
        yield DERIVED[what], bool(match[1]), [words(part) for part in match.groups()[1:]]


def hashes(text):
    """[(name, words of what is hashed)], of which a message is ("message", struct, its last field or None)"""
    found = re.findall(r"^The \*\*((?:box|transcript) hash)\*\* is SHA-256\((.*)\)\.$", text, re.M)
    if [what for what, _ in found] != ["box hash", "transcript hash"]:
        raise Drifted("the page has not one line each for box hash and transcript hash")
    for what, formula in found:
        parts = []
        for word in (w.strip() for w in formula.split("‖")):
            upto = re.fullmatch(r"([A-Z]+) up to `(\w+)` and with it", word)
            without = re.fullmatch(r"([A-Z]+) without its signature", word)
            struct = (upto or without or [word, word])[1]
            if re.fullmatch(r'"[ -~]*"', word):
                parts.append(("label", word.strip('"')))
            elif struct in STRUCTS:
                parts.append(("message", struct, upto[2] if upto else "tag" if without else None))
            else:
                raise Drifted(f"the model does not know `{word}` in the {what}")
        yield name(what), parts


def derived_lines(text):
    def term(kind, word):
        return f'"{word}"' if kind == "label" else word if word == "empty" else f"{word}:Term"
    for what, short, arguments in derived(text):
        inputs = list(dict.fromkeys(w for part in arguments for kind, w in part if kind == "input" and w != "empty"))
        value = "HKDF(" + ", ".join(" || ".join(term(*word) for word in part) for part in arguments) + ")"
        yield f"  op {what} : {' '.join(['Term'] * len(inputs))} -> Term ."
        yield f"  eq {what}({', '.join(f'{i}:Term' for i in inputs)}) = {f'first-16({value})' if short else value} ."


def hash_lines(text):
    for what, parts in hashes(text):
        messages = [part[1] for part in parts if part[0] == "message"]
        terms = [f'"{part[1]}"' if part[0] == "label" else f"{part[1]}-to-{name(part[2])}({part[1]}:Term)" if part[2]
                 else f"{part[1]}:Term" for part in parts]
        yield f"  op {what} : {' '.join(['Term'] * len(messages))} -> Term ."
        yield f"  eq {what}({', '.join(f'{m}:Term' for m in messages)}) = SHA-256({' || '.join(terms)}) ."


def constant_lines(text):
    names = re.findall(r"^\| ([A-Z]+) \|", text[text.index("### constants PERSONAL"):], re.M)
    for constant in names:
        yield f"  op PERSONAL-{constant} : -> Public [ctor] ."


def module(page):
    text = section(page)
    known = structs(text)
    meanings(text, known)
    lines = ["*** Generated by spec/model/personalize/generate.py from spec/formats.md.", "fmod FORMATS is",
             "  including TERMS ."]
    lines += message_lines(known)
    lines += derived_lines(text)
    lines += hash_lines(text)
    lines += constant_lines(text)
    return "\n".join(lines + ["endfm", ""])


if __name__ == "__main__":
    print(module(pathlib.Path("spec/formats.md").read_text()), end="")

#!/usr/bin/env python3
"""Writes word_table.c: how `standard` finds words, as a state machine over kinds of characters.

usage: make_word_table.py [UNICODE_DIRECTORY] > word_table.c      (Debian package unicode-data 15.0)

Run by hand, and its output kept: words are part of what an index is. They are those of Unicode 12.1, whatever Unicode or
ICU a build machine has; a newer one must not cut the words of a query differently from those of an index on disk.
"""
import collections
import pathlib
import sys

UNICODE = 12.1
LAST = 0x10FFFF
BLOCK = 32  # characters, and entries of the middle table, that are stored once if alike

# What Unicode has changed since 12.1 about characters that it had then: no part of a word at that time,
LATER_WORDS = [(0x2E5, 0x2EB), (0x55A, 0x55A), (0x55F, 0x55F), (0x58A, 0x58A), (0xA708, 0xA716), (0x16FE2, 0x16FE2)]
# and room kept for pictographs that other symbols have taken.
EARLIER_PICTOGRAPHS = [(0x1FB00, 0x1FBFF)]


# --- Characters: the labels of each, as the grammar below names them.

def read_property(path):
    """{character: its values} of a file of the Unicode character database."""
    values = collections.defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = [field.strip() for field in line.split("#")[0].split(";")]
        if len(fields) < 2:
            continue
        first, _, last = fields[0].partition("..")
        for character in range(int(first, 16), int(last or first, 16) + 1):
            values[character].add(fields[1])
    return values


def label_characters(unicode):
    """[labels of character 0, of character 1, ...]."""
    age = read_property(unicode / "DerivedAge.txt")
    word_break = read_property(unicode / "auxiliary/WordBreakProperty.txt")
    script = read_property(unicode / "Scripts.txt")
    line_break = read_property(unicode / "LineBreak.txt")
    emoji = read_property(unicode / "emoji/emoji-data.txt")
    later = {c for first, last in LATER_WORDS for c in range(first, last + 1)}
    labels = [set() for _ in range(LAST + 1)]
    for c in range(LAST + 1):
        if c not in later and age[c] and float(min(age[c])) <= UNICODE:
            labels[c] |= word_break[c] | script[c] & {"Han", "Hiragana"} | line_break[c] & {"SA"}
        labels[c] |= emoji[c] & {"Extended_Pictographic", "Emoji_Modifier"}
    for first, last in EARLIER_PICTOGRAPHS:
        for c in range(first, last + 1):
            labels[c].add("Extended_Pictographic")
    for c in b"0123456789#*":
        labels[c].add("Keycap_Base")
    labels[0x20E3].add("Keycap")
    labels[0xFE0E].add("Text_Style")
    labels[0xFE0F].add("Emoji_Style")
    for c in range(0xE0020, 0xE007F):
        labels[c].add("Tag")
    labels[0xE007F].add("Tag_End")
    return labels


def read_lower_case(unicode):
    """{character: its simple lower case}: UnicodeData.txt, field 13."""
    lower = {}
    for line in (unicode / "UnicodeData.txt").read_text(encoding="utf-8").splitlines():
        fields = line.split(";")
        if fields[13]:
            lower[int(fields[0], 16)] = int(fields[13], 16)
    return lower


# --- Grammar: what a word is. An expression is a function that adds itself to a machine, from one state to another.

class Machine:
    """A nondeterministic machine: edges[state] holds (label test or None, next state)."""

    def __init__(self):
        self.edges = []

    def state(self):
        self.edges.append([])
        return len(self.edges) - 1

    def link(self, source, target, test=None):
        self.edges[source].append((test, target))


def one(*wanted, besides=()):
    """One character that has a label of `wanted` and none of `besides`."""
    return lambda machine, source, target: machine.link(
        source, target, lambda labels: bool(labels & set(wanted)) and not labels & set(besides))


def chain(*parts):
    def add(machine, source, target):
        for part in parts:
            end = machine.state()
            part(machine, source, end)
            source = end
        machine.link(source, target)
    return add


def either(*parts):
    def add(machine, source, target):
        for part in parts:
            part(machine, source, target)
    return add


def any_number(part):
    def add(machine, source, target):
        loop = machine.state()
        machine.link(source, loop)
        part(machine, loop, loop)
        machine.link(loop, target)
    return add


def optional(part):
    return either(part, chain())


def some(part):
    return chain(part, any_number(part))


def word_grammar():
    # UAX #29, WB4: marks and format characters belong to the character before them.
    marks = any_number(one("Extend", "Format", "ZWJ"))

    def marked(*wanted):
        return chain(one(*wanted), marks)

    # WB5 to WB13b. A full stop joins letters, and digits, but not a letter and a digit.
    letters = chain(marked("ALetter", "Hebrew_Letter"),
                    any_number(chain(marked("MidLetter", "MidNumLet", "Single_Quote"), marked("ALetter", "Hebrew_Letter"))))
    digits = chain(marked("Numeric"), any_number(chain(marked("MidNum", "MidNumLet", "Single_Quote"), marked("Numeric"))))
    hebrew = chain(marked("Hebrew_Letter"),
                   either(marked("Single_Quote"), chain(marked("Double_Quote"), marked("Hebrew_Letter"))))
    run = either(some(either(letters, digits, hebrew)), some(marked("Katakana")))
    underscores = any_number(marked("ExtendNumLet"))
    word = chain(underscores, run, any_number(chain(marked("ExtendNumLet"), underscores, run)), underscores)

    # What needs a dictionary elsewhere: South-East Asian runs stay whole, ideographs and Hiragana stand alone.
    unspaced = either(some(marked("SA")), marked("Han"), marked("Hiragana"))

    # UTS #51: a style selector is part of the sequence, not a mark.
    emoji_marks = any_number(one("Extend", "Format", "ZWJ", besides=("Text_Style", "Emoji_Style")))
    style = optional(one("Emoji_Style"))
    pictograph = either(chain(any_number(one("ZWJ")), one("Extended_Pictographic"), emoji_marks, style),
                        chain(one("Emoji_Modifier"), emoji_marks))
    emoji = either(chain(pictograph, any_number(chain(one("ZWJ"), pictograph))),
                   chain(pictograph, some(one("Tag")), one("Tag_End")),
                   chain(one("Keycap_Base"), emoji_marks, style, one("Keycap"), emoji_marks),
                   chain(marked("Regional_Indicator"), marked("Regional_Indicator")))
    return either(word, unspaced, emoji)


# --- The smallest deterministic machine for it.

def closure(machine, states):
    """`states` and all that is reached from them without a character."""
    reached, waiting = set(states), list(states)
    while waiting:
        for test, target in machine.edges[waiting.pop()]:
            if test is None and target not in reached:
                reached.add(target)
                waiting.append(target)
    return frozenset(reached)


def determine(machine, start, final, alphabet):
    """(rows, accepting): rows[state][letter] is the next state; state 0 is the dead one, 1 the first."""
    numbers = {frozenset(): 0, closure(machine, [start]): 1}
    waiting, rows = list(numbers), []
    for states in waiting:
        row = []
        for labels in alphabet:
            after = closure(machine, {target for state in states for test, target in machine.edges[state]
                                      if test and test(labels)})
            if after not in numbers:
                numbers[after] = len(numbers)
                waiting.append(after)
            row.append(numbers[after])
        rows.append(row)
    return rows, [final in states for states in waiting]


def minimise(rows, accepting):
    """States that no continuation tells apart become one; those that accept come last."""
    group = [int(accepts) for accepts in accepting]
    while True:
        shape = [(group[state],) + tuple(group[target] for target in row) for state, row in enumerate(rows)]
        finer = {key: number for number, key in enumerate(dict.fromkeys(shape))}
        if len(finer) == len(set(group)):
            break
        group = [finer[key] for key in shape]
    kept = sorted(dict.fromkeys(group), key=lambda g: accepting[group.index(g)])
    new = {old: number for number, old in enumerate(kept)}
    small = [[new[group[target]] for target in rows[group.index(old)]] for old in kept]
    return small, sum(not accepting[group.index(old)] for old in kept)


def make_machine(alphabet):
    machine = Machine()
    start, final = machine.state(), machine.state()
    word_grammar()(machine, start, final)
    return minimise(*determine(machine, start, final, alphabet))


# --- Tables.

def share_blocks(entries):
    """(index, blocks): entry i is blocks[index[i // BLOCK] * BLOCK + i % BLOCK]."""
    numbers, index = {}, []
    for at in range(0, len(entries), BLOCK):
        index.append(numbers.setdefault(tuple(entries[at:at + BLOCK]), len(numbers)))
    return index, [entry for block in numbers for entry in block]


def byte_role(byte, labels):
    """See word_table.h."""
    if labels[byte] & {"ALetter", "Numeric"} and byte < 0x80:
        return ord(chr(byte).lower())
    if labels[byte] & {"ExtendNumLet", "Keycap_Base"} or byte >= 0x80:
        return 2
    return int(bool(labels[byte] & {"MidLetter", "MidNum", "MidNumLet", "Single_Quote"}))


def print_array(declaration, values):
    print(f"\n{declaration} = {{")
    line = ""
    for value in values:
        if len(line) + len(f"{value},") > 100:
            print(line)
            line = ""
        line += f"{value},"
    print(line + "};")


def main():
    unicode = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode")
    labels = [frozenset(of_character) for of_character in label_characters(unicode)]
    lower = read_lower_case(unicode)
    alphabet = list(dict.fromkeys(labels))
    rows, first_accepting = make_machine(alphabet)
    columns = list(zip(*rows))
    classes = list(dict.fromkeys(columns))  # letters that no state tells apart are one class
    class_of = {letter: classes.index(column) for letter, column in zip(alphabet, columns)}
    kinds = {}
    kind_of = []
    for c in range(LAST + 1):
        word_class = class_of[labels[c]]
        kind = (word_class, lower.get(c, c) - c if word_class != class_of[frozenset()] else 0)
        kind_of.append(kinds.setdefault(kind, len(kinds)))
    middle, leaves = share_blocks(kind_of)
    top, middle = share_blocks(middle)

    print("/* Made by make_word_table.py, which says what this is; not to be edited. */")
    print('#include "search/analysis/word_table.h"\n')
    print("/* clang-format off */")
    print(f'_Static_assert(Q__WORD_CLASSES == {len(classes)}, "as in word_table.h");')
    print(f"_Static_assert(Q__WORD_ACCEPTING == {first_accepting}, \"as in word_table.h\");")
    print_array("const uint8_t q__word_next[]", [value for row in zip(*classes) for value in row])
    print_array("const struct q__word_kind q__word_kinds[]", [f"{{{a},{b}}}" for a, b in kinds])
    print_array("const uint8_t q__word_bytes[256]", [byte_role(byte, labels) for byte in range(256)])
    print_array("const uint8_t q__word_top[]", top)
    print_array("const uint16_t q__word_middle[]", middle)
    print_array("const uint8_t q__word_leaves[]", leaves)


if __name__ == "__main__":
    main()

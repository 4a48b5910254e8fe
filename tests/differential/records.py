"""Made-up documents and what happens to them: puts, puts again and deletes. Everything comes from one `random.Random`, so that a seed
is a whole case."""
import json

MAPPING = {"mappings": {"dynamic": False, "properties": {
    "name": {"type": "text", "analyzer": "standard"},
    "notes": {"type": "text", "analyzer": "standard"},
    "code": {"type": "keyword"},
    "plan": {"type": "keyword"},
    "tags": {"type": "keyword"},
    "joined": {"type": "date"},
    "age": {"type": "integer"},
    "balance": {"type": "double"},
    "active": {"type": "boolean"}}}}

# `dynamic` is OpenSearch's alone: the embedded engine never adds a field.
EMBEDDED_MAPPING = {"mappings": {"properties": MAPPING["mappings"]["properties"]}}

STEMS = ("smith martin anders johansson wu li katherine margaret garcia rodriguez oneill mueller robin stewart baker "
         "claim review denied approved pending urgent follow records visit plan renewal payment overdue called letter").split()
ODD_WORDS = ["o'brien", "x86", "wi.fi", "baseline2024", "1,234.56", "a_b", "jean-luc", "İstanbul", "ΣΊΣΥΦΟΣ", "naïve", "cafe\u0301", "café",
             "東京", "とうきょう", "カタカナ", "서울", "ภาษาไทย", "👍🏽", "👩‍👩‍👧", "🇨🇭", "a:b", "me@site.example", "𝒳𝒴", "ß", "I", "w" * 260]
PLANS = ["gold", "silver", "bronze", "Gold", ""]
TAGS = ["vip", "new york", "north", "south", "Ünïcode", "0042", "a", "b"]
LETTERS = "abcdeimnorst"


def misspelt(dice, word):
    """One edit away, or none where the word is too short to lose a letter."""
    at = dice.randrange(len(word))
    kind = dice.choice(["insert", "delete", "replace", "swap"])
    if kind == "insert":
        return word[:at] + dice.choice(LETTERS) + word[at:]
    if kind == "delete" and len(word) > 1:
        return word[:at] + word[at + 1:]
    if kind == "replace":
        return word[:at] + dice.choice(LETTERS) + word[at + 1:]
    return word[:at] + word[at:at + 2][::-1] + word[at + 2:]


class Vocabulary:
    """Words of which some are common and most are rare, and many differ by an edit or two."""

    def __init__(self, dice):
        self.words = list(STEMS)
        for _ in range(dice.choice([20, 200])):
            self.words.append(misspelt(dice, dice.choice(self.words)))
        self.words += dice.sample(ODD_WORDS, 8)
        dice.shuffle(self.words)
        if dice.random() < 0.3:  # so few that many clauses find a document together
            self.words = self.words[:10]

    def word(self, dice):
        return self.words[int(len(self.words) * dice.random() ** 3)]

    def text(self, dice, words_max):
        """Words, some in another case, between some kinds of stops."""
        count = int(words_max * dice.random() ** 2) + 1
        return "".join(dice.choice([str, str, str, str.upper, str.title])(self.word(dice)) + dice.choice([" "] * 8 + [", ", ". ", "/", "\n"])
                       for _ in range(count)).strip()


def maybe(dice, document, name, chance, value):
    """Sets a member, or leaves it out; sometimes it is null or an empty array, which say the same."""
    if dice.random() < chance:
        document[name] = value()
    elif dice.random() < 0.2:
        document[name] = dice.choice([None, []])


def one_or_more(dice, value, count_max=3):
    return value() if dice.random() < 0.7 else [value() for _ in range(dice.randint(1, count_max))]


def code(dice):
    return f"mbr-{dice.randrange(300):05}"


def milliseconds(dice):
    """Since 1970. A negative number of ten digits is a year to OpenSearch, and too early a one."""
    drawn = dice.randrange(-10**11, 2 * 10**12)
    return abs(drawn) if -10**10 < drawn else drawn


def moment(dice):
    """A date in one of the forms that `strict_date_optional_time||epoch_millis` takes."""
    year, month, day = dice.randint(1960, 2026), dice.randint(1, 12), dice.randint(1, 28)
    hour, minute, second, milli = dice.randrange(24), dice.randrange(60), dice.randrange(60), dice.randrange(1000)
    return dice.choice([
        f"{year:04}-{month:02}-{day:02}", f"{year:04}-{month:02}", f"{year:04}",
        f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z",
        f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}+02:00",
        f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}", milliseconds(dice)])


def document(dice, vocabulary, words_max):
    made = {}
    maybe(dice, made, "name", 0.95, lambda: one_or_more(dice, lambda: vocabulary.text(dice, 4)))
    maybe(dice, made, "notes", 0.8, lambda: one_or_more(dice, lambda: vocabulary.text(dice, words_max)))
    maybe(dice, made, "code", 0.95, lambda: code(dice))
    maybe(dice, made, "plan", 0.9, lambda: dice.choice(PLANS))
    maybe(dice, made, "tags", 0.7, lambda: one_or_more(dice, lambda: dice.choice(TAGS)))
    maybe(dice, made, "joined", 0.9, lambda: one_or_more(dice, lambda: moment(dice), 2))
    maybe(dice, made, "age", 0.9, lambda: one_or_more(dice, lambda: dice.randint(-5, 99)))
    maybe(dice, made, "balance", 0.9, lambda: dice.choice([0, -0.0, 1.5, dice.uniform(-1e3, 1e3), dice.uniform(-1, 1) * 10 ** dice.randint(-300, 300)]))
    maybe(dice, made, "active", 0.9, lambda: dice.choice([True, False, "true", "false"]))
    return made


class History:
    """What was done, in order: [id, document] is a put, [id, None] a delete, None a refresh."""

    def __init__(self, dice, vocabulary):
        count = dice.choice([1, 5, 40, 300, 1000])
        words_max = dice.choice([5, 30, 120])
        self.steps = []
        for _ in range(count):
            self.steps.append(self.step(dice, vocabulary, words_max, count))
            if dice.random() < 3 / count:
                self.steps.append(None)

    def step(self, dice, vocabulary, words_max, count):
        which = f"d{dice.randrange(count * 2)}"
        return [which, None] if dice.random() < 0.15 else [which, document(dice, vocabulary, words_max)]


def living(steps):
    """The documents that are left, by id, in the order of their last puts."""
    left = {}
    for step in filter(None, steps):
        left.pop(step[0], None)
        if step[1] is not None:
            left[step[0]] = step[1]
    return left


def batches(steps):
    """The lines of bulk requests between the refreshes."""
    lines, out = [], []
    for step in [*steps, None]:
        if step is None:
            if lines:
                out.append("".join(lines))
            lines = []
        elif step[1] is None:
            lines.append(json.dumps({"delete": {"_id": step[0]}}) + "\n")
        else:
            lines.append(json.dumps({"index": {"_id": step[0]}}) + "\n" + json.dumps(step[1]) + "\n")
    return out

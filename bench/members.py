#!/usr/bin/env python3
"""Members of made-up health plans, and what people ask for them: JSON lines, the same for the same arguments.

    members.py members COUNT > members.ndjson
    members.py queries COUNT members.ndjson > queries.ndjson

Names follow Zipf's law over listed ones and a long tail of composed ones; a note has up to 60 words of a small
vocabulary; ids and addresses are all different. A query is a name, a word of a note, an id or an address, as it stands,
with a typing error or two, or as far as it has been typed.
"""
import bisect
import itertools
import json
import random
import sys
import unicodedata

FIRST_NAMES = """
mary john linda james susan robert karen david lisa michael nancy william betty thomas sandra charles ashley daniel emily
paul donna mark carol george amanda kevin melissa brian laura edward sharon ronald cynthia anthony amy jason anna jeffrey
ruth ryan martha jacob helen gary maria eric diane stephen alice jonathan julie larry joyce justin victoria scott kelly
brandon christina frank joan ben evelyn gregory lauren samuel judith raymond megan patrick andrea jack hannah dennis cheryl
jerry jacqueline tyler gloria aaron teresa henry kathryn adam sara peter janice nathan jean zachary abigail walter julia
kyle judy harold grace carl denise arthur amber roger marilyn keith danielle jeremy beverly lawrence sophia terry theresa
sean diana albert natalie jesse brittany austin charlotte joe marie ethan kayla bruce alexis willie lori jo al bo li wei mei
yu ai jin min hua ling yuki kenji naoko josé maría sofía andrés raúl mónica óscar lucía rené andré françois chloé hélène
jérôme loïc jürgen günther björn ümit özlem gökhan søren åsa øyvind łukasz michał jiří tomáš anne-marie jean-luc karl-heinz
mary-kate d'angelo o'shea fatima ahmed ali omar aisha priya rahul anjali vikram lakshmi arjun nkechi kwame abena dmitri olga
sergei natasha boris giovanni chiara matteo giulia ji-young thanh linh minh phuong siobhan niamh seamus
""".split()

LAST_NAMES = """
smith johnson brown garcia miller davis martinez lopez wilson anderson thomas taylor moore jackson martin lee perez white
harris clark lewis robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall
rivera campbell mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris
murphy cook rogers ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez
wood bennett gray mendoza ruiz hughes price alvarez castillo patel myers long ross foster powell jenkins perry russell bell
coleman butler barnes fisher vasquez simmons graham reynolds griffin wallace west cole hayes bryant gibson ellis tran medina
stevens murray ford marshall owens mcdonald kennedy wells vargas chen freeman webb tucker burns crawford olson porter hunter
gordon silva shaw snyder mason dixon hunt hicks holmes palmer wagner black boyd rose stone fox mills meyer rice schmidt
daniels ferguson stephens soto weaver payne grant dunn spencer hawkins arnold pierce hansen peters hart bradley knight
garcía lópez gonzález peña núñez müller schäfer köhler groß björk lindström sørensen nygård dvořák němec kovačević wójcik
zieliński ionescu yılmaz öztürk lefèvre côté bélanger o'brien o'connor o'neill d'souza smith-jones taylor-reed al-farsi
macdonald mackenzie mcgregor van-dyke vandenberg delacroix deluca wu ng ho le vu oh ma xu abe kato mori ono sato suzuki
""".split()

# Together some six thousand rare surnames.
BEGINNINGS = """
ash birch black bram bright broad brook burn cal carl clear cold cop dal dark dun east elder fair far fern flint frost gar
glen gold gran green hal harp hazel heath high holl iron kel king lang lark lin long mal mar mead mill moor nor oak old pem
quill raven red ridge rock ros row sand shel silver snow south stan star storm sun swan thorn tor under wald war wes whit
wild win wolf wren yar zell adam bor czer dob gryz jan kras mik pav rad stoj tod vas
""".split()
ENDINGS = """
acre bank beck berg bourne brook burgh bury by cliffe combe cote dale den ell er feld ford gate grove ham hart holm hurst
ing keld land ley low man march mere mont more ness ov ova pole port ridge rop sen shaw son stead stein stone ström thal
thorpe ton vale vic ville ward water way well wick wold wood worth ski ska enko ic ini etti ano escu oulos yan
""".split()

NOTE_WORDS = """
member visit called plan and the to about for with was in not account billing class card of on a enrolled update status
review pending active location phone email address renewed changed payment refund declined monthly annual premium basic
family senior guest pass eligibility verified insurance provider health advantage benefit program discount employer referral
code complaint equipment locker towel pool sauna yoga pilates cycling rowing treadmill strength personal trainer session
scheduled missed late early hours weekend morning evening holiday closed maintenance cleaning staff manager supervisor
escalated resolved follow-up voicemail message returned reached wrong number outdated records letter notice form signed
waiver consent medical clearance doctor therapy knee shoulder hip back balance fall wheelchair parking ramp elevator stairs
language spanish korean vietnamese interpreter hearing vision impaired caregiver spouse parent child daughter son transport
bus ride retired veteran student county state hospital clinic nurse screening blood pressure weight goal progress reward
points gift overdue balance invoice bank transfer autopay expired lapsed winback pilot survey feedback satisfied unhappy
temporary permanent hold freeze return moved away travel winter summer baseline household conversion corporate retention
""".split()

DOMAINS = ["example.com", "example.org", "example.net", "mail.example.com", "members.example.org"]
TAGS = ["new", "senior", "premium", "at-risk", "wheelchair", "veteran", "student", "family", "lapsed", "vip", "pilot"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Zipf:
    """Draws words, the first ones more often: the nth with a weight of 1 / n ** slope."""

    def __init__(self, words, slope):
        self.words = words
        self.sums = list(itertools.accumulate((n + 1) ** -slope for n in range(len(words))))

    def draw(self, rng):
        return self.words[bisect.bisect(self.sums, rng.random() * self.sums[-1])]


def surnames():
    composed = [begin + end for begin in BEGINNINGS for end in ENDINGS if begin[-1] != end[0]]
    random.Random("surnames").shuffle(composed)
    return [name.title() for name in LAST_NAMES + composed]


def ascii_letters(text):
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("ł", "l").replace("ı", "i").replace("ß", "ss"))
    return "".join(c for c in plain.lower() if c in LETTERS)


def moment(rng, first_year, years):
    return (f"{first_year + int(rng.random() * years)}-{1 + int(rng.random() * 12):02}-{1 + int(rng.random() * 28):02}"
            f"T{int(rng.random() * 24):02}:{int(rng.random() * 60):02}:{int(rng.random() * 60):02}Z")


def note(rng, words):
    """Often short, one in eight empty."""
    count = 0 if rng.random() < 0.125 else 1 + int(59 * rng.random() ** 1.5)
    drawn = [words.draw(rng) for _ in range(count)]
    for i in range(9, count, 10):
        drawn[i] += "."
    return " ".join(drawn)


def members(count):
    rng = random.Random("members")
    first, last = Zipf([name.title() for name in FIRST_NAMES], 0.75), Zipf(surnames(), 0.75)
    words, tenants = Zipf(NOTE_WORDS, 0.6), Zipf([f"tenant-{n:03}" for n in range(1, 201)], 0.7)
    for number in range(1, count + 1):
        fname, lname = first.draw(rng), last.draw(rng)
        if rng.random() < 0.02:
            lname += " " + rng.choice(["Jr", "Sr", "II", "III", "de la Cruz", "van Dyk"])
        yield {"member_id": f"mbr-{number:07}", "tenant_id": tenants.draw(rng),
               "email": f"{ascii_letters(fname)}.{ascii_letters(lname)}{number}@{rng.choice(DOMAINS)}",
               "fname": fname, "lname": lname, "status_notes": note(rng, words),
               "tags": rng.sample(TAGS, int(rng.random() * 5)),
               "created_at": moment(rng, 2020, 5), "updated_at": moment(rng, 2025, 1)}


def mistyped(rng, text, times=1):
    for _ in range(times):
        at, letter = int(rng.random() * len(text)), rng.choice(LETTERS)
        text = rng.choice([text[:at] + letter + text[at + 1:], text[:at] + letter + text[at:], text[:at] + text[at + 1:],
                           text[:at] + text[at + 1:at + 2] + text[at:at + 1] + text[at + 2:]]) or letter
    return text


def note_word(rng, member):
    return rng.choice(member["status_notes"].split() or ["member"])


KINDS = {  # of a hundred queries, so many, and how one comes from a member
    "first_name": (10, lambda rng, m: m["fname"]),
    "last_name": (12, lambda rng, m: m["lname"]),
    "full_name": (16, lambda rng, m: f"{m['fname']} {m['lname']}"),
    "one_typo": (12, lambda rng, m: mistyped(rng, rng.choice([m["fname"], m["lname"]]))),
    "two_typos": (8, lambda rng, m: mistyped(rng, m["lname"], 2)),
    "full_name_typo": (8, lambda rng, m: f"{m['fname'].lower()} {mistyped(rng, m['lname'].lower())}"),
    "partial": (7, lambda rng, m: m["lname"][:1 + int(rng.random() * (len(m["lname"]) - 1))]),
    "email": (6, lambda rng, m: m["email"]),
    "email_typo": (2, lambda rng, m: mistyped(rng, m["email"])),
    "member_id": (5, lambda rng, m: m["member_id"]),
    "member_id_typo": (2, lambda rng, m: mistyped(rng, m["member_id"])),
    "note_word": (4, note_word),
    "note_words": (4, lambda rng, m: f"{note_word(rng, m)} {note_word(rng, m)}"),
    "name_and_note": (2, lambda rng, m: f"{m['lname']} {note_word(rng, m)}"),
    "nothing": (2, lambda rng, m: "".join(rng.choice("qxzjvk") for _ in range(8))),
}


def some_lines(rng, path, count):
    """So many lines of a file, drawn with repetition."""
    with open(path, "rb") as file:
        total = sum(1 for _ in file)
    drawn = [int(rng.random() * total) for _ in range(count)]
    wanted = set(drawn)
    with open(path, encoding="utf-8") as file:
        lines = {number: line for number, line in enumerate(file) if number in wanted}
    return [lines[number] for number in drawn]


def queries(count, path):
    rng = random.Random("queries")
    deck = [kind for kind, (share, _) in KINDS.items() for _ in range(share)]
    for line in some_lines(rng, path, count):
        kind = rng.choice(deck)
        yield {"kind": kind, "text": KINDS[kind][1](rng, json.loads(line))}


def write(rows, path):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main():
    what, count, *rest = sys.argv[1:]
    rows = members(int(count)) if what == "members" else queries(int(count), rest[0])
    write(rows, "/dev/stdout")


if __name__ == "__main__":
    main()

"""Made-up requests over the documents of records.py, as OpenSearch's query DSL has them."""
import re

import records

TEXTS, KEYWORDS, VALUES = ["name", "notes"], ["code", "plan", "tags"], ["joined", "age", "balance", "active"]
DEPTH_MAX = 4


def texts_of(document):
    for name in TEXTS:
        value = document.get(name) or []
        yield from value if isinstance(value, list) else [value]


class Queries:
    def __init__(self, dice, vocabulary, steps):
        self.dice, self.vocabulary = dice, vocabulary
        self.texts = [text for document in records.living(steps).values() for text in texts_of(document)]
        self.leaves = [self.match_all, self.ids, self.term, self.term, self.terms, self.prefix, self.range, self.range, self.phrase, self.phrase, self.match, self.match, self.match,
                       self.multi_match, self.multi_match, self.multi_match]

    def request(self):
        dice = self.dice
        body = {"query": self.query(0), "_source": False, "track_total_hits": True}
        if dice.random() < 0.7:
            body["size"] = dice.choice([0, 1, 20, 1000])
        if dice.random() < 0.1:
            body["from"] = dice.choice([1, 7, 100])
        if dice.random() < 0.1:
            body["_source"] = self.source()
        if dice.random() < 0.2:
            body["highlight"] = self.highlight()
        if dice.random() < 0.2:
            self.add_sort(body)
        if dice.random() < 0.2:
            body["aggs"] = {kind.__name__: kind() for kind in dice.sample([self.terms_facet, self.histogram, self.date_histogram], dice.randint(1, 3))}
        return body

    def facet_order(self, made):
        if self.dice.random() < 0.4:
            made["order"] = {self.dice.choice(["_key", "_count"]): self.dice.choice(["asc", "desc"])}
        return made

    def terms_facet(self):
        dice = self.dice
        made = {"field": dice.choice(KEYWORDS + VALUES)}
        if dice.random() < 0.5:
            made["size"] = dice.choice([1, 3, 1000])
        if dice.random() < 0.3:
            made["min_doc_count"] = dice.choice([1, 2, 5])
        return {"terms": self.facet_order(made)}

    def histogram(self):
        """Not of balances: those that lie more than 4e18 bins from 0 are in one bin to us."""
        dice = self.dice
        made = {"field": "age", "interval": dice.choice([1, 5, 7, 0.5, 2.5, 33])}
        if dice.random() < 0.5:
            made["min_doc_count"] = dice.choice([1, 2])
        if dice.random() < 0.3:
            made["offset"] = dice.choice([0.25, 1, 3])
        return {"histogram": self.facet_order(made)}

    def date_histogram(self):
        dice = self.dice
        made = {"field": "joined"} | dice.choice([{"calendar_interval": dice.choice(["day", "1w", "week", "month", "1M", "quarter", "1q", "year", "1y"])},
                                                  {"fixed_interval": dice.choice(["12h", "30d", "1000d", "90m"])}])
        made["min_doc_count"] = dice.choice([1, 1, 2]) if made.get("fixed_interval") in ("12h", "90m") else dice.choice([0, 1, 2])
        if dice.random() < 0.3:
            made["offset"] = dice.choice(["+6h", "-1d", "+3d"])
        return {"date_histogram": self.facet_order(made)}

    def add_sort(self, body):
        dice = self.dice
        names = dice.sample(KEYWORDS + VALUES + ["_score", "_id"], dice.randint(1, 3)) + dice.choice([[], ["_doc"]])
        body["sort"] = [dice.choice([name, {name: dice.choice(["asc", "desc"])}, {name: self.order(name)}]) for name in names]
        if dice.random() < 0.3 and "from" not in body:
            body["search_after"] = [self.after(name) for name in names]

    def order(self, name):
        dice, made = self.dice, {"order": self.dice.choice(["asc", "desc"])}
        if not name.startswith("_") and dice.random() < 0.5:
            made["mode"] = dice.choice(["min", "max"])
        if not name.startswith("_") and dice.random() < 0.5:
            made["missing"] = dice.choice(["_first", "_last"])
        return made

    def after(self, name):
        dice = self.dice
        return {"_score": lambda: dice.choice([1, 0.5, 2.5]), "_id": lambda: f"d{dice.randrange(60)}", "_doc": lambda: dice.randrange(50),
                "joined": lambda: records.milliseconds(dice), "age": lambda: dice.randint(-5, 99),
                "balance": lambda: dice.uniform(-1e3, 1e3), "active": lambda: dice.choice([0, 1])}.get(name, lambda: self.keyword_value(name))()

    def completion(self):
        """How a word goes on, among some of the documents: as we are asked."""
        dice, field = self.dice, self.dice.choice(KEYWORDS)
        value = self.keyword_value(field)
        made = {"complete": {"field": field, "text": value[:dice.randint(0, len(value))], "size": dice.choice([1, 3, 20])}}
        return made | ({"filter": self.query(2)} if dice.random() < 0.7 else {})

    def source(self):
        names = self.dice.sample(["name", "notes", "tags", "na*", "*e", "nothing"], 2)
        return self.dice.choice([names, names[0], {"includes": names}, {"excludes": names}, {"includes": ["*"], "excludes": names}])

    def highlight(self):
        dice = self.dice
        made = {"type": "plain", "fields": {name: {} for name in dice.sample(TEXTS + KEYWORDS, dice.randint(1, 3))}}
        if dice.random() < 0.5:
            made["number_of_fragments"] = dice.choice([0, 1, 2, 10])
        if dice.random() < 0.5:
            made["fragment_size"] = dice.choice([10, 18, 50, 500])
        if dice.random() < 0.2:
            made |= {"pre_tags": ["["], "post_tags": ["]"], "encoder": "html"}
        return made

    def query(self, depth):
        inner = depth < DEPTH_MAX and self.dice.random() < (0.5 if depth == 0 else 0.3)
        return self.dice.choice([self.combination, self.combination, self.constant] if inner else self.leaves)(depth + 1)

    def with_boost(self, query):
        if self.dice.random() < 0.2:
            query["boost"] = self.dice.choice([0, 0.001, 0.5, 1, 1.7, 3])
        return query

    def match_all(self, _):
        return {"match_all": self.with_boost({})}

    def ids(self, _):
        return {"ids": self.with_boost({"values": [f"d{self.dice.randrange(60)}" for _ in range(self.dice.randint(0, 5))]})}

    def keyword_value(self, field):
        dice = self.dice
        value = {"code": lambda: records.code(dice), "plan": lambda: dice.choice(records.PLANS), "tags": lambda: dice.choice(records.TAGS)}
        return value[field]() if dice.random() < 0.9 else dice.choice(["nothing", ""])

    def value(self, field):
        """What a field may hold as one term; of a text, words are lower-cased."""
        dice = self.dice
        if field in KEYWORDS:
            return self.keyword_value(field)
        value = {"joined": lambda: self.moment(), "age": lambda: dice.choice([dice.randint(-9, 105), str(dice.randint(0, 99)), 17.5]),
                 "balance": lambda: dice.choice([0, 1.5, "1.5", -0.0, dice.uniform(-1e3, 1e3), 1e300]),
                 "active": lambda: dice.choice([True, False, "true", "false"])}
        return value[field]() if field in VALUES else self.vocabulary.word(dice).lower()

    def moment(self):
        """A date, or one that is reckoned from another; nothing that depends on the hour of the test."""
        dice = self.dice
        return records.moment(dice) if dice.random() < 0.7 else dice.choice(
            ["now-30y/y", "now-20y/M", "1999-12-31||/M", "2001-02-28||+1y/d", "2010-10-10T10:10||-3h/h", "1984||+10M", "now+1y"])

    def range(self, _):
        dice, made = self.dice, {}
        field = dice.choice(KEYWORDS + TEXTS[:1] + VALUES * 2)
        if dice.random() < 0.8:
            made[dice.choice(["gt", "gte"])] = self.value(field)
        if dice.random() < 0.8:
            made[dice.choice(["lt", "lte"])] = self.value(field)
        return {"range": {field: self.with_boost(made)}}

    def term(self, _):
        field = self.dice.choice(TEXTS + KEYWORDS + VALUES)
        value = self.value(field)
        return {"term": {field: value if self.dice.random() < 0.5 else self.with_boost({"value": value})}}

    def terms(self, _):
        field = self.dice.choice(TEXTS + KEYWORDS + VALUES)
        values = [self.value(field) for _ in range(self.dice.choice([0, 1, 2, 5, 30]))]
        return {"terms": self.with_boost({field: values})}

    def prefix(self, _):
        field = self.dice.choice(TEXTS + KEYWORDS)
        value = self.value(field)
        value = value[:self.dice.randint(0, len(value))]
        return {"prefix": {field: value if self.dice.random() < 0.5 else self.with_boost({"value": value})}}

    def minimum(self):
        """In any of its forms."""
        return self.dice.choice([0, 1, 2, 3, -1, -2, "2", "-1", "50%", "75%", "-25%", "-50%", "100%", "33%", "2<75%", "1<-1", "1 < 50% 3<-1", "3<-25% 2<1"])

    def words(self, count_max=4):
        """Some as they are, some misspelt, some twice."""
        dice = self.dice
        words = [self.vocabulary.word(dice) for _ in range(dice.randint(1, count_max))]
        words = [records.misspelt(dice, word) if dice.random() < 0.3 else word for word in words]
        if dice.random() < 0.1:
            words.append(dice.choice(words))
        return dice.choice([" ", " ", " ", ", ", "/"]).join(words) if dice.random() < 0.98 else dice.choice(["", " ", "--"])

    def phrase_words(self):
        """Neighbours in some text, sometimes in another order or with one left out."""
        dice = self.dice
        words = dice.choice(self.texts).split() if self.texts and dice.random() < 0.9 else [self.vocabulary.word(dice)]
        at = dice.randrange(len(words)) if words else 0
        words = words[at:at + dice.randint(1, 4)]
        if dice.random() < 0.3:
            dice.shuffle(words)
        if len(words) > 2 and dice.random() < 0.3:
            words.pop(1)
        return " ".join(words)

    def phrase(self, _):
        dice = self.dice
        options = {"slop": dice.choice([0, 1, 2, 5, 50])} if dice.random() < 0.6 else {}
        field = dice.choice(TEXTS * 4 + KEYWORDS)
        if dice.random() < 0.7:
            return {"match_phrase": {field: {"query": self.phrase_words()} | self.with_boost(options)}}
        fields = [name + dice.choice(["", "^2", "^0.5"]) for name in dice.sample(TEXTS + KEYWORDS, dice.randint(1, 3))]
        return {"multi_match": {"type": "phrase", "query": self.phrase_words(), "fields": fields} | self.with_boost(options)}

    def match_options(self):
        dice, options = self.dice, {}
        if dice.random() < 0.6:
            options["fuzziness"] = dice.choice(["AUTO", "AUTO", "AUTO", 0, 1, 2, "1"])
        if dice.random() < 0.4:
            options["prefix_length"] = dice.choice([0, 1, 2, 4])
        if dice.random() < 0.2:
            options["max_expansions"] = dice.choice([1, 2, 5, 200])
        if dice.random() < 0.25:
            options["operator"] = dice.choice(["and", "or"])
        if dice.random() < 0.2:
            options["minimum_should_match"] = self.minimum()
        return self.with_boost(options)

    def match(self, _):
        field = self.dice.choice(TEXTS * 3 + KEYWORDS)
        text = self.words() if field in TEXTS else self.keyword_value(field)
        return {"match": {field: {"query": text} | self.match_options()}} if self.dice.random() < 0.8 else {"match": {field: text}}

    def multi_match(self, _):
        dice = self.dice
        names = dice.sample(TEXTS + KEYWORDS, dice.randint(1, 5))
        fields = [name + dice.choice(["", "", "^2", "^0.5", "^1.3"]) for name in names]
        text = self.words() if dice.random() < 0.8 else records.code(dice)
        return {"multi_match": {"query": text, "fields": fields} | self.match_options()}

    def combination(self, depth):
        dice, made = self.dice, {}
        for name, count_max in ("must", 2), ("should", 3), ("filter", 2), ("must_not", 1):
            if dice.random() < 0.5:
                made[name] = [self.query(depth) for _ in range(dice.randint(1, count_max))]
        if dice.random() < 0.2:
            made["minimum_should_match"] = self.minimum()
        return {"bool": self.with_boost(made)}

    def constant(self, depth):
        return {"constant_score": self.with_boost({"filter": self.query(depth)})}


def parts(body):
    """All objects within a request."""
    if isinstance(body, dict):
        yield body
    for inner in body.values() if isinstance(body, dict) else body if isinstance(body, list) else []:
        yield from parts(inner)


def edits(a, b):
    """Insertions, deletions, replacements and swaps of neighbours that make one word the other."""
    before, row = [], list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]


def sorts_by_score(body):
    return any(part == "_score" or isinstance(part, dict) and "_score" in part for part in body.get("sort", []))


def is_settled(body):
    """Whether OpenSearch gives the same scores after each start. It does not where two words of a fuzzy match may stand for one
    term: then a hash table whose seed is the time of the start says which word's document frequency counts."""
    for part in parts(body):
        if "query" in part and part.get("fuzziness") not in (None, 0) and isinstance(part["query"], str):
            words = sorted(set(re.findall(r"[^\s,/.-]+", part["query"].lower())))
            if any(edits(a, b) <= 4 for i, a in enumerate(words) for b in words[:i]):
                return False
    return is_one_sum(body) or not sorts_by_score(body)


def texts_asked(query):
    """Every text that something is looked for by."""
    if isinstance(query, dict):
        query = [value for name, value in query.items() if name not in ("fields", "operator", "fuzziness", "minimum_should_match")]
    if isinstance(query, list):
        return [text for value in query for text in texts_asked(value)]
    return [query] if isinstance(query, str) else []


def has_twice(words):
    return len(words) > len(set(words))


def is_one_sum(body):
    """Whether scores must be equal to the last bit. Lucene makes one clause of what is asked for twice, with the sum of their boosts.
    So do we, but not of words that stand for several terms, nor where a filter or a minimum is beside it: a difference in the
    last bit."""
    texts = [re.findall(r"[^\s,/]+", text.lower()) for text in texts_asked(body["query"])]
    if not has_twice([word for words in texts for word in words]):
        return True
    return not any(has_twice(words) for words in texts) and not any("filter" in part or "minimum_should_match" in part for part in parts(body))


def completion_as_search(body):
    """As OpenSearch is asked for what `completion` asks of us."""
    asked = body["complete"]
    filters = [{"prefix": {asked["field"]: asked["text"]}}] + ([body["filter"]] if "filter" in body else [])
    only = "".join("\\" + letter if letter in '.?+*|{}[]()"\\#@&<>~^$-' else letter for letter in asked["text"]) + ".*"
    return {"size": 0, "query": {"bool": {"filter": filters}},
            "aggs": {"terms": {"terms": {"field": asked["field"], "size": asked["size"], "include": only}}}}

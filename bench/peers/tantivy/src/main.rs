//! tantivy beside quire (bench/search.py): search MEMBERS QUERIES INDEX SECONDS
//!
//! tantivy scores a fuzzy term by a constant and keeps every expansion. To ask what quire is asked, a word becomes here
//! the 50 nearest terms of the dictionary, each a term query of its own boost; words of a field add up, the best field
//! counts. Prints JSON lines: how long building took until all is in one segment, then a line a measurement.

use levenshtein_automata::{Distance, LevenshteinAutomatonBuilder, DFA, SINK_STATE};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions, STORED, STRING};
use tantivy::{Index, IndexReader, IndexWriter, Searcher, TantivyDocument, Term};

const EXPANSIONS: usize = 50;
const PREFIX: usize = 2;
const HITS: usize = 20;
const THREADS: usize = 2;
const WRITER_BYTES: usize = 400_000_000;

struct Searched {
    name: &'static str,
    boost: f32,
    is_keyword: bool,
}

const SEARCHED: [Searched; 5] = [
    Searched { name: "member_id", boost: 3.0, is_keyword: true },
    Searched { name: "fname", boost: 2.0, is_keyword: false },
    Searched { name: "lname", boost: 2.0, is_keyword: false },
    Searched { name: "email", boost: 1.0, is_keyword: true },
    Searched { name: "status_notes", boost: 1.0, is_keyword: false },
];

#[derive(Clone)]
struct Near(Arc<DFA>);

impl tantivy_fst::Automaton for Near {
    type State = u32;
    fn start(&self) -> u32 {
        self.0.initial_state()
    }
    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }
    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }
    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}

struct Engine {
    reader: IndexReader,
    fields: Vec<Field>,
    automata: Vec<LevenshteinAutomatonBuilder>, // by edits
    fuzzy: bool,
}

fn edits_of(word: &str) -> usize {
    match word.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    }
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn term_query(field: Field, term: &str, boost: f32) -> (Occur, Box<dyn Query>) {
    let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
    (Occur::Should, Box::new(BoostQuery::new(Box::new(query), boost)))
}

impl Engine {
    /// The nearest terms of all segments, with their edits.
    fn near(&self, searcher: &Searcher, field: Field, word: &str, edits: usize) -> Vec<(u8, String)> {
        let near = Near(Arc::new(self.automata[edits].build_dfa(word)));
        let prefix: String = word.chars().take(PREFIX).collect();
        let mut end = prefix.clone().into_bytes();
        *end.last_mut().unwrap() += 1; // UTF-8 has no byte 0xff
        let mut found = vec![];
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(field).unwrap();
            let mut terms = index.terms().search(near.clone()).ge(&prefix).lt(&end).into_stream().unwrap();
            while terms.advance() {
                if let Distance::Exact(edits) = near.0.eval(terms.key()) {
                    found.push((edits, String::from_utf8(terms.key().to_vec()).unwrap()));
                }
            }
        }
        found.sort();
        found.dedup();
        found.truncate(EXPANSIONS);
        found
    }

    fn add_word(&self, searcher: &Searcher, field: Field, boost: f32, word: &str, out: &mut Vec<(Occur, Box<dyn Query>)>) {
        let edits = edits_of(word);
        if !self.fuzzy || edits == 0 {
            return out.push(term_query(field, word, boost));
        }
        let length = word.chars().count();
        for (edits, term) in self.near(searcher, field, word, edits) {
            let shorter = term.chars().count().min(length);
            out.push(term_query(field, &term, boost * (1.0 - edits as f32 / shorter as f32)));
        }
    }

    fn query(&self, searcher: &Searcher, text: &str) -> DisjunctionMaxQuery {
        let words = words_of(text);
        let mut best: Vec<Box<dyn Query>> = vec![];
        for (searched, field) in SEARCHED.iter().zip(&self.fields) {
            let mut sum = vec![];
            if searched.is_keyword {
                self.add_word(searcher, *field, searched.boost, text, &mut sum);
            } else {
                words.iter().for_each(|word| self.add_word(searcher, *field, searched.boost, word, &mut sum));
            }
            if !sum.is_empty() {
                best.push(Box::new(BooleanQuery::new(sum)));
            }
        }
        DisjunctionMaxQuery::new(best)
    }

    fn ask(&self, text: &str) -> usize {
        let searcher = self.reader.searcher();
        let query = self.query(&searcher, text);
        searcher.search(&query, &TopDocs::with_limit(HITS).order_by_score()).unwrap().len()
    }

    /// Asks for so long; milliseconds of each query.
    fn run(&self, texts: &[String], first: usize, seconds: f64) -> Vec<f64> {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let mut times = vec![];
        let mut at = first;
        while Instant::now() < until {
            let started = Instant::now();
            std::hint::black_box(self.ask(&texts[at % texts.len()]));
            times.push(started.elapsed().as_secs_f64() * 1e3);
            at += 1;
        }
        times
    }
}

fn measure(engine: &Engine, texts: &[String], threads: usize, seconds: f64) {
    engine.run(texts, 0, 1.0);
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || engine.run(texts, thread * texts.len() / threads, seconds)))
            .collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let name = if engine.fuzzy { "tantivy" } else { "tantivy, exact words" };
    println!(
        "{{\"engine\": \"{name}\", \"threads\": {threads}, \"rate\": {}, \"p50\": {}, \"p99\": {}}}",
        times.len() as f64 / seconds, at(0.5), at(0.99)
    );
}

fn schema() -> (Schema, Vec<Field>) {
    let mut schema = Schema::builder();
    let fields = SEARCHED
        .iter()
        .map(|searched| {
            let (tokenizer, option) = if searched.is_keyword {
                ("raw", IndexRecordOption::Basic)
            } else {
                ("default", IndexRecordOption::WithFreqsAndPositions)
            };
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
            schema.add_text_field(searched.name, TextOptions::default().set_indexing_options(indexing))
        })
        .collect();
    schema.add_text_field("tenant_id", STRING);
    schema.add_text_field("tags", STRING);
    schema.add_text_field("source", STORED);
    (schema.build(), fields)
}

fn add_member(writer: &IndexWriter, schema: &Schema, line: &str) -> tantivy::Result<()> {
    let member: serde_json::Value = serde_json::from_str(line).unwrap();
    let mut document = TantivyDocument::default();
    for name in SEARCHED.iter().map(|searched| searched.name).chain(["tenant_id"]) {
        document.add_text(schema.get_field(name)?, member[name].as_str().unwrap());
    }
    for tag in member["tags"].as_array().unwrap() {
        document.add_text(schema.get_field("tags")?, tag.as_str().unwrap());
    }
    document.add_text(schema.get_field("source")?, line);
    writer.add_document(document)?;
    Ok(())
}

fn build(members: &str, directory: &Path, schema: &Schema) -> tantivy::Result<()> {
    std::fs::create_dir_all(directory)?;
    let started = Instant::now();
    let index = Index::create_in_dir(directory, schema.clone())?;
    let mut writer: IndexWriter = index.writer_with_num_threads(THREADS, WRITER_BYTES)?;
    for line in BufReader::new(File::open(members)?).lines() {
        add_member(&writer, schema, &line?)?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    println!("{{\"seconds\": {}}}", started.elapsed().as_secs_f64());
    Ok(())
}

fn main() -> tantivy::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let (members, queries, directory) = (&arguments[1], &arguments[2], Path::new(&arguments[3]));
    let seconds: f64 = arguments[4].parse().unwrap();
    let (schema, fields) = schema();
    if !directory.exists() {
        build(members, directory, &schema)?;
    }
    let texts: Vec<String> = BufReader::new(File::open(queries)?)
        .lines()
        .map(|line| {
            let query: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            query["text"].as_str().unwrap().to_string()
        })
        .collect();
    let automata = (0..3).map(|edits| LevenshteinAutomatonBuilder::new(edits, true)).collect();
    let reader = Index::open_in_dir(directory)?.reader()?;
    let mut engine = Engine { reader, fields, automata, fuzzy: true };
    for fuzzy in [true, false] {
        engine.fuzzy = fuzzy;
        (1..=THREADS).for_each(|threads| measure(&engine, &texts, threads, seconds));
    }
    Ok(())
}

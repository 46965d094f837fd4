//! Reading speed of a recording: `recordings FILE [ROUNDS]`, or a SeisBench folder. Prints samples and seconds of the
//! fastest round as JSON. `scripts/bench/recordings.py` runs it beside others.
//!
//! `recordings --samples FILE...` prints a line of JSON a file: all traces and notes, or the error.
//! `scripts/conformance/differential.py` compares them with what others read.

use std::path::Path;
use std::time::Instant;

use data::recording::{self, Hints, SeisBench};
use serde_json::json;

fn read(path: &Path) -> usize {
    if path.is_dir() {
        let mut own = SeisBench::open(path, "").unwrap();
        let rows = 0..own.len();
        return rows
            .map(|row| {
                own.traces(row)
                    .unwrap()
                    .iter()
                    .map(|trace| trace.samples.len())
                    .sum::<usize>()
            })
            .sum();
    }
    let traces = recording::read(path, &Hints::default()).unwrap().traces;
    traces.iter().map(|trace| trace.samples.len()).sum()
}

fn samples(path: &Path) -> serde_json::Value {
    match recording::read(path, &Hints::default()) {
        Err(error) => json!({"error": error.to_string()}),
        Ok(contents) => {
            let traces = contents.traces.iter().map(|trace| {
                json!({
                    "channel": trace.channel,
                    "start": trace.start,
                    "rate": trace.rate,
                    "samples": trace.samples,
                })
            });
            json!({"traces": traces.collect::<Vec<_>>(), "notes": contents.notes})
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "--samples").is_some() {
        for path in arguments {
            println!("{}", samples(Path::new(&path)));
        }
        return;
    }
    let path = arguments.next().expect("usage: recordings FILE [ROUNDS]");
    let rounds = arguments.next().map_or(5, |rounds| rounds.parse().unwrap());
    let mut fastest = f64::INFINITY;
    let mut samples = 0;
    for _ in 0..rounds {
        let start = Instant::now();
        samples = read(Path::new(&path));
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    println!("{{\"samples\": {samples}, \"seconds\": {fastest}}}");
}

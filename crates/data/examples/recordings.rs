//! Reading speed of a recording: `recordings FILE [ROUNDS]`, or a SeisBench folder. Prints samples and seconds of the
//! fastest round as JSON. `scripts/bench/recordings.py` runs it beside others.
//!
//! `recordings [--rate HZ] --samples FILE...` prints a line of JSON a file: all traces and notes, or the error.
//! `scripts/conformance/differential.py` compares them with what others read. `recordings --records FILE...` does the same
//! for samples (NumPy, TFRecord) and SeisBench folders, for `differential_samples.py`.

use std::path::Path;
use std::time::Instant;

use data::reader::{self, SourceSelection};
use data::recording::{self, Hints, SeisBench};
use serde_json::json;

fn read(path: &Path) -> usize {
    if path.is_dir() {
        let mut dataset = SeisBench::open(path, "").unwrap();
        let rows = 0..dataset.len();
        return rows
            .map(|row| {
                dataset
                    .traces(row)
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

fn samples(path: &Path, hints: &Hints) -> serde_json::Value {
    match recording::read(path, hints) {
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

/// A number in JSON, which has no words for infinite ones.
fn number(value: f64) -> serde_json::Value {
    if value.is_infinite() {
        return json!(if value > 0.0 { "inf" } else { "-inf" });
    }
    json!(value)
}

/// All records of a file of samples, or all rows of a SeisBench folder.
fn records(path: &Path) -> serde_json::Value {
    if path.is_dir() {
        let mut dataset = match SeisBench::open(path, "") {
            Ok(dataset) => dataset,
            Err(error) => return json!({"error": error.to_string()}),
        };
        let rows = (0..dataset.len()).map(|row| match dataset.traces(row) {
            Err(error) => json!({"error": error.to_string()}),
            Ok(traces) => {
                let traces = traces.iter().map(|trace| {
                    let samples = trace.samples.iter().map(|value| number(*value));
                    samples.collect::<Vec<_>>()
                });
                json!({"traces": traces.collect::<Vec<_>>()})
            }
        });
        return json!({"rows": rows.collect::<Vec<_>>()});
    }
    let mut records = Vec::new();
    let read = reader::read(path, &SourceSelection::default(), &mut |record| {
        let values = record.values.iter().map(|value| number(f64::from(*value)));
        let values: Vec<_> = values.collect();
        records.push(json!({"values": values, "shape": record.shape, "label": record.label}));
        Ok(())
    });
    match read {
        Ok(_) => json!({"records": records}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut hints = Hints::default();
    if arguments.next_if(|first| first == "--rate").is_some() {
        hints.sampling_rate = arguments.next().map(|rate| rate.parse().unwrap());
    }
    if arguments.next_if(|first| first == "--records").is_some() {
        for path in arguments {
            println!("{}", records(Path::new(&path)));
        }
        return;
    }
    if arguments.next_if(|first| first == "--samples").is_some() {
        for path in arguments {
            println!("{}", samples(Path::new(&path), &hints));
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

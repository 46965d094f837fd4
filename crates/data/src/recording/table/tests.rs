mod blocks;
mod careless;
mod damage;
mod dates;
mod headings;
mod layouts;
mod meanings;
mod preambles;
mod printed;
mod several;
mod times;
mod usual;

use super::super::Trace;
use super::*;

pub(super) fn contents(text: &str, hints: &Hints) -> Result<Contents, RecordingError> {
    read(text.as_bytes(), hints)
}

fn parse(text: &str, hints: &Hints) -> Result<Vec<Trace>, RecordingError> {
    contents(text, hints).map(|contents| contents.traces)
}

/// The samples of the first channel and the notes of a table, which must have 100 Hz.
fn first(text: &str) -> (Vec<f64>, Vec<String>) {
    let own = contents(text, &Hints::default()).unwrap();
    assert_eq!(own.traces[0].rate, 100.0, "{text}");
    (own.traces[0].samples.clone(), own.notes.all())
}

mod blocks;
mod careless;
mod columns;
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

/// Bits that look like chance.
pub(super) fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// Uniform between -0.5 and 0.5.
pub(super) fn noise(number: usize) -> f64 {
    (mixed(number as u64) >> 40) as f64 / f64::from(1 << 24) - 0.5
}

pub(super) fn contents(text: &str, hints: &Hints) -> Result<Contents, RecordingError> {
    read(text.as_bytes(), hints)
}

fn parse(text: &str, hints: &Hints) -> Result<Vec<Trace>, RecordingError> {
    contents(text, hints).map(|contents| contents.traces)
}

pub(super) fn channel_names(traces: &[Trace]) -> Vec<&str> {
    traces.iter().map(|trace| &*trace.channel).collect()
}

/// The samples of the first channel and the notes of a table, which must have 100 Hz.
fn first(text: &str) -> (Vec<f64>, Vec<String>) {
    let recording = contents(text, &Hints::default()).unwrap();
    assert_eq!(recording.traces[0].rate, 100.0, "{text}");
    (recording.traces[0].samples.clone(), recording.notes.all())
}

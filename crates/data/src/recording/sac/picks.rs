//! Times that programs and analysts mark in the header: the first arrival, the end of the event, and ten others.

use super::super::NANOS;
use super::header::{Header, UNDEFINED};

/// A time that the header of a file marks, such as the arrival of a wave.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// Channel of the trace.
    pub channel: String,
    /// The field: `A`, `F`, or `T0` to `T9`.
    pub field: &'static str,
    /// Its name, such as `P` or `IPU0`; empty if the header gives none.
    pub name: String,
    /// Nanoseconds since 1970, on the clock of the trace.
    pub time: i64,
}

/// Fields of picks: the number of its time among the floats, the place of its name, and the number of its time in the footer.
const FIELDS: [(&str, usize, usize, usize); 12] = [
    ("A", 8, 480, 4),
    ("T0", 10, 488, 5),
    ("T1", 11, 496, 6),
    ("T2", 12, 504, 7),
    ("T3", 13, 512, 8),
    ("T4", 14, 520, 9),
    ("T5", 15, 528, 10),
    ("T6", 16, 536, 11),
    ("T7", 17, 544, 12),
    ("T8", 18, 552, 13),
    ("T9", 19, 560, 14),
    ("F", 20, 568, 15),
];

/// The picks of a header, with times after `reference` in nanoseconds; `footer` has them too if there is one, with more digits.
pub(super) fn of(
    header: &Header,
    footer: Option<impl Fn(usize) -> f64>,
    (channel, reference): (&str, i64),
) -> Vec<Pick> {
    let picks = FIELDS.iter().filter_map(|(field, at, name, double)| {
        let seconds = match &footer {
            Some(footer) => footer(*double),
            None => header.float(*at),
        };
        let is_set = seconds.is_finite() && seconds != UNDEFINED;
        is_set.then(|| Pick {
            channel: channel.to_owned(),
            field,
            name: header.text(*name),
            time: reference.saturating_add((seconds * NANOS).round() as i64),
        })
    });
    picks.collect()
}

//! Times of rows that come in groups: those of several sensors, packets, and coarse clocks.

use super::super::super::NANOS;
use super::super::clock::{median, rounded};
use super::parts;

/// Sensors that are looked for, at most.
const MOST: usize = 8;
/// Steps of times are alike if they differ by a smaller part of the mean, and short or long if they are a smaller or larger part of it.
const ALIKE: f64 = 0.15;
const SHORT: f64 = 0.5;
const LONG: f64 = 1.35;
/// Share of steps that are as long as those a group before, at least, and as those a row before, at most.
const PERIODIC: f64 = 0.8;
const EVEN: f64 = 0.8;
/// Rows of a group, at most, for which a note says what they may be: more of them are rather those of a coarse clock.
const FEW: usize = 4;

/// Times that come in groups of rows.
#[derive(Debug, PartialEq)]
pub(super) struct Groups {
    /// Rows after which the steps repeat.
    pub rows: usize,
    /// The first times, in seconds from the first of them.
    first: [f64; 3],
    /// Rows in a second.
    pub rate: f64,
    /// Whether all rows of a group have the same time.
    are_equal: bool,
}

impl Groups {
    /// `None` if times are even, or follow no pattern.
    pub fn of(times: &[i64]) -> Option<Self> {
        let parts_of_times = || parts(times.len()).map(|rows| &times[rows]);
        let step = |pair: &[i64]| pair[1].saturating_sub(pair[0]) as f64;
        let spans = parts_of_times().flat_map(|times| {
            let ends = times.iter().zip(times.iter().skip(MOST));
            ends.map(|(first, last)| last.saturating_sub(*first) as f64 / MOST as f64)
        });
        let mean = median(&mut spans.collect::<Vec<f64>>());
        if mean <= 0.0 {
            return None;
        }
        let steps: Vec<Vec<f64>> = parts_of_times()
            .map(|times| times.windows(2).map(step).collect())
            .collect();
        let count = steps.iter().map(Vec::len).sum::<usize>() as f64;
        let share = |is: &dyn Fn(f64) -> bool| {
            steps.iter().flatten().filter(|step| is(**step)).count() as f64 / count
        };
        let alike = |apart: usize| {
            let pairs = steps
                .iter()
                .flat_map(|part| part.iter().zip(part.iter().skip(apart)));
            let alike = pairs.filter(|(one, next)| (*one - *next).abs() <= ALIKE * mean);
            alike.count() as f64 / count
        };
        let short = share(&|step| step < SHORT * mean);
        if alike(1) > EVEN {
            return None;
        }
        let long = share(&|step| step > LONG * mean);
        let rows = (2..=MOST).find(|rows| {
            let others = (*rows - 1) as f64 / *rows as f64;
            let are_near = (0.5 / *rows as f64..=0.05 + others).contains(&short);
            // The rows of a sensor at half the rate may be about in the middle between those of the other.
            let is_between = *rows == 3 && short == 0.0 && (long - 1.0 / 3.0).abs() < 0.1;
            (are_near || is_between) && alike(*rows) >= PERIODIC
        })?;
        let equal = share(&|step| step == 0.0);
        let others = (rows - 1) as f64 / rows as f64;
        let seconds = |row: usize| times[row].saturating_sub(times[0]) as f64 / NANOS;
        Some(Self {
            rows,
            first: [0, 1, 2].map(seconds),
            rate: rounded(NANOS / mean, times.len(), 0.5),
            are_equal: (equal - others).abs() < 0.05,
        })
    }

    /// Whether values that tell nothing leave a doubt.
    pub fn is_note(&self) -> bool {
        self.rows <= FEW
    }

    /// What the rows may be those of.
    pub fn sensors(&self) -> String {
        let half = if self.rows == 3 {
            ", or of one and another at half its rate"
        } else {
            ""
        };
        format!("{} sensors{half}", self.rows)
    }
}

impl std::fmt::Display for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.are_equal {
            return write!(f, "each time is there in {} rows", self.rows);
        }
        let [one, two, three] = self.first;
        write!(
            f,
            "times come in groups of {} rows ({one:.6}, {two:.6}, {three:.6} s, ...)",
            self.rows
        )
    }
}

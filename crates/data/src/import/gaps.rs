//! Turns samples that are not measurements into gaps.

use super::origin::Piece;
use crate::extremes::Extremes;
use crate::fills::{is_fill, is_missing};
use crate::recording::{Trace, format_time};

/// Samples left out of one channel, by reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OmittedSamples {
    /// Samples that are NaN or infinite.
    pub not_finite: usize,
    /// Samples with a fill value, such as -2147483648.
    pub fill: usize,
    /// Samples beyond the range of float32.
    pub too_large: usize,
    /// Time of the first such sample, in nanoseconds.
    pub first: Option<i64>,
    /// Its value.
    pub value: f64,
}

impl OmittedSamples {
    /// A sentence that describes the loss of samples in a channel.
    pub fn note(&self, channel: &str) -> Option<String> {
        let kinds = [
            (self.not_finite, "not finite"),
            (self.fill, "fill values"),
            (self.too_large, "too large for a float32"),
        ];
        let kinds = kinds.iter().filter(|(count, _)| *count > 0);
        let kinds: Vec<String> = kinds
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        Some(format!(
            "channel `{channel}`: samples that are no measurements are read as gaps: {}; the first is {} at {}",
            kinds.join(", "),
            number(self.value),
            format_time(self.first?)
        ))
    }
}

/// Numbers from here on are written with an exponent.
pub(crate) const LARGE: f64 = 1e15;

/// A number formatted for messages.
pub(crate) fn number(value: f64) -> String {
    if value.abs() < LARGE || !value.is_finite() {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Number of samples with a fill value, and the first such sample.
pub(crate) fn fills<'a>(
    samples: impl Iterator<Item = &'a f64> + Clone,
    extremes: &Extremes,
) -> Option<(usize, f64)> {
    if extremes.are_sound() {
        return None;
    }
    let usual = samples.clone().filter(|v| v.is_finite() && !is_fill(**v));
    let usual = usual.fold(0.0f64, |largest, v| largest.max(v.abs()));
    let mut missing = samples.filter(|v| is_missing(**v, usual));
    let first = *missing.next()?;
    Some((1 + missing.count(), first))
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Sample,
    NotFinite,
    Fill,
    TooLarge,
}

/// Tells what the samples of a channel are.
struct Judge {
    /// The largest size of a measurement.
    usual: f64,
}

impl Judge {
    /// `None` if all samples are measurements.
    fn of<'a>(samples: impl Iterator<Item = &'a f64> + Clone, extremes: &Extremes) -> Option<Self> {
        let is_sound = |v: &&f64| v.abs() <= f64::from(f32::MAX) && !is_fill(**v);
        if extremes.are_sound() || samples.clone().all(|v| is_sound(&v)) {
            return None;
        }
        let usual = samples.filter(is_sound);
        let usual = usual.fold(0.0f64, |largest, v| largest.max(v.abs()));
        Some(Self { usual })
    }

    fn kind(&self, value: f64) -> Kind {
        match value {
            v if !v.is_finite() => Kind::NotFinite,
            v if is_missing(v, self.usual) => Kind::Fill,
            v if v.abs() > f64::from(f32::MAX) => Kind::TooLarge,
            _ => Kind::Sample,
        }
    }

    /// Runs of samples of one kind, and the index of the first of each.
    fn runs<'a>(&self, samples: &'a [f64]) -> impl Iterator<Item = (Kind, usize, &'a [f64])> {
        let mut next = 0;
        let runs = samples.chunk_by(|a, b| self.kind(*a) == self.kind(*b));
        runs.map(move |run| {
            let at = next;
            next += run.len();
            (self.kind(run[0]), at, run)
        })
    }
}

/// The samples of a channel that are measurements; `None` if all are.
pub(crate) fn measured<'a>(
    traces: impl Iterator<Item = &'a Trace> + Clone,
    extremes: &Extremes,
) -> Option<Vec<Trace>> {
    let judge = Judge::of(traces.clone().flat_map(|trace| &trace.samples), extremes)?;
    let mut parts = Vec::new();
    for trace in traces {
        let runs = judge.runs(&trace.samples);
        let runs = runs.filter(|(kind, ..)| *kind == Kind::Sample);
        parts.extend(runs.map(|(_, at, samples)| part_of(trace, at, samples)));
    }
    Some(parts)
}

/// Splits the pieces of one channel at samples that are not measurements.
pub(super) fn split(
    pieces: Vec<Piece>,
    extremes: &Extremes,
    left_out: &mut OmittedSamples,
) -> Vec<Piece> {
    let samples = pieces.iter().flat_map(|piece| &piece.trace.samples);
    let Some(judge) = Judge::of(samples, extremes) else {
        return pieces;
    };
    let mut whole = Vec::new();
    for piece in pieces {
        for (kind, at, run) in judge.runs(&piece.trace.samples) {
            let count = match kind {
                Kind::Sample => {
                    whole.push(part(&piece, at, run));
                    continue;
                }
                Kind::NotFinite => &mut left_out.not_finite,
                Kind::Fill => &mut left_out.fill,
                Kind::TooLarge => &mut left_out.too_large,
            };
            *count += run.len();
            if left_out.first.is_none() {
                left_out.first = Some(piece.trace.time(at));
                left_out.value = run[0];
            }
        }
    }
    whole
}

/// The piece without its samples.
pub(super) fn emptied(piece: &Piece) -> Piece {
    part(piece, 0, &[])
}

/// The samples of `piece` from index `at` on.
fn part(piece: &Piece, at: usize, samples: &[f64]) -> Piece {
    Piece {
        source: piece.source,
        offset: piece.offset + at,
        file: piece.file,
        aliases: piece.aliases.clone(),
        trace: part_of(&piece.trace, at, samples),
    }
}

/// The samples of `trace` from index `at` on.
fn part_of(trace: &Trace, at: usize, samples: &[f64]) -> Trace {
    Trace {
        channel: trace.channel.clone(),
        start: trace.time(at),
        rate: trace.rate,
        samples: samples.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::NANOS;

    fn split(pieces: Vec<Piece>, left_out: &mut OmittedSamples) -> Vec<Piece> {
        let samples = pieces.iter().map(|piece| &*piece.trace.samples);
        let extremes = Extremes::of(samples);
        super::split(pieces, &extremes, left_out)
    }

    fn piece(start: f64, samples: Vec<f64>) -> Piece {
        Piece {
            source: 0,
            offset: 7,
            file: 0,
            aliases: Vec::new(),
            trace: Trace {
                channel: "Z".into(),
                start: (start * NANOS) as i64,
                rate: 10.0,
                samples,
            },
        }
    }

    #[test]
    fn what_is_no_measurement_is_a_gap() {
        let mut samples: Vec<f64> = (0..50).map(f64::from).collect();
        samples[10] = f64::NAN;
        samples[11] = f64::INFINITY;
        samples[30] = f64::from(i32::MIN);
        samples[49] = 1e39;
        let mut left_out = OmittedSamples::default();
        let parts = split(vec![piece(2.0, samples)], &mut left_out);
        let spans: Vec<(f64, usize, usize)> = parts
            .iter()
            .map(|p| {
                (
                    p.trace.start as f64 / NANOS,
                    p.offset,
                    p.trace.samples.len(),
                )
            })
            .collect();
        assert_eq!(spans, [(2.0, 7, 10), (3.2, 19, 18), (5.1, 38, 18)]);
        for part in &parts {
            assert_eq!(part.trace.samples[0] as usize, part.offset - 7);
        }
        assert_eq!(
            left_out.note("XX..Z").unwrap(),
            "channel `XX..Z`: samples that are no measurements are read as gaps: 2 not finite, 1 fill values, 1 too large \
             for a float32; the first is NaN at 3.000 s"
        );
    }

    #[test]
    fn clipped_samples_are_samples() {
        let samples = vec![f64::from(i32::MAX), 2e9, f64::from(i32::MIN)];
        let mut left_out = OmittedSamples::default();
        let piece = piece(0.0, samples);
        assert_eq!(split(vec![piece.clone()], &mut left_out), [piece]);
        assert_eq!(left_out.note("Z"), None);
    }
}

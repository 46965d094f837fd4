//! Texts of strong-motion networks, one component each: K-NET and KiK-net of Japan, PEER's NGA database, CSMNC of China, ESM of
//! Europe, and SMC of the USGS; and GeoNet of New Zealand, three components each.
//!
//! K-NET, ESM, GeoNet and most of SMC have the time of the first sample. The others have that of the earthquake, which is another.

mod csmnc;
mod esm;
mod geonet;
mod knet;
mod numbers;
mod peer;
mod smc;

use std::borrow::Cow;

use super::{Notes, Trace, text};
use crate::error::recording::{RecordingError, StrongMotionError, StrongMotionProblem};

pub(super) use csmnc::{is as is_csmnc, read as read_csmnc};
pub(super) use esm::{is as is_esm, read as read_esm};
pub(super) use geonet::{is as is_geonet, read as read_geonet};
pub(super) use knet::{is as is_knet, read as read_knet};
pub(super) use peer::{is as is_peer, read as read_peer};
pub(super) use smc::{is as is_smc, read as read_smc};

/// Bytes at the beginning of a file that have its header.
const HEAD: usize = 4 << 10;

/// A line of a file, without blanks at its ends.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    /// From 1.
    number: usize,
    /// Blanks before it.
    indent: usize,
    bytes: &'a [u8],
    /// Whether it is the last and nothing ends it.
    is_open: bool,
}

impl<'a> Line<'a> {
    fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// Columns behind its words.
    fn ends(&self) -> impl Iterator<Item = usize> {
        let is_blank = |at: usize| self.bytes.get(at).is_none_or(u8::is_ascii_whitespace);
        let ends = 1..=self.bytes.len();
        let ends = ends.filter(move |at| is_blank(*at) && !is_blank(at - 1));
        ends.map(|at| self.indent + at)
    }

    fn without_last_word(&self) -> Self {
        let blank = self.bytes.iter().rposition(u8::is_ascii_whitespace);
        Self {
            bytes: &self.bytes[..blank.unwrap_or(0)],
            ..*self
        }
    }

    /// The error that this line has a problem.
    fn wrong(&self, problem: StrongMotionProblem) -> RecordingError {
        StrongMotionError {
            line: self.number,
            problem,
        }
        .into()
    }
}

fn lines(text: &[u8]) -> Vec<Line<'_>> {
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    let lines = lines.map(|(number, bytes)| Line {
        number: number + 1,
        indent: bytes.len() - bytes.trim_ascii_start().len(),
        bytes: bytes.trim_ascii(),
        is_open: bytes.last().is_some_and(|byte| *byte != b'\n'),
    });
    lines.collect()
}

/// The first lines of a text, in capitals; none if it is not text.
fn head(bytes: &[u8]) -> Vec<String> {
    let head = &bytes[..bytes.len().min(HEAD)];
    // A mark may be there, and UTF-16 of a Windows editor.
    let Ok(text) = text::decode(head) else {
        return Vec::new();
    };
    let lines = lines(&text.bytes);
    lines
        .iter()
        .map(|line| line.text().to_uppercase())
        .collect()
}

/// What a header says of the samples behind it.
struct DeclaredSamples {
    channel: String,
    /// Number of samples.
    count: usize,
    /// Samples per second.
    rate: f64,
}

impl DeclaredSamples {
    /// The trace of the samples in `lines`, which may be fewer than promised. More are left out.
    ///
    /// # Errors
    /// If the lines have something other than numbers.
    fn trace(
        self,
        lines: &[Line<'_>],
        start: i64,
        notes: &mut Notes,
    ) -> Result<Trace, RecordingError> {
        let (last, before) = match lines.split_last() {
            Some((last, before)) if is_cut(last, before.last()) => (Some(last), before),
            _ => (None, lines),
        };
        let mut samples = numbers::samples(before)?;
        // Its last number is not whole.
        samples.extend(numbers::samples(
            last.map(Line::without_last_word).as_slice(),
        )?);
        let (found, count, channel) = (samples.len(), self.count, &self.channel);
        if found < count {
            notes.push(format!(
                "channel `{channel}`: the header says {count} samples, but the data end after {found}: these are read"
            ));
        } else if found > count {
            notes.push(format!(
                "channel `{channel}`: {} numbers after the {count} samples of the header are left out",
                found - count
            ));
            samples.truncate(count);
        }
        Ok(Trace {
            channel: self.channel,
            start,
            rate: self.rate,
            samples,
        })
    }
}

/// Whether the last line of a file ends within a number: nothing ends it, and no word of the line `above` ends there.
fn is_cut(last: &Line<'_>, above: Option<&Line<'_>>) -> bool {
    let end = last.indent + last.bytes.len();
    last.is_open && above.is_some_and(|above| above.ends().all(|other| other != end))
}

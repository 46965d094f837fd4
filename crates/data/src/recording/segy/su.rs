//! Seismic Unix: traces of SEG-Y without a file header, with IEEE floats in the byte order of the computer that wrote them.

use super::super::signatures;
use super::header::{FileHeader, TRACE, TraceHeader};

/// Largest kind of a trace of samples in time; higher ones are spectra, complex numbers and others.
const LAST_KIND: i16 = 29;
/// Format of samples: IEEE floats.
const IEEE: u16 = 5;

/// What stands for the header of a file that has none, if a file begins with traces, in either byte order. Nothing marks such files:
/// all traces must follow each other up to the end of the file, and their numbers make sense.
pub(super) fn header(bytes: &[u8]) -> Option<FileHeader> {
    let found = [true, false]
        .into_iter()
        .find_map(|big_endian| in_order(bytes, big_endian))?;
    signatures::of(bytes).is_none().then_some(found)
}

fn in_order(bytes: &[u8], big_endian: bool) -> Option<FileHeader> {
    let first = TraceHeader::of(bytes.get(..TRACE)?, big_endian);
    if !is_plausible(&first) {
        return None;
    }
    let length = TRACE + 4 * first.samples;
    // The last trace may be cut, but not the only one.
    let mut others = bytes.chunks(length).skip(1).peekable();
    let is_alone = others.peek().is_none();
    if bytes.len() < length || is_alone && bytes.len() != length {
        return None;
    }
    let mut headers = others.filter_map(|trace| trace.get(..TRACE));
    let goes_on = headers.all(|bytes| {
        let header = TraceHeader::of(bytes, big_endian);
        is_plausible(&header)
            && (header.samples, header.interval) == (first.samples, first.interval)
    });
    goes_on.then(|| FileHeader::of_traces(big_endian, IEEE, &first))
}

/// Whether the numbers of a header make sense.
fn is_plausible(header: &TraceHeader) -> bool {
    let [year, day, hour, minute, second] = header.parts;
    header.samples > 0
        && header.interval > 0
        && (-1..=LAST_KIND).contains(&header.kind)
        && header.record >= 0
        && header.trace >= 0
        && (matches!(year, 0..100) || (1900..2200).contains(&year))
        && (0..=366).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..62).contains(&second)
}

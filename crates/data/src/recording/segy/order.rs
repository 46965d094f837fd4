//! The byte orders of trace headers and of samples, where they are not that of the file header.

use super::super::sample_order::{MOST, is_other, note};
use super::super::words::order_name;
use super::header::{FileHeader, TRACE};
use super::samples;

/// Corrects the byte order of the headers of traces if only in the other one number and interval of samples are those of the file
/// header, or, where that has none, the last trace ends where the file does. A note says so.
pub(super) fn correct_headers(bytes: &[u8], file: &mut FileHeader) -> Option<String> {
    let first = bytes.get(file.start..)?.get(..TRACE)?;
    let turned = FileHeader::in_order(bytes, file.big_endian, !file.big_endian)?;
    let fits = |file: &FileHeader| {
        if file.is_silent {
            return file.ends_with(bytes, samples::width(file.format));
        }
        let header = file.trace(first);
        header.samples == file.samples
            && file.interval_of(&header) == file.interval
            && header.interval > 0
    };
    if fits(file) || !fits(&turned) {
        return None;
    }
    *file = turned;
    let of_file = order_name(file.big_endian);
    let of_traces = order_name(file.traces_big_endian);
    Some(format!(
        "the header of the file is {of_file}, but those of traces are {of_traces}: they are read so"
    ))
}

/// Corrects the byte order of the samples if they are certainly in the other one. A note says so.
pub(super) fn correct_samples(bytes: &[u8], file: &mut FileHeader) -> Option<String> {
    let decode = samples::decoder(file.format).ok()?;
    let width = samples::width(file.format);
    let (mut given, mut other) = (Vec::new(), Vec::new());
    let mut rest = bytes.get(file.start..)?;
    while let Some((header, behind)) = rest.split_at_checked(TRACE) {
        let header = file.trace(header);
        let length = file.samples_of(&header).saturating_mul(width);
        let (data, behind) = behind.split_at_checked(length).unwrap_or((behind, &[]));
        rest = behind;
        if header.is_unused() {
            continue;
        }
        let data = &data[..data.len().min((MOST - given.len()) * width)];
        given.extend(decode(data, file.samples_big_endian));
        other.extend(decode(data, !file.samples_big_endian));
        if given.len() >= MOST {
            break;
        }
    }
    if !is_other(&given, &other, samples::stored(file.format)) {
        return None;
    }
    file.samples_big_endian = !file.traces_big_endian;
    Some(note(file.traces_big_endian))
}

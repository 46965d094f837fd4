//! Q files: a text with the headers of all traces (`.QHD`), and their samples as float32 in a file beside it (`.QBN`).

use support::words::counted;

use super::super::{Contents, Hints, LARGEST, Notes, Remark, text};
use super::{Header, contents, order, value};
use crate::error::recording::{HandlerError, HandlerPlace, HandlerProblem, RecordingError};

/// The number that the first line begins with, before those of comments and of lines for each trace.
const MAGIC: &[u8] = b"43981";
/// Bytes among which the first trace is.
const HEAD: usize = 16 << 10;
/// Characters before the text of a line: the number of its trace, and a bar.
const MARGIN: usize = 3;

/// Whether a text begins with the number of the format, and its first trace is where its first line says.
pub fn is(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().and_then(comments);
    let line = first.and_then(|comments| lines.nth(comments.checked_sub(1)?));
    line.is_some_and(|line| line.get(2) == Some(&b'|') && line[..2].iter().all(u8::is_ascii_digit))
}

/// The number of lines before those of traces, from the first of them.
fn comments(line: &[u8]) -> Option<usize> {
    let line = str::from_utf8(line.strip_prefix(MAGIC)?).ok()?;
    let mut words = line.split_ascii_whitespace();
    let comments = words.next()?.parse().ok()?;
    words.next().filter(|_| line.starts_with(' '))?;
    Some(comments)
}

/// The texts of all traces. Each has several lines with one number, of which no two that follow each other have the same.
fn texts(bytes: &[u8]) -> Vec<String> {
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let before = lines.next().and_then(comments).unwrap_or(1);
    let mut all: Vec<String> = Vec::new();
    let mut last = None;
    for line in lines.skip(before.saturating_sub(1)) {
        let (number, content) = line.split_at(line.len().min(MARGIN));
        if number.is_empty() {
            continue;
        }
        if last != Some(number) {
            all.push(String::new());
            last = Some(number);
        }
        if let Some(text) = all.last_mut() {
            text.push_str(&String::from_utf8_lossy(content));
        }
    }
    all
}

/// A trace of the header.
#[derive(Default)]
struct Entry {
    header: Header,
    /// The first of its samples in the file of all; `None` if they follow those of the trace before.
    first: Option<usize>,
    big_endian: Option<bool>,
}

impl Entry {
    /// # Errors
    /// If a value is none.
    fn of(text: &str) -> Result<Self, HandlerProblem> {
        let mut entry = Self::default();
        for item in text.split('~') {
            let Some((key, value_text)) = item.trim_start().split_once(':') else {
                continue;
            };
            let header = &mut entry.header;
            match key {
                "L000" => entry.first = Some(value(value_text, "first sample")?),
                "L001" => header.set_count(value_text)?,
                "R000" => header.set_interval(value_text)?,
                "S001" => value_text.trim().clone_into(&mut header.station),
                "S021" => header.set_start(value_text)?,
                "C000" => header.set_code(2, value_text),
                "C001" => header.set_code(0, value_text),
                "C002" => header.set_code(1, value_text),
                "C003" => {
                    entry.big_endian = match value_text.trim() {
                        "<" => Some(false),
                        ">" => Some(true),
                        _ => None,
                    }
                }
                _ => {}
            }
        }
        Ok(entry)
    }
}

/// Reads all traces; those that cannot be read are left out.
///
/// # Errors
/// If there is no file of samples, or no trace can be read.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let data = data(hints)?;
    let (mut read, mut notes) = (Vec::new(), Notes::default());
    let mut damaged = None;
    let (mut bad, mut next, mut used) = (0, 0, 0);
    // A byte order holds for the traces behind it, too, as in ObsPy.
    let (mut order, mut is_guess) = (None, false);
    for (at, text) in texts(&text).iter().enumerate() {
        let place = HandlerPlace::Trace(at + 1);
        let trace = Entry::of(text).and_then(|entry| {
            order = entry.big_endian.or(order);
            let rate = entry.header.rate()?;
            let first = entry.first.unwrap_or(next);
            let count = entry.header.count.unwrap_or(0);
            next = first.saturating_add(count);
            let there = part(&data, first, count);
            used += there.len();
            // Headers could name the same samples again and again.
            if used > data.len() {
                return Err(HandlerProblem::Repeated);
            }
            if there.len() / 4 < count {
                notes.push(format!(
                    "the trace {} has {count} samples, but the file of samples ends after {}: these are read",
                    at + 1,
                    there.len() / 4
                ));
            }
            let big_endian = order.or_else(|| order::big_endian(there));
            let big_endian = big_endian.ok_or(HandlerProblem::Order)?;
            is_guess |= order.is_none() && big_endian;
            Ok((entry.header, rate, order::samples(there, big_endian)))
        });
        match trace {
            Ok(trace) => read.push(trace),
            Err(problem) => {
                bad += 1;
                damaged.get_or_insert(HandlerError { place, problem });
            }
        }
    }
    if is_guess {
        let note = "the header has no byte order (C003), and the sizes of the samples tell that it is big-endian";
        notes.push(Remark::Records(note.into()));
    }
    if let Some(problem) = damaged {
        if read.is_empty() {
            return Err(problem.into());
        }
        notes.push(format!("left out {}: {problem}", counted(bad, "trace")));
    }
    Ok(contents(read, notes, hints))
}

/// The bytes of `count` samples from the `first` on, as far as there are any.
fn part(data: &[u8], first: usize, count: usize) -> &[u8] {
    let rest = data.get(first.saturating_mul(4)..).unwrap_or_default();
    let whole = rest.len() / 4 * 4;
    &rest[..count.saturating_mul(4).min(whole)]
}

/// The content of the file with the samples, which has the name of the header with another ending.
///
/// # Errors
/// If there is no such file.
fn data(hints: &Hints) -> Result<Vec<u8>, RecordingError> {
    let place = HandlerPlace::File;
    let error = |problem| HandlerError { place, problem };
    let (Some(folder), Some(name)) = (&hints.folder, &hints.file_name) else {
        return Err(error(HandlerProblem::NoFolder).into());
    };
    let stem = name.rsplit_once('.').map_or(&**name, |(stem, _)| stem);
    let names = ["QBN", "qbn"].map(|ending| folder.join(format!("{stem}.{ending}")));
    let path = names.iter().find(|path| path.is_file());
    let path = path.ok_or_else(|| {
        let file = format!("{stem}.QBN");
        error(HandlerProblem::NoFile { file })
    })?;
    let unreadable = |cause: std::io::Error| {
        error(HandlerProblem::Unreadable {
            file: path.display().to_string(),
            reason: cause.to_string(),
        })
    };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > LARGEST {
        return Err(RecordingError::TooLarge {
            bytes: length,
            limit: LARGEST,
        });
    }
    Ok(std::fs::read(path).map_err(unreadable)?)
}

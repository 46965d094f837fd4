//! Waveform files of SEISAN: a header of the event, and for each channel a header and integers, each framed as Fortran writes them.
//!
//! The layout is that of appendix B of SEISAN's manual (Ottemöller, Voss and Havskov) and of ObsPy's reader. Channels are called
//! `NET.STA.LOC.CHA`, as by ObsPy. Samples are counts; gain and response of the header are not applied.

mod channel;
mod frames;

use support::words::counted;

use self::channel::Channel;
use self::frames::{Frames, Framing, LINE, Record};
use super::words::all;
use super::{Contents, Hints, Notes, Remark, Trace, dated};
use crate::error::recording::{RecordingError, SeisanError, SeisanProblem};

/// Widths of integers in bytes.
const WIDTHS: [usize; 3] = [2, 4, 8];

/// Whether a file begins with two framed lines. Lengths of one byte are letters: such a file also has the number of channels.
pub(super) fn is(bytes: &[u8]) -> bool {
    Framing::of(bytes).is_some_and(|framing| {
        let count = stated_channels(&bytes[2..]);
        !framing.is_blocked() || count.is_ok_and(|count| count > 0)
    })
}

/// The number of channels in the first line.
///
/// # Errors
/// The text, if it is no number.
fn stated_channels(line: &[u8]) -> Result<usize, String> {
    let text = String::from_utf8_lossy(line.get(30..33).unwrap_or_default());
    let text = text.trim();
    text.parse().map_err(|_| text.to_owned())
}

/// Reads all channels; those that cannot be read are left out.
///
/// # Errors
/// If none can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let framing = Framing::of(bytes).unwrap_or(Framing::BLOCKS);
    let mut frames = Frames::new(bytes, framing);
    let mut recording = Recording::default();
    let ended = recording.take_all(&mut frames);
    recording.say_counts();
    let Recording {
        traces,
        mut notes,
        number,
        bad,
        mut damaged,
        ..
    } = recording;
    if let Err(problem) = ended {
        let channel = number + 1;
        damaged.get_or_insert(SeisanError { channel, problem });
    }
    if let Some(problem) = damaged {
        if traces.is_empty() {
            return Err(problem.into());
        }
        if bad > 0 {
            notes.push(format!("left out {}: {problem}", counted(bad, "channel")));
        } else {
            notes.push(problem.to_string());
        }
    }
    Ok(dated(traces, notes, hints))
}

/// What was read so far.
#[derive(Default)]
struct Recording {
    traces: Vec<Trace>,
    notes: Notes,
    /// The number of channels in the header of the event, or the text that is none.
    stated: Option<Result<usize, String>>,
    /// Channels, the damaged ones also.
    number: usize,
    bad: usize,
    damaged: Option<SeisanError>,
    /// Numbers of channels with a gain factor, and their factors.
    gains: Vec<(usize, String)>,
    /// Numbers of channels whose time is uncertain.
    uncertain: Vec<usize>,
}

impl Recording {
    /// Takes the channels of a file, up to its end.
    ///
    /// # Errors
    /// If there is something else behind one of them.
    fn take_all(&mut self, frames: &mut Frames<'_>) -> Result<(), SeisanProblem> {
        let mut next = frames.record(None)?;
        self.stated = next.as_ref().map(|line| stated_channels(&line.bytes));
        // The number of lines depends on that of channels, which may be damaged. Headers of channels are longer.
        let mut start = frames.at;
        while next.is_some_and(|line| line.bytes.len() == LINE) {
            start = frames.at;
            next = frames.record(None)?;
        }
        frames.at = start;
        while frames.rest() > 0 {
            let rest = frames.rest();
            let channel = frames.channel();
            let is_channel = matches!(channel, Ok((Ok(_), _)));
            if !is_channel && matches!(self.stated, Some(Ok(stated)) if self.number >= stated) {
                // Files of PCs have a mark at their end.
                let note = format!("the {rest} bytes behind the last channel are left out");
                self.notes
                    .extend((rest > 1).then_some(Remark::Records(note)));
                break;
            }
            let (header, data) = channel?;
            self.number += 1;
            match header.and_then(|header| self.trace(header, &data, frames.framing)) {
                Ok(trace) => self.traces.push(trace),
                Err(problem) => {
                    self.bad += 1;
                    let channel = self.number;
                    self.damaged.get_or_insert(SeisanError { channel, problem });
                }
            }
        }
        Ok(())
    }

    /// The trace of a channel.
    ///
    /// # Errors
    /// If the width of its samples is not known.
    fn trace(
        &mut self,
        header: Channel,
        data: &Record<'_>,
        framing: Framing,
    ) -> Result<Trace, SeisanProblem> {
        let (number, count) = (self.number, header.count);
        let width = width(&header, data)?;
        let read: fn(&[u8], bool) -> Vec<f64> = match width {
            2 => |bytes, big| all(bytes, big, |word| i16::from_be_bytes(word).into()),
            4 => |bytes, big| all(bytes, big, |word| i32::from_be_bytes(word).into()),
            _ => |bytes, big| all(bytes, big, |word| i64::from_be_bytes(word) as f64),
        };
        let samples = read(&data.bytes, framing.big_endian);
        let there = samples.len();
        if !data.is_whole() {
            self.notes.push(format!(
                "channel {number} has {count} samples, but the file ends after {there}: these are read"
            ));
        } else if there != count {
            self.notes.push(format!(
                "channel {number} has {count} samples by its header, but {there}: these are read"
            ));
        }
        if let Some(stated) = header.width.filter(|stated| *stated != width && width < 8) {
            self.notes.push(format!(
                "channel {number} has {stated} bytes for each sample by its header, but {width} for each of {count} samples: they are \
                 read so"
            ));
        }
        self.gains.extend(header.gain.map(|gain| (number, gain)));
        self.uncertain.extend(header.is_uncertain.then_some(number));
        Ok(Trace {
            channel: header.name,
            start: header.start,
            rate: header.rate,
            samples,
        })
    }

    /// Notes what several channels have, and how many of them there are.
    fn say_counts(&mut self) {
        let channels = |count| counted(count, "channel");
        let number = self.number;
        let note = match &self.stated {
            Some(Err(text)) => Some(format!("the header has `{text}` as its number of channels")),
            Some(Ok(stated)) if number < *stated => Some(format!(
                "the header says {}, but the file ends after {number}",
                channels(*stated)
            )),
            Some(Ok(stated)) if number > *stated => Some(format!(
                "the header says {}, but the file has {number}: all are read",
                channels(*stated)
            )),
            _ => None,
        };
        self.notes.extend(note);
        if let Some((first, gain)) = self.gains.first() {
            self.notes.push(format!(
                "{} with a gain factor (`{gain}` of channel {first}), which is not applied, as in ObsPy",
                channels(self.gains.len())
            ));
        }
        if let Some(first) = self.uncertain.first() {
            self.notes.push(format!(
                "{} with an uncertain time by the header (the first: channel {first})",
                channels(self.uncertain.len())
            ));
        }
    }
}

/// Bytes of a sample. Not all programs write them into the header, but the length of the samples tells them.
///
/// # Errors
/// If nothing tells them.
fn width(header: &Channel, data: &Record<'_>) -> Result<usize, SeisanProblem> {
    let fits = |width: &&usize| header.count.checked_mul(**width) == data.stated;
    let exact = data.stated.and_then(|_| WIDTHS.iter().find(fits).copied());
    if let Some(width) = exact {
        return Ok(width);
    }
    match (header.width, data.stated) {
        (Some(width), None) => Ok(width),
        (Some(width), Some(stated)) if data.is_whole() && stated.is_multiple_of(width) => Ok(width),
        _ if data.is_whole() => Err(SeisanProblem::Width {
            count: header.count,
            bytes: data.bytes.len(),
        }),
        _ => Err(SeisanProblem::Frame { at: data.at }),
    }
}

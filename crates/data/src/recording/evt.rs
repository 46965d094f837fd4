//! EVT of Kinemetrics' recorders such as K2, Etna and Mt. Whitney (`.evt`): the header of an event, and frames of a tenth of a second with
//! samples of all channels in turn, each behind a tag with its checksum.
//!
//! The layout is that of Kinemetrics' `nkwhdrs.h` and of ObsPy's reader. Channels are called `.STA..NUMBER`, from 0 in the order of the
//! file, as by ObsPy. Samples are counts; the sensitivities of the header are not applied.

mod frame;
mod tag;

use self::frame::Frame;
use self::tag::{Kind, Tag};
use super::words::u32_at;
use super::{Contents, Hints, Notes, Trace, check_rate, dated, left_out};
use crate::error::recording::{EvtDamage, EvtError, RecordingError};

/// Lengths of headers with 12 channels and with 18, and where the parameters of the event are in them.
const HEADERS: [(usize, usize); 2] = [(2040, 556), (2736, 772)];
/// Where the number of frames and the station are from there on.
const FRAMES: usize = 8;
const STATION: std::ops::Range<usize> = 36..41;
/// Nanoseconds that times of frames resolve: a millisecond, or a second in files without milliseconds.
const FINE: u64 = 1_000_000;
const COARSE: u64 = 1_000_000_000;

/// Whether a file begins with the tag of a header.
pub(super) fn is(bytes: &[u8]) -> bool {
    Tag::of(bytes, 0).is_some_and(|tag| tag.kind == Kind::Header)
}

/// Reads all frames; damaged ones are left out.
///
/// # Errors
/// If there are such frames, and none can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let (places, end) = tag::places(bytes);
    let tags = || places.iter().filter_map(|(_, tag)| tag.as_ref());
    let frames = || {
        let tags = tags().filter(|tag| tag.kind == Kind::Frame);
        tags.filter_map(|tag| Frame::of(tag, bytes).ok())
    };
    let mut recording = Recording {
        // Some programs write no checksums.
        has_checksums: tags().any(|tag| tag.checksum != 0),
        resolution: if frames().any(|frame| frame.millis > 0) {
            FINE
        } else {
            COARSE
        },
        ..Recording::default()
    };
    for (at, tag) in &places {
        match tag {
            Some(tag) if tag.kind == Kind::Header => recording.header(tag, bytes),
            tag => recording.frame(*at, tag.as_ref(), bytes),
        }
    }
    let mut notes = recording.notes;
    if let Some(problem) = recording.damaged {
        if recording.traces.is_empty() {
            return Err(problem.into());
        }
        notes.push(left_out::damaged(
            recording.bad,
            "frame",
            recording.frames,
            problem,
        ));
    }
    notes.extend(left_out::other_count(
        "frame",
        recording.stated,
        recording.frames,
    ));
    if bytes[end..].iter().any(|byte| *byte != 0) {
        notes.extend(left_out::behind("frame", end, bytes.len() - end));
    }
    Ok(dated(recording.traces, notes, hints))
}

/// What was read so far.
#[derive(Default)]
struct Recording {
    has_checksums: bool,
    resolution: u64,
    traces: Vec<Trace>,
    notes: Notes,
    station: String,
    /// Frames by the headers, and those in the file, the damaged ones also.
    stated: usize,
    frames: usize,
    bad: usize,
    damaged: Option<EvtError>,
    /// Channels of the event, a bit for each.
    channels: Option<u32>,
    /// The first of the traces that the next frame may go on.
    last: Option<usize>,
}

impl Recording {
    /// Takes the header of an event.
    fn header(&mut self, tag: &Tag, bytes: &[u8]) {
        let content = tag.content(bytes).unwrap_or_default();
        let from = HEADERS.iter().find(|(length, _)| *length == tag.length);
        let event = from.and_then(|(_, from)| content.get(*from..));
        let event = event.unwrap_or_default();
        if content.is_empty() || self.has_checksums && tag.checksum != tag::checksum(content) {
            let note = "the header is damaged, so that the name of the station may be wrong";
            self.notes.push(note);
        }
        let stated = u32_at(event, FRAMES, tag.big_endian).unwrap_or(0);
        self.stated = self.stated.saturating_add(stated as usize);
        self.station = text(event.get(STATION).unwrap_or_default());
        self.channels = None;
        self.last = None;
    }

    /// Takes the frame behind a tag, or one whose tag is damaged.
    fn frame(&mut self, at: usize, tag: Option<&Tag>, bytes: &[u8]) {
        self.frames += 1;
        let tag = tag.ok_or(EvtDamage::Tag { at });
        let frame = tag.and_then(|tag| {
            let content = tag.content(bytes).ok_or(EvtDamage::Cut)?;
            let found = tag::checksum(content);
            if self.has_checksums && tag.checksum != found {
                let stated = tag.checksum;
                return Err(EvtDamage::Checksum { stated, found });
            }
            Frame::of(tag, bytes)
        });
        if let Err(problem) = frame.and_then(|frame| self.samples(&frame)) {
            self.bad += 1;
            let frame = self.frames;
            self.damaged.get_or_insert(EvtError { frame, problem });
        }
    }

    /// Takes the samples of a frame.
    ///
    /// # Errors
    /// If they are not those of the channels before, or have no rate.
    fn samples(&mut self, frame: &Frame<'_>) -> Result<(), EvtDamage> {
        let rate = check_rate(frame.rate.into())?;
        if *self.channels.get_or_insert(frame.channels) != frame.channels {
            return Err(EvtDamage::Channels);
        }
        let samples = frame.samples()?;
        let goes_on =
            |first: &usize| self.traces[*first].goes_on(rate, frame.time, self.resolution);
        match self.last.filter(goes_on) {
            Some(first) => {
                for (trace, more) in self.traces[first..].iter_mut().zip(samples) {
                    trace.samples.extend(more);
                }
            }
            None => {
                self.last = Some(self.traces.len());
                let station = &self.station;
                let trace = |(number, samples)| Trace {
                    channel: format!(".{station}..{number}"),
                    start: frame.time,
                    rate,
                    samples,
                };
                let traces = samples.into_iter().enumerate().map(trace);
                self.traces.extend(traces);
            }
        }
        Ok(())
    }
}

/// A text up to its first zero. Some recorders write Latin-1.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = text.trim_ascii();
    let latin = || text.iter().map(|byte| char::from(*byte)).collect();
    str::from_utf8(text).map_or_else(|_| latin(), str::to_owned)
}

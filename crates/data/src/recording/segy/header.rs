//! The headers of SEG-Y: of the file, and of each trace.

use super::super::signatures;
use super::super::time::of_day;
use super::super::words::in_order;
use crate::error::recording::SegyError;

/// Bytes of the text and of the numbers before the first trace.
const FILE: usize = TEXT + 400;
/// Bytes of a trace's header.
pub(super) const TRACE: usize = 240;
/// Bytes of a header of text.
const TEXT: usize = 3200;
/// The number that tells the byte order in revision 2.
const ORDER: u32 = 0x0102_0304;

/// Numbers at offsets.
struct Numbers<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Numbers<'_> {
    fn of<const N: usize>(&self, at: usize) -> [u8; N] {
        let bytes = self.bytes[at..at + N].try_into().expect("as long");
        in_order(bytes, self.big_endian)
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.of(at))
    }

    fn i16(&self, at: usize) -> i16 {
        i16::from_be_bytes(self.of(at))
    }

    fn i32(&self, at: usize) -> i32 {
        i32::from_be_bytes(self.of(at))
    }
}

/// The header of a file.
pub(super) struct FileHeader {
    pub big_endian: bool,
    /// Byte order of the headers of traces, and of samples.
    pub traces_big_endian: bool,
    pub samples_big_endian: bool,
    /// Number of the format of samples.
    pub format: u16,
    /// Microseconds between samples.
    pub interval: f64,
    /// Samples of a trace.
    pub samples: usize,
    /// Whether the header leaves the number or the interval of samples to those of traces.
    pub is_silent: bool,
    /// Whether all traces have as many.
    is_fixed: bool,
    /// Byte at which the first trace begins.
    pub start: usize,
    /// Whether the file is of Seismic Unix: traces alone, whose headers have other numbers behind those of the time.
    pub is_su: bool,
}

impl FileHeader {
    /// The header if the file begins with one, in either byte order, and is of no other known format.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let found = [true, false]
            .into_iter()
            .find_map(|big_endian| Self::in_order(bytes, big_endian, big_endian))?;
        (is_text(&bytes[..TEXT]) && signatures::of(bytes).is_none()).then_some(found)
    }

    /// The header in a byte order, before traces with headers and samples in one; `None` if it is none.
    pub fn in_order(bytes: &[u8], big_endian: bool, of_traces: bool) -> Option<Self> {
        let numbers = Numbers {
            bytes: bytes.get(TEXT..FILE)?,
            big_endian,
        };
        let (interval, samples, format) = (numbers.u16(16), numbers.u16(20), numbers.u16(24));
        let revision = numbers.u16(300);
        let is_new = matches!(revision, 0x200 | 0x201);
        let order = numbers.i32(96) as u32;
        let is_header = matches!(format, 1..=12 | 15 | 16)
            && matches!(revision, 0 | 1 | 0x10 | 0x100 | 0x200 | 0x201)
            && (!is_new || order == 0 || order == ORDER);
        if !is_header {
            return None;
        }
        // Fields of older revisions may have anything in place of newer ones.
        let long = Some(numbers.i32(68)).filter(|count| is_new && *count > 0);
        let exact = Some(f64::from_be_bytes(numbers.of(72)))
            .filter(|micros| is_new && micros.is_finite() && *micros > 0.0);
        let texts = usize::try_from(numbers.i16(304)).unwrap_or(0);
        let first = u64::from_be_bytes(numbers.of(320));
        let start = match usize::try_from(first) {
            Ok(first) if is_new && first >= FILE => first,
            _ if revision >= 0x100 => FILE.saturating_add(texts.saturating_mul(TEXT)),
            _ => FILE,
        };
        // Some writers tell these in the headers of traces alone.
        let first = bytes.get(start..start.saturating_add(TRACE))?;
        let first = TraceHeader::of(first, of_traces);
        let is_silent = samples == 0 || interval == 0;
        let samples = Some(usize::from(samples)).filter(|count| *count > 0);
        let samples = long.map_or(samples.unwrap_or(first.samples), |count| count as usize);
        let interval = Some(interval).filter(|micros| *micros > 0);
        let interval = exact.unwrap_or_else(|| interval.unwrap_or(first.interval).into());
        if samples == 0 || interval == 0.0 {
            return None;
        }
        Some(Self {
            big_endian,
            traces_big_endian: of_traces,
            samples_big_endian: of_traces,
            format,
            interval,
            samples,
            is_silent,
            is_fixed: revision >= 0x100 && numbers.u16(302) == 1,
            start,
            is_su: false,
        })
    }

    /// What stands for the header in a file of Seismic Unix that begins with the trace `first`.
    pub fn of_traces(big_endian: bool, format: u16, first: &TraceHeader) -> Self {
        Self {
            big_endian,
            traces_big_endian: big_endian,
            samples_big_endian: big_endian,
            format,
            interval: first.interval.into(),
            samples: first.samples,
            is_silent: true,
            is_fixed: false,
            start: 0,
            is_su: true,
        }
    }

    /// The header of a trace in `bytes`, which are [`TRACE`].
    pub fn trace(&self, bytes: &[u8]) -> TraceHeader {
        let mut header = TraceHeader::of(bytes, self.traces_big_endian);
        if self.is_su {
            header.delay = header.millis / 1000.0;
        }
        header
    }

    /// Why a file with this header cannot be read.
    ///
    /// # Errors
    /// If the number of headers is not known.
    pub fn check(&self, bytes: &[u8]) -> Result<(), SegyError> {
        let numbers = Numbers {
            bytes: &bytes[TEXT..FILE],
            big_endian: self.big_endian,
        };
        let revision = numbers.u16(300);
        if revision >= 0x100 && numbers.i16(304) < 0 && self.start == FILE {
            return Err(SegyError::ManyTexts);
        }
        if revision >= 0x200 && numbers.i32(306) > 0 {
            return Err(SegyError::ManyHeaders {
                count: numbers.i32(306),
            });
        }
        Ok(())
    }

    /// Corrects whether all traces have the number of samples in the header of the file, or the numbers in their own headers, if
    /// only that way the last trace ends where the file does. A note says so.
    pub fn correct_lengths(&mut self, bytes: &[u8], width: usize) -> Option<&'static str> {
        if self.ends_with(bytes, width) {
            return None;
        }
        self.is_fixed = !self.is_fixed;
        if !self.ends_with(bytes, width) {
            self.is_fixed = !self.is_fixed;
            return None;
        }
        Some(if self.is_fixed {
            "the numbers of samples in the headers of traces do not fit the length of the file: that in the header of the file is \
             used"
        } else {
            "the number of samples in the header of the file does not fit its length: those in the headers of traces are used"
        })
    }

    /// Whether the last trace ends where the file does.
    pub fn ends_with(&self, bytes: &[u8], width: usize) -> bool {
        let mut rest = bytes.get(self.start..).unwrap_or_default();
        while let Some((header, behind)) = rest.split_at_checked(TRACE) {
            let length = self.samples_of(&self.trace(header)).saturating_mul(width);
            match behind.get(length..) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        rest.is_empty()
    }

    /// Samples of a trace.
    pub fn samples_of(&self, header: &TraceHeader) -> usize {
        // A long trace has no room for its number.
        let is_long = self.samples > u16::MAX.into();
        if header.samples == 0 || self.is_fixed || is_long {
            self.samples
        } else {
            header.samples
        }
    }

    /// Microseconds between the samples of a trace. What its header has no room for, the header of the file has.
    pub fn interval_of(&self, header: &TraceHeader) -> f64 {
        match header.interval {
            0 => self.interval,
            interval if (f64::from(interval) - self.interval).abs() < 1.0 => self.interval,
            interval => interval.into(),
        }
    }
}

/// Bytes of a header of text that may be neither ASCII nor EBCDIC: one in this many.
const TEXT_IN: usize = 20;

/// Whether bytes are text in ASCII or EBCDIC, or blank.
fn is_text(bytes: &[u8]) -> bool {
    let is_ascii = |byte: &u8| matches!(byte, 0 | b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let is_ebcdic = |byte: &u8| matches!(byte, 0 | 5 | 0x0D | 0x15 | 0x25 | 0x40..=0xF9);
    let most = bytes.len() - bytes.len() / TEXT_IN;
    bytes.iter().filter(|byte| is_ascii(byte)).count() >= most
        || bytes.iter().filter(|byte| is_ebcdic(byte)).count() >= most
}

/// The header of a trace.
pub(super) struct TraceHeader {
    /// Number of the field record, such as that of a shot.
    pub record: i32,
    /// Number of the trace in it.
    pub trace: i32,
    pub kind: i16,
    /// Seconds from the time of the header to the first sample.
    pub delay: f64,
    /// The same in milliseconds, without the scalar for times.
    millis: f64,
    pub samples: usize,
    /// Microseconds between samples; 0 if the header does not say.
    pub interval: u16,
    /// Year, day of the year, hour, minute and second.
    pub parts: [i16; 5],
    pub time_basis: i16,
}

impl TraceHeader {
    /// The header in `bytes`, which are [`TRACE`].
    pub fn of(bytes: &[u8], big_endian: bool) -> Self {
        let numbers = Numbers { bytes, big_endian };
        let scale = match numbers.i16(214) {
            0 => 1.0,
            scale if scale < 0 => -1.0 / f64::from(scale),
            scale => scale.into(),
        };
        let millis = f64::from(numbers.i16(108));
        Self {
            record: numbers.i32(8),
            trace: numbers.i32(12),
            kind: numbers.i16(28),
            delay: millis * scale / 1000.0,
            millis,
            samples: numbers.u16(114).into(),
            interval: numbers.u16(116),
            parts: [156, 158, 160, 162, 164].map(|at| numbers.i16(at)),
            time_basis: numbers.i16(166),
        }
    }

    /// Whether the trace has no measurements: a dead one, or a dummy.
    pub fn is_unused(&self) -> bool {
        matches!(self.kind, 2 | 3)
    }

    pub fn has_short_year(&self) -> bool {
        (1..100).contains(&self.parts[0])
    }

    /// Nanoseconds since 1970; `None` if the header has no time, or one that is not valid.
    pub fn time(&self) -> Option<i64> {
        let [year, day, hour, minute, second] = self.parts;
        let year = match year {
            1..30 => year + 2000,
            30..100 => year + 1900,
            _ => year,
        };
        let is_valid =
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..62).contains(&second);
        let time = [hour, minute, second].map(i64::from);
        let date = u16::try_from(year).ok().zip(u16::try_from(day).ok());
        let (year, day) = date.filter(|_| is_valid)?;
        of_day(year, day, time, 0)
    }
}

//! Errors of continuous recordings. The error around them names the file; see [`crate::DataError`].

mod ah;
mod asdf;
mod cosmos;
mod css;
mod evt;
mod frame;
mod gcf;
mod gse;
mod handler;
mod lists;
mod merge;
mod mseed;
mod pdas;
mod reftek;
mod rg16;
mod sac;
mod seg2;
mod segy;
mod seisan;
mod seisbench;
mod strong_motion;
mod suds;
mod table;
mod wav;
mod win;
mod y;

use std::fmt::{self, Display, Formatter};

pub use ah::{AhError, AhProblem};
pub use asdf::AsdfError;
pub use cosmos::{CosmosError, CosmosProblem};
pub use css::{CssError, CssProblem};
pub use evt::{EvtDamage, EvtError};
pub use frame::FrameError;
pub use gcf::GcfDamage;
pub use gse::{GseError, GseProblem};
pub use handler::{HandlerError, HandlerPlace, HandlerProblem};
pub use lists::ListError;
pub(super) use merge::NAMED;
pub use merge::{MergeError, RatesDiffer};
pub use mseed::{DecodeError, RecordDamage, SteimError};
pub use pdas::PdasError;
pub use reftek::{ReftekDamage, ReftekError};
pub use rg16::{Rg16Damage, Rg16Error};
pub use sac::SacError;
pub use seg2::{Seg2Error, Seg2Problem};
pub use segy::SegyError;
pub use seisan::{SeisanError, SeisanProblem};
pub use seisbench::{HdfError, SeisBenchError};
pub use strong_motion::{StrongMotionError, StrongMotionProblem};
pub use suds::{SudsError, SudsProblem};
pub use table::{ClockError, ColumnError, TableError};
pub use wav::WavError;
pub use win::{WinDamage, WinError};
pub use y::{YError, YProblem};

/// Formats that are read, for messages.
pub(crate) const KNOWN: &str = "miniSEED, SAC, WAV, SEG-Y, SEG-2, Seismic Unix, GSE1, GSE2, CSS 3.0 (.wfdisc), GCF, Reftek 130, SEISAN, EVT of Kinemetrics, Y of Nanometrics, PDAS, RG16, WIN, WIN32, AH, PC-SUDS (.dmx), Seismic Handler (.QHD, .ASC), ASDF, K-NET, PEER, CSMNC, ESM, SMC, GeoNet, COSMOS, CSMIP, GeoCSV, text of web services and of a Raspberry Shake, Parquet, HDF5 of pandas or .csv tables";

/// What is wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file is larger than fits in memory.
    #[error(
        "{bytes} bytes are too many for one recording: at most {limit} are read; split the file"
    )]
    TooLarge {
        /// Size of the file.
        bytes: u64,
        /// Bytes that are read.
        limit: u64,
    },
    /// The file has no samples.
    #[error("has no samples{}", notes.iter().map(|note| format!("; {note}")).collect::<String>())]
    NoSamples {
        /// What was unusual about the file.
        notes: Vec<String>,
    },
    /// A SEED volume without data records.
    #[error("is a dataless SEED volume, which has no samples: give the recording in miniSEED")]
    Dataless,
    /// The file has no bytes.
    #[error("the file is empty")]
    EmptyFile,
    /// A gzip stream is damaged.
    #[error("compressed with gzip, but damaged: {0}")]
    Gzip(#[source] std::io::Error),
    /// A gzip stream whose decompressed content does not fit in memory.
    #[error("unpacks to more than {limit} bytes, too many for one recording; split the file")]
    UnpackedTooLarge {
        /// Bytes that are read.
        limit: u64,
    },
    /// A gzip stream inside another.
    #[error("is compressed with gzip twice: unpack it first")]
    GzipTwice,
    /// No reader recognises the file.
    #[error("unknown format; recordings are {KNOWN}")]
    UnknownFormat,
    /// The file is of a format that is not read.
    #[error("is {0}; recordings are {KNOWN}")]
    OtherFormat(OtherFormat),
    /// The extension allows any format, and the file is not a table.
    #[error("unknown format; recordings are {KNOWN}; as a table: {0}")]
    NotTable(Box<RecordingError>),
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The bytes are not text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A table is unusable.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No record of a miniSEED file can be read.
    #[error("no record can be read: {}", lost.join("; "))]
    NoRecord {
        /// What was left out, and why.
        lost: Vec<String>,
    },
    /// A WAV file is unusable.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// A SAC file is unusable.
    #[error(transparent)]
    Sac(#[from] SacError),
    /// A SEG-Y file is unusable.
    #[error(transparent)]
    Segy(#[from] SegyError),
    /// A SEG-2 file is unusable.
    #[error(transparent)]
    Seg2(#[from] Seg2Error),
    /// An ASDF file is unusable.
    #[error(transparent)]
    Asdf(#[from] AsdfError),
    /// A GSE1 or GSE2 file is unusable.
    #[error(transparent)]
    Gse(#[from] GseError),
    /// A table of waveforms of CSS 3.0 is unusable.
    #[error(transparent)]
    Css(#[from] CssError),
    /// An AH file is unusable.
    #[error(transparent)]
    Ah(#[from] AhError),
    /// A PC-SUDS file is unusable.
    #[error(transparent)]
    Suds(#[from] SudsError),
    /// A file of Seismic Handler is unusable.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// HDF5 of pandas is unusable.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A WIN file is unusable.
    #[error(transparent)]
    Win(#[from] WinError),
    /// A file of a Reftek 130 is unusable.
    #[error(transparent)]
    Reftek(#[from] ReftekError),
    /// An EVT file of Kinemetrics is unusable.
    #[error(transparent)]
    Evt(#[from] EvtError),
    /// A Y file of Nanometrics is unusable.
    #[error(transparent)]
    Y(#[from] YError),
    /// A PDAS file is unusable.
    #[error(transparent)]
    Pdas(#[from] PdasError),
    /// An RG16 file of Fairfield is unusable.
    #[error(transparent)]
    Rg16(#[from] Rg16Error),
    /// A waveform file of SEISAN is unusable.
    #[error(transparent)]
    Seisan(#[from] SeisanError),
    /// A text of a strong-motion network is unusable.
    #[error(transparent)]
    StrongMotion(#[from] StrongMotionError),
    /// A strong-motion file of COSMOS or CSMIP is unusable.
    #[error(transparent)]
    Cosmos(#[from] CosmosError),
    /// A line of a text with `TIMESERIES` headers is unusable.
    #[error("line {line}: {problem}")]
    TimeSeries {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: TimeSeriesError,
    },
    /// A SeisBench dataset is unusable.
    #[error(transparent)]
    SeisBench(#[from] SeisBenchError),
    /// Channels cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
}

impl RecordingError {
    /// Whether the recording can be read once its sampling rate is given.
    pub fn is_rate_unknown(&self) -> bool {
        match self {
            Self::Table(table) => table.is_rate_unknown(),
            Self::NotTable(inner) => inner.is_rate_unknown(),
            Self::Wav(WavError::NoRate) => true,
            Self::Seg2(error) => error.is_rate_unknown(),
            _ => false,
        }
    }
}

/// A file of a known format that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherFormat {
    /// What it is.
    pub what: &'static str,
    /// What to do.
    pub advice: &'static str,
}

impl Display for OtherFormat {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.advice)
    }
}

/// The sampling rate is out of range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{rate} is not a valid sampling rate: expected 0.000001 to 1000000000 samples per second")]
pub struct RateError {
    /// Samples per second.
    pub rate: f64,
}

/// The bytes are not text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// White space only.
    #[error("the file has nothing but blanks")]
    Blank,
    /// A zero byte.
    #[error("is not text: byte {position} is zero, as in binary files or after a power cut")]
    ZeroByte {
        /// Position of the byte, from 0.
        position: usize,
    },
    /// UTF-16 with unpaired surrogates.
    #[error("looks like UTF-16, but is damaged: save it as UTF-8")]
    Utf16,
}

/// A text is not a time.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TimeError {
    /// Seconds beyond the range of nanoseconds.
    #[error("{seconds} s is out of range: expected seconds within 292 years of 1970")]
    OutOfRange {
        /// The seconds.
        seconds: f64,
    },
    /// A time of day alone.
    #[error("`{text}` has no date: write it as 2024-05-01T10:00:00Z")]
    NoDate {
        /// The text.
        text: String,
    },
    /// Not a time.
    #[error("`{text}` {problem}")]
    Malformed {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: MomentError,
    },
}

/// What is wrong with the text of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not a time.
    #[error("is not a time: expected seconds, or as 2024-05-01T10:00:00Z")]
    Malformed,
    /// The order of day and month is ambiguous.
    #[error(
        "may be {year:04}-{:02}-{:02} or {year:04}-{:02}-{:02}, as nothing tells whether the day or the month comes first: \
         write it as the one that is meant",
        numbers[1],
        numbers[0],
        numbers[0],
        numbers[1]
    )]
    DayOrMonth {
        /// The year.
        year: i64,
        /// Day and month, or month and day.
        numbers: [i64; 2],
    },
    /// A year of two digits.
    #[error(
        "has a year of two digits, and nothing tells which of the numbers it is: write the year with four digits"
    )]
    ShortYear,
    /// A name of a time zone alone.
    #[error(
        "has the name of a time zone, whose offset is not certain: write the time in UTC, or with its offset, such as -05:00"
    )]
    Zone,
    /// A date where the rows above have times of day, or the other way round.
    #[error("is not a time like those above")]
    OtherKind,
}

/// What is wrong with a line of a text with `TIMESERIES` headers.
#[derive(Debug, thiserror::Error)]
pub enum TimeSeriesError {
    /// The header has too few fields.
    #[error("a header with name, samples, rate, time and form is expected")]
    Header,
    /// The name has too few codes.
    #[error("`{text}` is not a channel name: NET_STA_LOC_CHA is expected")]
    Name {
        /// The name.
        text: String,
    },
    /// The number of samples is malformed.
    #[error("`{text}` is not a number of samples")]
    Count {
        /// The field.
        text: String,
    },
    /// The sampling rate is malformed.
    #[error("`{text}` is not a sampling rate")]
    RateText {
        /// The field.
        text: String,
    },
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The form is unknown.
    #[error("the form `{text}` is neither SLIST nor TSPAIR")]
    Form {
        /// The form.
        text: String,
    },
    /// The start time is malformed.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The times of the rows are not those of the header.
    #[error(
        "its last row is of {last}, but start, rate and rows give {expected}: a part for each stretch without gaps is expected"
    )]
    Gap {
        /// Time of the last row.
        last: String,
        /// Time that follows from the header.
        expected: String,
    },
    /// A line of `TSPAIR` does not begin with a time.
    #[error("a time and a sample are expected")]
    NoTime,
    /// A sample is malformed.
    #[error("`{text}` is not a sample")]
    Sample {
        /// The sample.
        text: String,
    },
    /// More samples than the header says.
    #[error("more samples than the {count} of the header")]
    TooMany {
        /// Samples by the header.
        count: usize,
    },
}

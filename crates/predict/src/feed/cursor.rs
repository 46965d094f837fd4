//! The reading position of a channel: its samples one chunk after the other.

use data::DataError;
use data::recording::TraceReader;

use super::Source;
use crate::error::PredictError;
use crate::join::Joiner;

/// Number of samples passed on at once.
const CHUNK_SIZE: usize = 8192;

/// Reading position of a channel.
pub(super) struct Cursor<'s> {
    sources: &'s [Source],
    /// Current source, and its first unread sample.
    at: usize,
    sample: usize,
    reader: Option<TraceReader>,
    scratch: Vec<f64>,
    /// Number of damaged records found so far.
    pub damaged: usize,
}

impl<'s> Cursor<'s> {
    pub fn new(sources: &'s [Source]) -> Self {
        Self {
            sources,
            at: 0,
            sample: 0,
            reader: None,
            scratch: Vec::new(),
            damaged: 0,
        }
    }

    /// Time of the next sample; `i64::MAX` at the end.
    pub fn time(&self) -> i64 {
        match self.sources.get(self.at) {
            Some(Source::Memory(_, trace)) => trace.time(self.sample),
            Some(Source::Indexed(_, trace)) => trace.time(self.sample),
            None => i64::MAX,
        }
    }

    /// Passes the next samples to `joiner`.
    pub fn push(&mut self, channel: usize, joiner: &mut Joiner) -> Result<(), PredictError> {
        match &self.sources[self.at] {
            Source::Memory(_, trace) => {
                let end = (self.sample + CHUNK_SIZE).min(trace.samples.len());
                let start = trace.time(self.sample);
                joiner.push(channel, start, trace.rate, &trace.samples[self.sample..end]);
                self.sample = end;
                if end == trace.samples.len() {
                    (self.at, self.sample) = (self.at + 1, 0);
                }
            }
            Source::Indexed(path, trace) => {
                let failed = |source| {
                    PredictError::Data(DataError::Read {
                        what: "the recording",
                        path: path.clone(),
                        source,
                    })
                };
                let mut reader = match self.reader.take() {
                    Some(reader) => reader,
                    None => TraceReader::open(path).map_err(failed)?,
                };
                if let Some((first, decoded)) =
                    reader.next(trace, &mut self.scratch).map_err(failed)?
                {
                    self.damaged += usize::from(decoded.is_err());
                    joiner.push(channel, trace.time(first), trace.rate, &self.scratch);
                    self.sample = reader.position();
                }
                // Samples of damaged records are missing, so the sample count alone does not give the time.
                if self.sample < trace.len {
                    self.reader = Some(reader);
                } else {
                    (self.at, self.sample) = (self.at + 1, 0);
                }
            }
        }
        Ok(())
    }
}

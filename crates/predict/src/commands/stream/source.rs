//! Decodes standard input: interleaved samples or miniSEED records become traces of the model's channels.

use clap::ValueEnum;
use data::recording::{NANOS, Packets, Trace, parse_time};

use super::StreamArgs;
use super::mistaken::{LOOKED_AT, mistaken};
use crate::classifier::Classifier;
use crate::error::PredictError;
use crate::feed::{RequestedChannels, other_order, seed_site};

/// Number of bytes that suffice to recognise the format.
const DETECTION_BYTES: usize = 64;
/// Upper bound for queued samples while waiting for all channels to appear.
const MAX_PENDING: usize = 1 << 21;

/// Input format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Input {
    /// miniSEED records, as written by slinktool or cat
    Mseed,
    /// Signed 16-bit little-endian integers with interleaved channels
    Int16,
    /// Signed 32-bit little-endian integers with interleaved channels
    Int32,
    /// 32-bit little-endian floats with interleaved channels
    Float32,
}

impl Input {
    /// Bytes per sample; `None` for miniSEED.
    fn width(self) -> Option<usize> {
        match self {
            Self::Mseed => None,
            Self::Int16 => Some(2),
            Self::Int32 | Self::Float32 => Some(4),
        }
    }

    fn value(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Self::Int16, [a, b]) => i16::from_le_bytes([*a, *b]).into(),
            (Self::Float32, [a, b, c, d]) => f32::from_le_bytes([*a, *b, *c, *d]).into(),
            (_, [a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]).into(),
            _ => f64::NAN,
        }
    }
}

/// Decoder of standard input.
pub(super) enum Source {
    Numbers(Numbers),
    Records(Box<Records>),
}

impl Source {
    pub(super) fn new(
        arguments: &StreamArgs,
        classifier: &Classifier,
    ) -> Result<Self, PredictError> {
        let channels = classifier.channels();
        let usage = |problem: String| Err(PredictError::Usage(problem));
        let Some(width) = arguments.format.width() else {
            let given = [
                ("--rate", arguments.rate.is_some()),
                ("--start", arguments.start.is_some()),
            ];
            if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
                return usage(format!(
                    "{option} is for raw samples, which also need --format; miniSEED records contain their rate and times"
                ));
            }
            return Ok(Self::Records(Box::new(Records {
                packets: Packets::default(),
                head: Some(Vec::new()),
                given: arguments.channels.clone(),
                trained: classifier.trained_channels().to_vec(),
                count: channels,
                chosen: Vec::new(),
                others: Vec::new(),
                waiting: Vec::new(),
            })));
        };
        let Some(rate) = arguments.rate.filter(|rate| (1e-6..=1e9).contains(rate)) else {
            return usage("raw samples need --rate HZ".into());
        };
        let count = match &arguments.channels[..] {
            [] => channels,
            [count] => count.parse().unwrap_or(0),
            _ => 0,
        };
        if count != channels {
            return usage(format!(
                "--channels: the model takes {channels} interleaved channel(s)"
            ));
        }
        let start = arguments.start.as_deref().map(parse_time).transpose();
        Ok(Self::Numbers(Numbers {
            format: arguments.format,
            width,
            rate,
            channels,
            start: start.map_err(|problem| PredictError::Usage(format!("--start: {problem}")))?,
            head: Some(Vec::new()),
            rest: Vec::new(),
            count: 0,
        }))
    }

    /// Decodes bytes into traces with their channel index.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        is_last: bool,
    ) -> Result<Vec<(usize, Trace)>, PredictError> {
        match self {
            Self::Numbers(numbers) => {
                numbers.refuse_files(bytes, is_last)?;
                Ok(numbers.push(bytes))
            }
            Self::Records(records) => records.push(bytes, is_last),
        }
    }

    /// The site, once it is known.
    pub(super) fn site(&self) -> Option<String> {
        match self {
            Self::Numbers(_) => None,
            Self::Records(records) => {
                let first = records.chosen.first()?;
                Some(seed_site(first).map_or(first.clone(), |(site, _)| site))
            }
        }
    }

    /// Ends the input; returns notes on anything unusual.
    pub(super) fn finish(&mut self) -> Result<Vec<String>, PredictError> {
        match self {
            Self::Numbers(numbers) if numbers.rest.is_empty() => Ok(Vec::new()),
            Self::Numbers(numbers) => Ok(vec![format!(
                "{} bytes at the end are an incomplete sample",
                numbers.rest.len()
            )]),
            Self::Records(records) => {
                if records.chosen.is_empty() && !records.waiting.is_empty() {
                    records.choose(true)?;
                }
                let notes = records.packets.notes().map(|notes| notes.all());
                let mut notes = notes
                    .map_err(|problem| PredictError::Usage(format!("standard input: {problem}")))?;
                let order = other_order(&records.trained, &records.chosen);
                notes.extend(order.map(|order| format!("warning: {order}")));
                Ok(notes)
            }
        }
    }
}

/// Decoder for interleaved samples.
pub(super) struct Numbers {
    format: Input,
    width: usize,
    rate: f64,
    channels: usize,
    /// Time of the first sample, in nanoseconds.
    start: Option<i64>,
    /// The first bytes, until it is clear that they are samples.
    head: Option<Vec<u8>>,
    rest: Vec<u8>,
    /// Number of samples per channel so far.
    count: u64,
}

impl Numbers {
    /// Refuses input whose first bytes are not samples. Until they are all there, samples wait in their first window.
    fn refuse_files(&mut self, bytes: &[u8], is_last: bool) -> Result<(), PredictError> {
        let Some(mut head) = self.head.take() else {
            return Ok(());
        };
        head.extend_from_slice(&bytes[..bytes.len().min(LOOKED_AT)]);
        if let Some(problem) = mistaken(&head) {
            return Err(PredictError::Usage(problem.into()));
        }
        if head.len() < LOOKED_AT && !is_last {
            self.head = Some(head);
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Vec<(usize, Trace)> {
        self.rest.extend_from_slice(bytes);
        let frame = self.width * self.channels;
        let frames = self.rest.len() / frame;
        if frames == 0 {
            return Vec::new();
        }
        let now = || chrono::Utc::now().timestamp_nanos_opt().unwrap_or(0);
        let start = *self.start.get_or_insert_with(now);
        let start = start.saturating_add((self.count as f64 / self.rate * NANOS).round() as i64);
        let (format, width) = (self.format, self.width);
        let values = |channel: usize| -> Vec<f64> {
            let at = channel * width;
            let frames = self.rest.chunks_exact(frame);
            frames
                .map(|frame| format.value(&frame[at..at + width]))
                .collect()
        };
        let traces = (0..self.channels).map(|channel| {
            let trace = Trace {
                channel: (channel + 1).to_string(),
                start,
                rate: self.rate,
                samples: values(channel),
            };
            (channel, trace)
        });
        let traces = traces.collect();
        self.count += frames as u64;
        self.rest.drain(..frames * frame);
        traces
    }
}

/// Decoder for miniSEED records.
pub(super) struct Records {
    packets: Packets,
    /// First bytes, until they are recognised as miniSEED.
    head: Option<Vec<u8>>,
    /// Names that are given; may be empty.
    given: Vec<String>,
    /// Names of the channels of the training; may be empty.
    trained: Vec<String>,
    /// Number of channels of the model.
    count: usize,
    /// Names of the channels, once they are chosen.
    chosen: Vec<String>,
    /// Names of channels that are left out.
    others: Vec<String>,
    /// Traces received before the channels were chosen.
    waiting: Vec<Trace>,
}

impl Records {
    fn push(&mut self, bytes: &[u8], is_last: bool) -> Result<Vec<(usize, Trace)>, PredictError> {
        let mut traces = match self.head.take() {
            Some(mut head) => {
                head.extend_from_slice(bytes);
                if head.len() < DETECTION_BYTES && !is_last {
                    self.head = Some(head);
                    return Ok(Vec::new());
                }
                if !Packets::are(&head) {
                    let problem = if head.is_empty() {
                        "standard input is empty"
                    } else {
                        "standard input does not begin with a miniSEED record; raw samples need --format and --rate"
                    };
                    return Err(PredictError::Usage(problem.into()));
                }
                self.packets.push(&head)
            }
            None => self.packets.push(bytes),
        };
        if is_last {
            traces.extend(self.packets.finish());
        }
        if self.chosen.is_empty() {
            self.waiting.append(&mut traces);
            self.choose(is_last)?;
            if self.chosen.is_empty() {
                return Ok(Vec::new());
            }
            traces = std::mem::take(&mut self.waiting);
        }
        let mut found = Vec::with_capacity(traces.len());
        for trace in traces {
            match self.chosen.iter().position(|name| *name == trace.channel) {
                Some(channel) => found.push((channel, trace)),
                None => self.leave_out(trace.channel)?,
            }
        }
        Ok(found)
    }

    fn wanted(&self) -> RequestedChannels<'_> {
        RequestedChannels {
            given: &self.given,
            trained: &self.trained,
            count: self.count,
        }
    }

    /// Leaves out a channel that came after the others were chosen.
    ///
    /// # Errors
    /// If it would have been chosen, or makes the choice ambiguous: the choice must not depend on which comes first.
    fn leave_out(&mut self, channel: String) -> Result<(), PredictError> {
        if self.others.contains(&channel) {
            return Ok(());
        }
        let there = self.chosen.iter().chain(&self.others).chain([&channel]);
        let there: Vec<&str> = there.map(String::as_str).collect();
        if self.wanted().choose_at_one_station(&there)? != self.chosen {
            let problem = format!(
                "{channel} came after {} were chosen: give full names to --channels",
                self.chosen.join(", ")
            );
            return Err(PredictError::Usage(problem));
        }
        self.others.push(channel);
        Ok(())
    }

    /// Chooses the channels once enough of them have appeared.
    fn choose(&mut self, is_last: bool) -> Result<(), PredictError> {
        let mut there: Vec<&str> = Vec::new();
        for trace in &self.waiting {
            if !there.contains(&trace.channel.as_str()) {
                there.push(&trace.channel);
            }
        }
        let chosen = self.wanted().choose_at_one_station(&there);
        match chosen {
            Ok(chosen) => self.chosen = chosen,
            Err(problem) => {
                let is_open = self.given.is_empty() && self.trained.is_empty();
                let too_many = is_open && there.len() > self.count;
                // For example, after an hour of records from other channels.
                let samples: usize = self.waiting.iter().map(|trace| trace.samples.len()).sum();
                if is_last || too_many || samples > MAX_PENDING {
                    return Err(problem.into());
                }
            }
        }
        Ok(())
    }
}

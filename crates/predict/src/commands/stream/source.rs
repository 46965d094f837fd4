//! What standard input brings: interleaved numbers or miniSEED records, as traces of the model's channels.

use clap::ValueEnum;
use data::recording::{NANOS, Packets, Trace, parse_time};

use super::StreamArgs;
use crate::error::PredictError;
use crate::feed::{choose, seed_site};

/// Bytes that tell what comes.
const ENOUGH: usize = 64;
/// Samples that are waited for until the channels are there.
const MOST_WAITING: usize = 1 << 21;

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Input {
    /// miniSEED records, as slinktool and cat give them
    Mseed,
    /// Signed 16-bit little-endian numbers, the channels interleaved
    Int16,
    /// Signed 32-bit little-endian numbers, the channels interleaved
    Int32,
    /// 32-bit little-endian floats, the channels interleaved
    Float32,
}

impl Input {
    /// Bytes of a sample; none of miniSEED.
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

/// What standard input brings, as traces of the model's channels.
pub(super) enum Source {
    Numbers(Numbers),
    Records(Box<Records>),
}

impl Source {
    pub(super) fn new(arguments: &StreamArgs, channels: usize) -> Result<Self, PredictError> {
        let usage = |problem: String| Err(PredictError::Usage(problem));
        let Some(width) = arguments.format.width() else {
            if arguments.rate.is_some() {
                return usage(
                    "--rate: miniSEED records say their rate; numbers need --format".into(),
                );
            }
            return Ok(Self::Records(Box::new(Records {
                packets: Packets::default(),
                head: Some(Vec::new()),
                wanted: arguments.channels.clone(),
                count: channels,
                chosen: Vec::new(),
                waiting: Vec::new(),
            })));
        };
        let Some(rate) = arguments.rate.filter(|rate| (1e-6..=1e9).contains(rate)) else {
            return usage("numbers need their sampling rate: --rate HZ".into());
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
            rest: Vec::new(),
            count: 0,
        }))
    }

    /// Takes bytes; channels and traces.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        is_last: bool,
    ) -> Result<Vec<(usize, Trace)>, PredictError> {
        match self {
            Self::Numbers(numbers) => Ok(numbers.push(bytes)),
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

    /// What was unusual.
    pub(super) fn finish(&mut self) -> Result<Vec<String>, PredictError> {
        match self {
            Self::Numbers(numbers) if numbers.rest.is_empty() => Ok(Vec::new()),
            Self::Numbers(numbers) => Ok(vec![format!(
                "{} bytes at the end are no sample of all channels",
                numbers.rest.len()
            )]),
            Self::Records(records) => {
                if records.chosen.is_empty() && !records.waiting.is_empty() {
                    records.choose(true)?;
                }
                let notes = records.packets.notes();
                notes.map_err(|problem| PredictError::Usage(format!("standard input: {problem}")))
            }
        }
    }
}

/// Interleaved numbers.
pub(super) struct Numbers {
    format: Input,
    width: usize,
    rate: f64,
    channels: usize,
    /// Time of the first, in nanoseconds.
    start: Option<i64>,
    rest: Vec<u8>,
    /// Samples of every channel so far.
    count: u64,
}

impl Numbers {
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
                .map(|own| format.value(&own[at..at + width]))
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

/// miniSEED records.
pub(super) struct Records {
    packets: Packets,
    /// The first bytes, until it is known that they are miniSEED.
    head: Option<Vec<u8>>,
    wanted: Vec<String>,
    /// Channels of the model.
    count: usize,
    /// Names of the channels, once they are known.
    chosen: Vec<String>,
    /// Records that came before.
    waiting: Vec<Trace>,
}

impl Records {
    fn push(&mut self, bytes: &[u8], is_last: bool) -> Result<Vec<(usize, Trace)>, PredictError> {
        let mut traces = match self.head.take() {
            Some(mut head) => {
                head.extend_from_slice(bytes);
                if head.len() < ENOUGH && !is_last {
                    self.head = Some(head);
                    return Ok(Vec::new());
                }
                if !Packets::are(&head) {
                    let problem = if head.is_empty() {
                        "standard input is empty"
                    } else {
                        "standard input does not begin with a miniSEED record; numbers need --format and --rate"
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
        let mut own = Vec::with_capacity(traces.len());
        for trace in traces {
            match self.chosen.iter().position(|name| *name == trace.channel) {
                Some(channel) => own.push((channel, trace)),
                // Which of three channels are meant must not depend on which come first.
                None if self.wanted.is_empty() => {
                    let there = self.chosen.join(", ");
                    return Err(PredictError::Usage(format!(
                        "the model takes {} channel(s), and beside {there} there is {}: choose with --channels",
                        self.count, trace.channel
                    )));
                }
                None => {}
            }
        }
        Ok(own)
    }

    /// Chooses channels once enough of them have come.
    fn choose(&mut self, is_last: bool) -> Result<(), PredictError> {
        let mut there: Vec<&str> = Vec::new();
        for trace in &self.waiting {
            if !there.contains(&trace.channel.as_str()) {
                there.push(&trace.channel);
            }
        }
        let chosen = choose(&there, &self.wanted, self.count);
        match chosen {
            Ok(chosen) => self.chosen = chosen,
            Err(problem) => {
                let too_many = self.wanted.is_empty() && there.len() > self.count;
                // An hour of records that are not wanted, say.
                let samples: usize = self.waiting.iter().map(|own| own.samples.len()).sum();
                if is_last || too_many || samples > MOST_WAITING {
                    return Err(PredictError::Usage(problem));
                }
            }
        }
        Ok(())
    }
}

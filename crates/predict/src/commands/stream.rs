//! `predict stream`: detects events in data from standard input, or classifies their windows.

mod mistaken;
mod source;

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use clap::Args;
use data::recording::{NANOS, Trace};

use super::findings::{EventArgs, Findings};
use super::output::OutputArgs;
use super::recording::CutArgs;
use super::{Interrupt, ModelArgs, unknown_class};
use crate::analysis::Analysis;
use crate::classifier::Classifier;
use crate::error::PredictError;
use crate::events::EventDetector;
use crate::join::Joiner;
use crate::slide::Slider;
use source::{Input, Source};

/// Capacity of the input queue in chunks. When it is full, the writer of the pipe waits.
const QUEUE_CAPACITY: usize = 16;
/// Maximum chunk size in bytes.
const CHUNK_SIZE: usize = 64 << 10;

/// Examples below the help: what to pipe in.
const EXAMPLES: &str = "\
Examples:
  slinktool -S 'XX_STA:HH?' -o - server:18000 | predict stream latest - --channels HHZ,HHE
      miniSEED records of a SeedLink server, which contain times and rate
  arecord -f S16_LE -c 2 -r 512 -t raw | predict stream latest - --format int16 --rate 512
      raw samples of two interleaved channels";

/// Arguments of `predict stream`.
#[derive(Clone, Debug, Args)]
#[command(
    override_usage = "COMMAND | predict stream [OPTIONS] <MODEL> -",
    after_help = EXAMPLES
)]
pub struct StreamArgs {
    /// Model options.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Always `-`: the data come from standard input
    #[arg(value_name = "-")]
    pub input: String,
    /// What comes in. All but miniSEED are raw samples, which need --rate
    #[arg(long, value_enum, default_value_t = Input::Mseed)]
    pub format: Input,
    /// Sampling rate of raw samples in Hz; another one than the model's is resampled
    #[arg(long, value_name = "HZ", allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Which channels come in. Raw samples: their number, interleaved [default: the model's]. miniSEED: their names in the
    /// order of the model's channels, such as HHZ,HHN [default: all channels of the only site, in the order Z, N, E]
    #[arg(long, value_name = "N|NAME,...", value_delimiter = ',')]
    pub channels: Vec<String>,
    /// Time of the first raw sample [default: now]
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Seconds to wait for a channel that is silent, or whose clock went back, before the others continue without it
    #[arg(
        long,
        value_name = "SECONDS",
        allow_negative_numbers = true,
        default_value_t = 60.0
    )]
    pub patience: f64,
    /// How windows are cut.
    #[command(flatten)]
    pub cut: CutArgs,
    /// Event options.
    #[command(flatten)]
    pub events: EventArgs,
    /// Output options.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Runs the command.
pub(super) fn run(arguments: &StreamArgs, interrupt: &Interrupt) -> Result<(), PredictError> {
    let usage = |problem: String| Err(PredictError::Usage(problem));
    if arguments.input != "-" {
        return usage(format!(
            "{}: `predict stream` reads standard input, written as `-`; use `predict recording` for files",
            arguments.input
        ));
    }
    if !(0.0..=86_400.0).contains(&arguments.patience) {
        return usage(format!(
            "--patience {}: expected 0 to 86400 seconds",
            arguments.patience
        ));
    }
    let classifier = arguments.model.open()?;
    if !classifier.is_batch_independent() {
        return usage(
            "the model scales every window by its batch (`batch` normalisation), and a stream has no batches: use \
             `predict recording`, or train with another normalisation"
                .into(),
        );
    }
    if let Some(warning) = unknown_class(&classifier, arguments.events.threshold) {
        arguments.model.say(&warning);
    }
    let cutting = arguments.cut.cutting(&classifier)?;
    let slider = Slider::of_stream(&classifier, cutting)?;
    let settings = arguments.events.settings(classifier.class_names())?;
    let findings = Findings::open(&arguments.output, &arguments.events, &classifier, &[])?;
    let source = Source::new(arguments, &classifier)?;
    let mut stream = Stream {
        joiner: Joiner::new(cutting.channels).resampled_to(cutting.rate),
        analysis: Analysis::new(slider, EventDetector::new(settings), 1),
        classifier,
        findings,
        site: String::new(),
        patience: (arguments.patience * NANOS) as i64,
        latency: Latency::default(),
    };
    let ended = stream.follow(source, &read_ahead(), interrupt);
    // Data received before an interruption is still processed.
    if !matches!(ended, Ok(_) | Err(PredictError::Interrupted)) {
        return ended.map(drop);
    }
    stream.end()?;
    let notes = ended.as_ref().map_or(&[][..], |notes| notes);
    for line in notes.iter().cloned().chain(stream.report()) {
        arguments.model.say(&line);
    }
    stream.findings.finish()?;
    ended.map(drop)
}

/// A chunk of input and its time of arrival.
type Chunk = std::io::Result<(Vec<u8>, Instant)>;

/// Reads standard input on its own thread. An empty chunk marks the end.
fn read_ahead() -> Receiver<Chunk> {
    let (sender, receiver) = sync_channel(QUEUE_CAPACITY);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut buffer = vec![0; CHUNK_SIZE];
        loop {
            let piece = match input.read(&mut buffer) {
                Ok(n) => Ok((buffer[..n].to_vec(), Instant::now())),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_last = piece.as_ref().map_or(true, |(bytes, _)| bytes.is_empty());
            if sender.send(piece).is_err() || is_last {
                break;
            }
        }
    });
    receiver
}

/// Delay from the arrival of a window's last sample to its result, in seconds.
#[derive(Default)]
struct Latency {
    count: usize,
    sum: f64,
    longest: f64,
}

impl Latency {
    fn add(&mut self, seconds: f64, results: usize) {
        self.count += results;
        self.sum += seconds * results as f64;
        self.longest = self.longest.max(seconds);
    }
}

/// A stream and its processing.
struct Stream {
    joiner: Joiner,
    analysis: Analysis,
    classifier: Classifier,
    findings: Findings,
    site: String,
    /// Nanoseconds, see [`StreamArgs::patience`].
    patience: i64,
    latency: Latency,
}

impl Stream {
    /// Processes input until it ends; returns notes on anything unusual.
    fn follow(
        &mut self,
        mut source: Source,
        pieces: &Receiver<Chunk>,
        interrupt: &Interrupt,
    ) -> Result<Vec<String>, PredictError> {
        loop {
            interrupt.check()?;
            let piece = match pieces.recv_timeout(Duration::from_millis(100)) {
                Ok(piece) => piece,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return source.finish(),
            };
            let (bytes, came) = piece.map_err(PredictError::Input)?;
            let is_last = bytes.is_empty();
            let traces = source.push(&bytes, is_last)?;
            if let Some(site) = source.site() {
                self.site = site;
            }
            for (channel, trace) in &traces {
                self.take(*channel, trace)?;
            }
            let results = self.drain()?;
            if results > 0 {
                self.findings.flush()?;
                self.latency.add(came.elapsed().as_secs_f64(), results);
            }
            if is_last {
                return source.finish();
            }
        }
    }

    /// Passes samples to the joiner. If a clock went back, waiting samples are processed first.
    fn take(&mut self, channel: usize, trace: &Trace) -> Result<(), PredictError> {
        let end = self.joiner.end(channel).unwrap_or(i64::MIN);
        if trace.start < end.saturating_sub(self.patience) {
            self.drain()?;
            let mut found = Vec::new();
            let (analysis, classifier) = (&mut self.analysis, &mut self.classifier);
            self.joiner
                .step_back(&mut |joined| analysis.take(joined, classifier, &mut found))?;
            self.findings.write(&self.site, &mut found)?;
        }
        self.joiner
            .push(channel, trace.start, trace.rate, &trace.samples);
        let newest = self.joiner.end(channel).unwrap_or(i64::MIN);
        for other in 0..self.classifier.channels() {
            self.joiner
                .passed(other, newest.saturating_sub(self.patience));
        }
        Ok(())
    }

    /// Writes the results for the samples so far; returns the number of windows.
    fn drain(&mut self) -> Result<usize, PredictError> {
        let before = self.findings.counts[0];
        let mut found = Vec::new();
        let (analysis, classifier) = (&mut self.analysis, &mut self.classifier);
        self.joiner
            .drain(&mut |joined| analysis.take(joined, classifier, &mut found))?;
        self.findings.write(&self.site, &mut found)?;
        Ok(self.findings.counts[0] - before)
    }

    /// Writes the last results.
    fn end(&mut self) -> Result<(), PredictError> {
        let mut found = Vec::new();
        let (analysis, classifier) = (&mut self.analysis, &mut self.classifier);
        self.joiner
            .finish(&mut |joined| analysis.take(joined, classifier, &mut found))?;
        analysis.finish(classifier, &mut found)?;
        self.findings.write(&self.site, &mut found)
    }

    /// Summary lines for the end.
    fn report(&self) -> Vec<String> {
        let counts = self.joiner.counts();
        let [windows, events] = self.findings.counts;
        let mean = self.latency.sum / self.latency.count.max(1) as f64;
        let mut lines = vec![
            format!(
                "{} samples of every channel in {} stretches: {windows} windows, {events} events",
                self.analysis.slider().taken(),
                self.analysis.slider().stretches().0
            ),
            format!(
                "latency from a window's last sample to its result: {:.1} ms on average, {:.1} ms at most",
                1e3 * mean,
                1e3 * self.latency.longest
            ),
            format!(
                "lost samples: {} in {} gaps, {} without the other channels, {} repeated or too late, {} not finite or fill values",
                counts.missing, counts.gaps, counts.unshared, counts.repeated, counts.not_numbers
            ),
        ];
        if counts.steps > 0 {
            lines.push(format!("a clock went back {} times", counts.steps));
        }
        if let Some((seconds, rates)) = &counts.apart {
            lines.push(format!(
                "{seconds:.3} s skipped, where the channels have different rates: {rates}"
            ));
        }
        if let Some((seconds, rates)) = &counts.resampled {
            lines.push(format!(
                "{seconds:.3} s resampled by channel, where the channels have different rates: {rates}"
            ));
        }
        lines.extend(super::warnings(&self.classifier));
        lines
    }
}

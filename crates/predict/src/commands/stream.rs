//! `predict stream`: events, or windows, of what comes in on standard input.

mod source;

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use clap::Args;
use data::recording::{NANOS, Trace};

use super::findings::{EventArgs, Findings};
use super::output::OutputArgs;
use super::recording::CutArgs;
use super::{Interrupt, ModelArgs};
use crate::analysis::Analysis;
use crate::classifier::Classifier;
use crate::error::PredictError;
use crate::events::EventDetector;
use crate::join::Joiner;
use crate::slide::Slider;
use source::{Input, Source};

/// Pieces of input that wait; a full queue makes the writer wait.
const WAITING: usize = 16;
/// Bytes that are read at once, at most.
const PIECE: usize = 64 << 10;
/// Arguments of `predict stream`.
#[derive(Clone, Debug, Args)]
pub struct StreamArgs {
    /// The model.
    #[command(flatten)]
    pub model: ModelArgs,
    /// `-`: standard input
    #[arg(value_name = "-")]
    pub input: String,
    /// What comes in
    #[arg(long, value_enum, default_value_t = Input::Mseed)]
    pub format: Input,
    /// Samples a second of numbers
    #[arg(long, value_name = "HZ")]
    pub rate: Option<f64>,
    /// Of numbers, how many channels are interleaved [default: the model's]; of miniSEED, the channels in the order of
    /// the model's [default: all of the only site, in the order Z, N, E]
    #[arg(long, value_name = "N|NAME,...", value_delimiter = ',')]
    pub channels: Vec<String>,
    /// Time of the first number [default: now]
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Seconds that a channel may be silent, or its clock go back, before the others go on without it
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub patience: f64,
    /// How windows are cut.
    #[command(flatten)]
    pub cut: CutArgs,
    /// When events begin and end.
    #[command(flatten)]
    pub events: EventArgs,
    /// How results are written.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Runs the command.
pub(super) fn run(arguments: &StreamArgs, interrupt: &Interrupt) -> Result<(), PredictError> {
    let usage = |problem: String| Err(PredictError::Usage(problem));
    if arguments.input != "-" {
        return usage(format!(
            "{}: a stream comes on standard input: write `-`; files are for `predict recording`",
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
    if !classifier.is_of_single_windows() {
        return usage(
            "the model scales every window by its batch (`batch` normalisation), and a stream has no batches: use \
             `predict recording`, or train with another normalisation"
                .into(),
        );
    }
    let cutting = arguments.cut.cutting(&classifier)?;
    let settings = arguments.events.settings(classifier.class_names())?;
    let findings = Findings::open(&arguments.output, &arguments.events, &classifier, &[])?;
    let source = Source::new(arguments, cutting.channels)?;
    let mut stream = Stream {
        joiner: Joiner::new(cutting.channels),
        analysis: Analysis::new(Slider::new(cutting), EventDetector::new(settings), 1),
        classifier,
        findings,
        site: String::new(),
        patience: (arguments.patience * NANOS) as i64,
        latency: Latency::default(),
    };
    let ended = stream.follow(source, &read_ahead(), interrupt);
    // What came in before an interruption counts.
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

/// Bytes and when they came.
type Piece = std::io::Result<(Vec<u8>, Instant)>;

/// Reads standard input on a thread of its own; the end is an empty piece.
fn read_ahead() -> Receiver<Piece> {
    let (sender, receiver) = sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut buffer = vec![0; PIECE];
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

/// Delays from the arrival of a window's last sample to its result, in seconds.
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

/// A stream and all that is made of it.
struct Stream {
    joiner: Joiner,
    analysis: Analysis,
    classifier: Classifier,
    findings: Findings,
    site: String,
    /// See [`StreamArgs::patience`], in nanoseconds.
    patience: i64,
    latency: Latency,
}

impl Stream {
    /// Takes pieces of input until it ends; what was unusual about it comes back.
    fn follow(
        &mut self,
        mut source: Source,
        pieces: &Receiver<Piece>,
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

    /// Hands samples to the joiner; those that wait go on first where a clock went back.
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

    /// Writes what follows from the samples so far; how many windows.
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

    /// What is said at the end.
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
                "lost samples: {} in {} gaps, {} without the other channels, {} repeated or too late, {} no numbers",
                counts.missing, counts.gaps, counts.unshared, counts.repeated, counts.not_numbers
            ),
        ];
        if counts.steps > 0 {
            lines.push(format!("a clock went back {} times", counts.steps));
        }
        if let Some((seconds, rates)) = &counts.apart {
            lines.push(format!(
                "{seconds:.3} s left out, where the channels have {rates}"
            ));
        }
        let warnings = self
            .classifier
            .novelty()
            .map_or(Vec::new(), |own| own.warnings());
        lines.extend(warnings.into_iter().map(|own| format!("warning: {own}")));
        lines
    }
}

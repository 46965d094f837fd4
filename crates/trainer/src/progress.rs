//! Progress output while training: a bar on a terminal, plain lines elsewhere, always on standard error.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use data::Loading;
use experiment::Epoch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Prints lines from any thread without disrupting the progress bar.
#[derive(Clone, Default)]
pub struct Printer(Arc<Mutex<Option<ProgressBar>>>);

impl Printer {
    /// Prints a line.
    pub fn say(&self, line: &str) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Prints a warning.
    pub fn warn(&self, line: &str) {
        self.say(&format!("warning: {line}"));
    }

    fn show(&self, bar: Option<ProgressBar>) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *shown, bar) {
            old.finish_and_clear();
        }
    }
}

/// Longest interval without output when there is no bar.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Shows the progress of epochs and steps.
pub struct Progress {
    epochs: usize,
    bar: Option<ProgressBar>,
    voice: Printer,
    /// When reading progress was last reported.
    reported: Instant,
}

impl Progress {
    /// Creates a display for at most `epochs` epochs.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            bar: None,
            voice: Printer::default(),
            reported: Instant::now(),
        }
    }

    /// A handle for other threads.
    pub fn voice(&self) -> Printer {
        self.voice.clone()
    }

    /// Prints a line.
    pub fn say(&self, line: &str) {
        self.voice.say(line);
    }

    /// Prints a warning.
    pub fn warn(&self, line: &str) {
        self.voice.warn(line);
    }

    /// Reports reading progress; with few sources it prints nothing.
    pub fn reading(&mut self, loading: Loading) {
        let Loading { split, done, of } = loading;
        if !loading.takes_a_while() {
            return;
        }
        if std::io::stderr().is_terminal() {
            if self.bar.is_none() {
                self.show_bar(of, "{prefix} [{bar:24}] {pos}/{len} sources, {eta} left");
            }
            if let Some(bar) = &self.bar {
                bar.set_prefix(split);
                bar.set_length(of as u64);
                bar.set_position(done as u64);
            }
        } else if self.reported.elapsed() > REPORT_INTERVAL {
            self.reported = Instant::now();
            self.say(&format!(
                "reading the {split} split: {done} of {of} sources"
            ));
        }
    }

    /// Starts an epoch of `samples` samples.
    pub fn begin_epoch(&mut self, epoch: usize, samples: usize) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        self.show_bar(
            samples,
            "{prefix} [{bar:24}] {pos}/{len} {per_sec}, {eta} left",
        );
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("epoch {}/{}", epoch + 1, self.epochs));
        }
    }

    fn show_bar(&mut self, length: usize, template: &str) {
        let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        self.voice.show(Some(bar.clone()));
        self.bar = Some(bar);
    }

    /// Adds `samples` trained samples.
    pub fn step(&self, samples: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(samples as u64);
        }
    }

    /// Removes the bar after the last step.
    pub fn end_steps(&mut self) {
        self.bar = None;
        self.voice.show(None);
    }

    /// Prints the summary of an epoch. `train_seconds` is the time spent in training steps for `trained` samples.
    pub fn end_epoch(&mut self, epoch: &Epoch, trained: usize, train_seconds: f64, best: bool) {
        self.end_steps();
        let metric = |name: &str| epoch.metric(name).unwrap_or(f64::NAN);
        self.say(&format!(
            "epoch {:>3}/{}  loss {:.4}  accuracy {:.4}  val_loss {:.4}  val_accuracy {:.4}  \
             val_f1 {:.4}  lr {:.1e}  {:.0} samples/s{}",
            epoch.epoch + 1,
            self.epochs,
            metric("loss"),
            metric("accuracy"),
            metric("val_loss"),
            metric("val_accuracy"),
            metric("val_f1_macro"),
            epoch.learning_rate,
            trained as f64 / train_seconds.max(1e-9),
            if best { "  *" } else { "" }
        ));
    }
}

/// Shows the runs of a study as they finish.
pub struct RunsProgress {
    total: usize,
    done: usize,
    failed: usize,
    started: Instant,
    bar: Option<ProgressBar>,
    voice: Printer,
}

impl RunsProgress {
    /// Creates a display for `total` runs on `workers` workers.
    pub fn new(total: usize, workers: usize) -> Self {
        let voice = Printer::default();
        voice.say(&format!("{total} runs, {workers} at a time"));
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            let template = "[{bar:24}] {pos}/{len} runs, {eta} left{msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        voice.show(bar.clone());
        Self {
            total,
            done: 0,
            failed: 0,
            started: Instant::now(),
            bar,
            voice,
        }
    }

    /// Prints a line.
    pub fn say(&self, line: &str) {
        self.voice.say(line);
    }

    /// A handle for other threads.
    pub fn voice(&self) -> Printer {
        self.voice.clone()
    }

    /// Reports a finished run with its score or problem; an interrupted run has neither.
    pub fn done(&mut self, run: &str, test_f1: Option<f64>, problem: Option<&str>) {
        if let Some(problem) = problem {
            self.failed += 1;
            self.say(&format!("warning: {run}: {problem}"));
            if let Some(bar) = &self.bar {
                bar.set_message(format!(", {} failed", self.failed));
            }
        }
        self.done += usize::from(test_f1.is_some() || problem.is_some());
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
        } else if let Some(f1) = test_f1 {
            let left = self.started.elapsed().as_secs_f64() / self.done as f64
                * self.total.saturating_sub(self.done) as f64;
            self.say(&format!(
                "{:>5}/{}  {run}: test macro F1 {f1:.4}, {} left",
                self.done,
                self.total,
                format_duration(left)
            ));
        }
    }

    /// Removes the bar after the last run.
    pub fn end(&mut self) {
        self.bar = None;
        self.voice.show(None);
    }
}

/// Formats a duration: `40 s`, `12 min`, `3.5 h`.
pub fn format_duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

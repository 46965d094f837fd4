//! What a person sees while training: a bar on a terminal, plain lines elsewhere, all on standard
//! error.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use data::Loading;
use experiment::Epoch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Says lines, from any thread, without tearing the bar.
#[derive(Clone, Default)]
pub struct Voice(Arc<Mutex<Option<ProgressBar>>>);

impl Voice {
    /// A line for people.
    pub fn say(&self, line: &str) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Something that deserves attention.
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

/// Longest time without a word where there is no bar.
const SILENCE: Duration = Duration::from_secs(10);

/// Shows epochs and steps.
pub struct Progress {
    epochs: usize,
    bar: Option<ProgressBar>,
    voice: Voice,
    /// When it was last said how far the reading is.
    said: Instant,
}

impl Progress {
    /// For a training of at most `epochs` epochs.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            bar: None,
            voice: Voice::default(),
            said: Instant::now(),
        }
    }

    /// For other threads.
    pub fn voice(&self) -> Voice {
        self.voice.clone()
    }

    /// A line for people.
    pub fn say(&self, line: &str) {
        self.voice.say(line);
    }

    /// Something that deserves attention.
    pub fn warn(&self, line: &str) {
        self.voice.warn(line);
    }

    /// The reading of many sources is so far; of a few nothing is said.
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
        } else if self.said.elapsed() > SILENCE {
            self.said = Instant::now();
            self.say(&format!(
                "reading the {split} split: {done} of {of} sources"
            ));
        }
    }

    /// An epoch of `samples` samples begins.
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

    /// `samples` more samples were trained.
    pub fn step(&self, samples: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(samples as u64);
        }
    }

    /// No more steps are coming: the bar goes.
    pub fn end_steps(&mut self) {
        self.bar = None;
        self.voice.show(None);
    }

    /// An epoch ended, `trained` samples of which took `train_seconds` of training steps.
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

/// Shows the runs of a study as they end.
pub struct RunsProgress {
    total: usize,
    done: usize,
    failed: usize,
    started: Instant,
    bar: Option<ProgressBar>,
    voice: Voice,
}

impl RunsProgress {
    /// For `total` runs, `workers` at a time.
    pub fn new(total: usize, workers: usize) -> Self {
        let voice = Voice::default();
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

    /// A line for people.
    pub fn say(&self, line: &str) {
        self.voice.say(line);
    }

    /// For other threads.
    pub fn voice(&self) -> Voice {
        self.voice.clone()
    }

    /// A run ended: with results, or with a problem; one that can go on has neither.
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
                spoken(left)
            ));
        }
    }

    /// No more runs are coming: the bar goes.
    pub fn end(&mut self) {
        self.bar = None;
        self.voice.show(None);
    }
}

/// A time for people: `40 s`, `12 min`, `3.5 h`.
pub fn spoken(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

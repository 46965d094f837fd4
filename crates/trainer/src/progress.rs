//! What a person sees while training: a bar on a terminal, plain lines elsewhere, all on standard
//! error.

use std::io::IsTerminal;
use std::time::Instant;

use experiment::Epoch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows epochs and steps.
pub struct Progress {
    epochs: usize,
    bar: Option<ProgressBar>,
    started: Instant,
}

impl Progress {
    /// For a training of at most `epochs` epochs.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            bar: None,
            started: Instant::now(),
        }
    }

    /// A line for people.
    pub fn say(&self, line: &str) {
        eprintln!("{line}");
    }

    /// Something that deserves attention.
    pub fn warn(&self, line: &str) {
        eprintln!("warning: {line}");
    }

    /// An epoch of `samples` samples begins.
    pub fn begin_epoch(&mut self, epoch: usize, samples: usize) {
        self.started = Instant::now();
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(samples as u64), ProgressDrawTarget::stderr());
        let template = "{prefix} [{bar:24}] {pos}/{len} {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(format!("epoch {}/{}", epoch + 1, self.epochs));
        self.bar = Some(bar);
    }

    /// `samples` more samples were trained.
    pub fn step(&self, samples: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(samples as u64);
        }
    }

    /// Seconds since the epoch began.
    pub fn epoch_seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// An epoch ended; `train_seconds` of it went into training steps.
    pub fn end_epoch(&mut self, epoch: &Epoch, samples: usize, train_seconds: f64, best: bool) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let metric = |name: &str| epoch.metric(name).unwrap_or(f64::NAN);
        eprintln!(
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
            samples as f64 / train_seconds.max(1e-9),
            if best { "  *" } else { "" }
        );
    }
}

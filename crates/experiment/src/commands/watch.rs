//! `experiment watch`: follows a running experiment by rereading its history. It opens no file for writing and does
//! not take the lock.

use std::io::Write;
use std::time::Duration;

use super::CURVES;
use super::text::{Terminal, duration, number, plain, sparkline};
use crate::catalogue::{Metric, Split};
use crate::error::ExperimentError;
use crate::fields::status;
use crate::history::Epoch;
use crate::metadata::Status;
use crate::store::{Entry, ExperimentStore};

/// Polling interval.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows the experiment `id` and writes to `out` until the run ends, or once.
///
/// # Errors
/// [`ExperimentError`] if no experiment matches `id`.
pub fn watch(
    store: &ExperimentStore,
    id: &str,
    once: bool,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<(), ExperimentError> {
    let found = store.find(id)?;
    let (mut shown, mut lines) = (0, 0);
    let mut header = false;
    loop {
        // Look it up by directory: `latest` may mean another experiment by now.
        let entry = if found.untracked {
            found.clone()
        } else {
            Entry::load(found.directory.clone())?
        };
        let running = entry.status == Some(Status::Running);
        let epochs = entry.history().epochs;
        let text = match terminal.width {
            Some(width) => screen(&entry, &epochs, terminal, width),
            None => {
                let mut text = String::new();
                if !header {
                    text = format!("{}  {}\n", plain(&entry.id), status(&entry));
                    header = true;
                }
                // Fewer epochs than before: the run was resumed from an earlier checkpoint.
                shown = shown.min(epochs.len());
                text.extend(epochs[shown..].iter().map(|epoch| line(&entry, epoch)));
                shown = epochs.len();
                if !running {
                    text.push_str(&format!("{}\n", plain(&status(&entry))));
                }
                text
            }
        };
        // On a terminal, overwrite the previous screen.
        let back = match (terminal.width, lines) {
            (Some(_), 1..) => format!("\u{1b}[{lines}A\u{1b}[J"),
            _ => String::new(),
        };
        lines = text.lines().count();
        let written = out.write_all(format!("{back}{text}").as_bytes());
        if written.and_then(|()| out.flush()).is_err() || once || !running {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

fn line(entry: &Entry, epoch: &Epoch) -> String {
    let metric = |metric: Metric, split| number(epoch.metric(&metric.history_key(split)));
    let rate = match epoch.learning_rate {
        rate if rate.is_nan() => "-".to_owned(),
        rate => format!("{rate:.1e}"),
    };
    format!(
        "epoch {:>3}/{}  loss {}  val_loss {}  val_accuracy {}  val_f1 {}  lr {rate}  {}\n",
        epoch.epoch + 1,
        known(entry.metadata.training_config.epochs),
        metric(Metric::Loss, Split::Train),
        metric(Metric::Loss, Split::Validation),
        metric(Metric::Accuracy, Split::Validation),
        metric(Metric::F1Macro, Split::Validation),
        duration(Some(epoch.elapsed_s))
    )
}

/// The planned number of epochs; zero means unknown.
fn known(epochs: usize) -> String {
    match epochs {
        0 => "-".into(),
        epochs => epochs.to_string(),
    }
}

fn screen(entry: &Entry, epochs: &[Epoch], terminal: &Terminal, width: usize) -> String {
    let state = match status(entry).as_str() {
        "-" => "no status".to_owned(),
        state => state.to_owned(),
    };
    let total = entry.metadata.training_config.epochs;
    let mut text = format!(
        "{}\n{}",
        super::text::cut(&plain(&entry.id), width),
        terminal.status(&state, &state)
    );
    let Some(last) = epochs.last() else {
        text.push_str(", no epoch yet\n");
        return text;
    };
    let per_epoch = last.elapsed_s / epochs.len() as f64;
    let left = per_epoch * total.saturating_sub(epochs.len()) as f64;
    text.push_str(&format!(
        ", epoch {} of at most {}",
        epochs.len(),
        known(total)
    ));
    if last.elapsed_s > 0.0 {
        text.push_str(&format!(", {}", duration(Some(last.elapsed_s))));
    }
    if state == "running" {
        text.push_str(&format!(", at most {} left", duration(Some(left))));
    }
    text.push('\n');
    for (metric, split) in CURVES {
        let (key, name) = (metric.history_key(split), metric.label(split));
        let values: Vec<f64> = epochs
            .iter()
            .filter_map(|epoch| epoch.metric(&key))
            .collect();
        if let Some(now) = values.last() {
            let curve = sparkline(&values, width.saturating_sub(34).clamp(8, 80));
            text.push_str(&format!("  {name:<20} {} {curve}\n", number(Some(*now))));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::{store, terminal};
    use super::*;

    #[test]
    fn a_finished_one_is_shown_once() {
        let (_folder, store) = store();
        for width in [None, Some(80), Some(160)] {
            let mut out = Vec::new();
            watch(&store, "00000000", false, &terminal(width), &mut out).unwrap();
            let name = width.map_or("watch in a pipe".into(), |w| format!("watch at {w}"));
            insta::assert_snapshot!(name, String::from_utf8(out).unwrap());
        }
        let mut out = Vec::new();
        watch(&store, "latest", false, &terminal(Some(80)), &mut out).unwrap();
        assert!(
            String::from_utf8(out)
                .unwrap()
                .contains("crashed, no epoch yet")
        );
    }
}

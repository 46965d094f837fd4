//! The data program: a thin binary over `data::commands`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use data::commands::{Cli, run};
use data::{DataError, Loading};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows a progress bar while many sources are read; nothing for few sources or without a terminal.
fn show(bar: &ProgressBar, loading: Loading) {
    if !loading.takes_a_while() || !std::io::stderr().is_terminal() {
        return;
    }
    bar.set_prefix(loading.split);
    bar.set_length(loading.of as u64);
    bar.set_position(loading.done as u64);
    if bar.is_hidden() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
}

/// How often a signal is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Ends the process after Ctrl-C or SIGTERM, without what it has not finished. If the system refuses, a signal kills it.
fn end_on_signals() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, flag.clone());
        if signal_hook::flag::register(signal, flag.clone()).is_err() {
            return;
        }
    }
    std::thread::spawn(move || {
        while !flag.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
        support::files::abandon();
        eprintln!("interrupted");
        std::process::exit(130);
    });
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    end_on_signals();
    let bar = ProgressBar::hidden();
    let template = "{prefix} [{bar:24}] {pos}/{len} sources, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    let said = run(
        &cli,
        &mut |line| bar.suspend(|| eprintln!("{line}")),
        &mut |loading| show(&bar, loading),
    );
    bar.finish_and_clear();
    match said {
        Ok(text) => {
            // A reader that closes the pipe early, such as `head`, is not a failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            if let DataError::Inspected { shown, .. } = &error {
                let _ = std::io::stdout().write_all(shown.as_bytes());
            }
            eprintln!("error: {error}");
            ExitCode::from(if error.is_machine_failure() { 1 } else { 2 })
        }
    }
}

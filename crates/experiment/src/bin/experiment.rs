//! The experiment manager: a thin binary over `experiment::commands`.

use std::io::Write;
use std::process::{Command, ExitCode};

use clap::Parser;
use experiment::commands::text::Terminal;
use experiment::commands::{Cli, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = match run(&cli, &Terminal::of_stdout()) {
        Ok(output) => output,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(if error.is_usage() { 2 } else { 1 });
        }
    };
    for warning in output.warnings {
        eprintln!("warning: {warning}");
    }
    // A reader that closes the pipe early, such as `head`, is not a failure.
    let _ = std::io::stdout().write_all(output.text.as_bytes());
    match output.handover {
        Some(words) => hand_over(&words),
        None if output.failed => ExitCode::from(1),
        None => ExitCode::SUCCESS,
    }
}

fn hand_over(words: &[String]) -> ExitCode {
    match Command::new(&words[0]).args(&words[1..]).status() {
        Ok(status) => ExitCode::from(status.code().unwrap_or(1) as u8),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("error: TensorBoard is not installed: `pip install tensorboard`");
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("error: cannot start {}: {error}", words[0]);
            ExitCode::from(1)
        }
    }
}

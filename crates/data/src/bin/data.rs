//! The data program: a thin binary over `data::commands`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use data::commands::{Cli, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli, &mut |line| eprintln!("{line}")) {
        Ok(text) => {
            // A reader such as `head` that closes the pipe early is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if error.is_machine_failure() { 1 } else { 2 })
        }
    }
}

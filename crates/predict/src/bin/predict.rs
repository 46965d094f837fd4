//! The program: a thin binary over the library.

use std::process::ExitCode;

use clap::Parser;
use predict::PredictError;
use predict::commands::{Cli, run};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) | Err(PredictError::Closed) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

mod presets;
mod resumed;
mod stored;

use clap::Parser;

use super::*;
use crate::cli::Cli;
use crate::job::Job;
use crate::options::TrainingOptions;

fn cli(arguments: &[&str]) -> TrainingOptions {
    let cli = Cli::try_parse_from([&["trainer"][..], arguments].concat()).unwrap();
    cli.training
}

//! The trainer: a thin binary over the library.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use trainer::TrainerError;
use trainer::cli::{Cli, Command};
use trainer::commands::evaluate::EvaluateArgs;
use trainer::commands::export::ExportArgs;
use trainer::job::Job;
use trainer::progress::Progress;
use trainer::run::{Finished, interrupt_on_signals, run};
use trainer::training::StoppedBy;

/// Exit code of an interrupted run, as shells count it.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Devices { json }) = cli.command {
        let listed = trainer::compute::devices::list();
        let text = match json {
            true => format!("{:#}\n", serde_json::json!(listed)),
            false => trainer::compute::devices::table(&listed),
        };
        let _ = std::io::stdout().write_all(text.as_bytes());
        return ExitCode::SUCCESS;
    }
    if let Some(Command::Export(arguments)) = &cli.command {
        return export(arguments);
    }
    if let Some(Command::Evaluate(arguments)) = &cli.command {
        return evaluate(arguments);
    }
    match start(&cli) {
        Ok(finished) => {
            // A reader that closes the pipe early is no failure.
            let _ = std::io::stdout().write_all(results(&finished).as_bytes());
            match finished.outcome.stopped_by {
                StoppedBy::Interrupted => ExitCode::from(INTERRUPTED),
                _ => ExitCode::SUCCESS,
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn export(arguments: &ExportArgs) -> ExitCode {
    match trainer::commands::export::export(arguments) {
        Ok(notes) => {
            notes.iter().for_each(|note| eprintln!("{note}"));
            let _ = writeln!(std::io::stdout(), "{}", arguments.out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn evaluate(arguments: &EvaluateArgs) -> ExitCode {
    match trainer::commands::evaluate::evaluate(arguments) {
        Ok((text, notes)) => {
            notes.iter().for_each(|note| eprintln!("note: {note}"));
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn start(cli: &Cli) -> Result<Finished, TrainerError> {
    let job = Job::new(cli)?;
    let mut progress = Progress::new(job.recipe.epochs);
    let interrupt = interrupt_on_signals().unwrap_or_else(|error| {
        progress.warn(&format!(
            "Ctrl-C will stop at once, without saving: {error}"
        ));
        Default::default()
    });
    run(&job, &interrupt, &mut progress)
}

/// What a finished run says on standard output.
fn results(finished: &Finished) -> String {
    let report = finished.judgement.test.report();
    let outcome = &finished.outcome;
    let split = if finished.test_is_val {
        "validation split, which serves as test"
    } else {
        "test split"
    };
    let best = outcome
        .best_epoch
        .map_or("none".into(), |epoch| (epoch + 1).to_string());
    let mut text = format!(
        "experiment {}\ndirectory  {}\nepochs     {}, best {best}, stopped by {}\n\n{split}: \
         accuracy {:.4}, macro F1 {:.4}, loss {:.4}\n",
        finished.metadata.experiment_id,
        finished.directory.display(),
        outcome.epochs_run,
        outcome.stopped_by.name(),
        report.accuracy,
        report.f1.macro_,
        finished.judgement.test.loss,
    );
    text.push_str(&report.by_class(&finished.class_names));
    text
}

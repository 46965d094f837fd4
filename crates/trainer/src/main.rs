//! The trainer: a thin binary over the library.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use trainer::TrainerError;
use trainer::cli::{Cli, Command};
use trainer::commands::baselines;
use trainer::commands::evaluate::EvaluateArgs;
use trainer::commands::export::ExportArgs;
use trainer::commands::sweep::SweepArgs;
use trainer::folds;
use trainer::job::Job;
use trainer::progress::Progress;
use trainer::run::{Finished, interrupt_on_signals, run};
use trainer::text::{class_table, interval};
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
    match &cli.command {
        Some(Command::Export(arguments)) => return export(arguments),
        Some(Command::Sweep(arguments)) => return sweep(arguments),
        Some(Command::Evaluate(arguments)) => return evaluate(arguments),
        Some(Command::Quantise(arguments)) => {
            return print(trainer::commands::quantise::quantise(arguments));
        }
        Some(Command::Baselines(arguments)) => {
            let found = baselines::run(arguments, &mut Progress::new(0));
            return done(found.map(|text| (text, ExitCode::SUCCESS)));
        }
        _ => {}
    }
    done(start(&cli))
}

/// Prints what was found.
fn done(found: Result<(String, ExitCode), TrainerError>) -> ExitCode {
    match found {
        Ok((text, code)) => {
            // A reader that closes the pipe early is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            code
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// What a command says on standard output, or the error.
fn print(said: Result<String, TrainerError>) -> ExitCode {
    match said {
        Ok(text) => {
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
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

fn sweep(arguments: &SweepArgs) -> ExitCode {
    match trainer::commands::sweep::sweep(arguments) {
        Ok(ended) => {
            let _ = std::io::stdout().write_all(ended.text.as_bytes());
            ExitCode::from(ended.exit_code)
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

fn start(cli: &Cli) -> Result<(String, ExitCode), TrainerError> {
    let job = Job::new(cli)?;
    let mut progress = Progress::new(job.recipe.epochs);
    let interrupt = interrupt_on_signals().unwrap_or_else(|error| {
        progress.warn(&format!(
            "Ctrl-C will stop at once, without saving: {error}"
        ));
        Default::default()
    });
    let exit = |interrupted| {
        if interrupted {
            ExitCode::from(INTERRUPTED)
        } else {
            ExitCode::SUCCESS
        }
    };
    if let Some(k) = cli.folds {
        let folds = (k, cli.fold_seed.unwrap_or(0));
        let found = folds::cross_validate(&job, folds, &interrupt, &mut progress)?;
        let text = if cli.json {
            format!("{:#}\n", serde_json::json!(found))
        } else {
            found.text()
        };
        return Ok((text, exit(found.interrupted)));
    }
    let finished = run(&job, &interrupt, &mut progress)?;
    let text = if cli.json {
        format!("{:#}\n", serde_json::json!(finished.metadata))
    } else {
        results(&finished)
    };
    let interrupted = finished.outcome.stopped_by == StoppedBy::Interrupted;
    Ok((text, exit(interrupted)))
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
    if let Some(scores) = &finished.scores {
        text.push_str(&format!(
            "over {} groups, [95 % interval]: accuracy {}, macro F1 {}\n",
            scores.groups,
            interval(&scores.accuracy),
            interval(&scores.macro_f1)
        ));
    }
    text.push_str(&class_table(&finished.class_names, &report));
    if let Some(standing) = &finished.standing {
        text.push_str(&format!("\n{}", standing.text()));
    }
    text
}

//! The trainer: a thin binary over the library.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use trainer::TrainerError;
use trainer::cli::{Cli, Command};
use trainer::commands::{baselines, evaluate, export, quantise, sweep};
use trainer::folds;
use trainer::job::Job;
use trainer::options::TrainingOptions;
use trainer::progress::Progress;
use trainer::run::{Finished, interrupt_on_signals, run};
use trainer::text::{class_table, interval};
use trainer::training::StoppedBy;

/// Exit code of an interrupted run, as in shells.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = |text| (text, ExitCode::SUCCESS);
    let found = match &cli.command {
        None => start(&cli.training),
        Some(Command::Devices { json }) => Ok(done(devices(*json))),
        Some(Command::Export(arguments)) => export::export(arguments).map(|notes| {
            notes.iter().for_each(|note| eprintln!("{note}"));
            done(format!("{}\n", arguments.out.display()))
        }),
        Some(Command::Sweep(arguments)) => {
            sweep::sweep(arguments).map(|ended| (ended.text, ExitCode::from(ended.exit_code)))
        }
        Some(Command::Evaluate(arguments)) => evaluate::evaluate(arguments).map(|(text, notes)| {
            notes.iter().for_each(|note| eprintln!("{note}"));
            done(text)
        }),
        Some(Command::Quantise(arguments)) => quantise::quantise(arguments).map(|(text, note)| {
            eprintln!("{note}");
            done(text)
        }),
        Some(Command::Baselines(arguments)) => {
            baselines::run(arguments, &mut Progress::new(0)).map(done)
        }
    };
    match found {
        Ok((text, code)) => {
            // A reader that closes the pipe early is not a failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            code
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn devices(json: bool) -> String {
    let listed = trainer::compute::devices::list();
    if json {
        format!("{:#}\n", serde_json::json!(listed))
    } else {
        trainer::compute::devices::table(&listed)
    }
}

fn start(options: &TrainingOptions) -> Result<(String, ExitCode), TrainerError> {
    let job = Job::new(options)?;
    let mut progress = Progress::new(job.recipe.epochs);
    let interrupt = interrupt_on_signals().unwrap_or_else(|error| {
        progress.warn(&format!(
            "Ctrl-C will stop immediately, without saving: {error}"
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
    if let Some(k) = options.folds {
        let folds = (k, options.fold_seed.unwrap_or(0));
        let found = folds::cross_validate(&job, folds, &interrupt, &mut progress)?;
        let text = if options.json {
            format!("{:#}\n", serde_json::json!(found))
        } else {
            found.text()
        };
        return Ok((text, exit(found.interrupted)));
    }
    let finished = run(&job, &interrupt, &mut progress)?;
    let text = if options.json {
        format!("{:#}\n", serde_json::json!(finished.metadata))
    } else {
        results(&finished)
    };
    let interrupted = finished.outcome.stopped_by == StoppedBy::Interrupted;
    Ok((text, exit(interrupted)))
}

/// Text of a finished run for standard output.
fn results(finished: &Finished) -> String {
    let report = finished.judgement.test.report();
    let outcome = &finished.outcome;
    let split = if finished.test_is_val {
        "validation split, used as test split"
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
            "over {}, [95 % interval]: accuracy {}, macro F1 {}\n",
            support::words::counted(scores.groups, "group"),
            interval(&scores.accuracy),
            interval(&scores.macro_f1)
        ));
    }
    text.push_str(&class_table(&finished.class_names, &report));
    if let Some(baselines) = &finished.baselines {
        text.push_str(&format!("\n{}", baselines.text()));
    }
    text
}

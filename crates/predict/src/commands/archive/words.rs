//! The command line of a worker: that of this process, with absolute paths.

use std::path::{Path, PathBuf};

use super::super::ModelArgs;
use super::super::findings::EventArgs;
use super::super::output::OutputArgs;
use super::super::recording::{CutArgs, RecordingArgs};
use crate::error::PredictError;

/// Makes a path absolute, relative to the working directory.
///
/// # Errors
/// [`PredictError::Usage`] if the path is empty.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, PredictError> {
    std::path::absolute(path)
        .map_err(|error| PredictError::Usage(format!("{}: {error}", path.display())))
}

/// The path as an absolute word.
fn word(path: &Path) -> Result<String, PredictError> {
    let path = absolute(path)?;
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| PredictError::Usage(format!("{}: its name is not UTF-8", path.display())))
}

/// Arguments of a worker that does the same with the model in `folder`, with one thread unless more were requested.
///
/// # Errors
/// [`PredictError::Usage`] if a path cannot be passed on.
pub(super) fn of(arguments: &RecordingArgs, folder: &Path) -> Result<Vec<String>, PredictError> {
    // Without `..`, so that every new option is either passed on or omitted on purpose.
    let RecordingArgs {
        model,
        paths,
        channels,
        rate,
        start,
        time_column,
        samples_in_rows,
        cut,
        events,
        output,
        quakeml: _,
        share: _,
    } = arguments;
    let ModelArgs {
        model: _,
        experiments_dir: _,
        threads,
        window_samples,
        int8,
        quiet,
    } = model;
    let CutArgs { hop, model_rate } = cut;
    let EventArgs {
        on,
        off,
        min_duration,
        merge_gap,
        threshold,
        ignore,
        windows,
    } = events;
    let OutputArgs { json, csv: _, out } = output;
    let mut words = vec!["recording".to_owned()];
    let mut option = |name: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("--{name}={value}")));
    };
    let text = |number: &f64| number.to_string();
    option("threads", Some(threads.unwrap_or(1).to_string()));
    option("window-samples", window_samples.map(|n| n.to_string()));
    option(
        "channels",
        (!channels.is_empty()).then(|| channels.join(",")),
    );
    option("rate", rate.as_ref().map(text));
    option("start", start.clone());
    option("time-column", time_column.clone());
    option(
        "samples-in-rows",
        samples_in_rows.map(|in_rows| in_rows.to_string()),
    );
    option("hop", hop.map(|hop| hop.to_string()));
    option("model-rate", model_rate.as_ref().map(text));
    option("on", Some(on.to_string()));
    option("off", Some(off.to_string()));
    option("min-duration", Some(text(min_duration)));
    option("merge-gap", Some(text(merge_gap)));
    option("threshold", Some(threshold.to_string()));
    for class in ignore {
        option("ignore", Some(class.clone()));
    }
    option("out", out.as_deref().map(word).transpose()?);
    for (name, given) in [
        ("--int8", int8),
        ("--quiet", quiet),
        ("--windows", windows),
        ("--json", json),
    ] {
        words.extend(given.then(|| name.to_owned()));
    }
    words.push(word(folder)?);
    for path in paths {
        words.push(word(path)?);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::super::{Cli, Command};
    use super::*;

    fn parsed(words: &[String]) -> RecordingArgs {
        let words = std::iter::once("predict").chain(words.iter().map(String::as_str));
        match Cli::try_parse_from(words).unwrap().command {
            Command::Recording(arguments) => arguments,
            other => panic!("{other:?}"),
        }
    }

    /// A worker gets every option, with all digits.
    #[test]
    fn a_worker_gets_every_option() {
        for given in [
            "recording model sds --out=out",
            "recording model sds -o out --threads 3 --window-samples 77 --channels Z,E --rate 99.99999999999 --start \
             2024-05-01T00:00:00 --time-column t --hop 13 --model-rate 0.1 --on 0.123456789 --off 0.1 --min-duration 0.3 --merge-gap \
             1e-3 --threshold 0.05 --ignore a --ignore -b --windows --int8 --quiet --json --executor slurm --tasks 3 \
             --array-limit 2 --sbatch=--qos=low",
        ] {
            let given = given.replace("--ignore -b", "--ignore=-b");
            let mut given = parsed(
                &given
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            );
            let passed = parsed(&of(&given, Path::new("model")).unwrap());
            given.share = Default::default();
            given.model.threads = Some(given.model.threads.unwrap_or(1));
            given.model.model = absolute(&given.model.model).unwrap();
            given.paths = vec![absolute(&given.paths[0]).unwrap()];
            given.output.out = Some(absolute(given.output.out.as_deref().unwrap()).unwrap());
            assert_eq!(format!("{passed:?}"), format!("{given:?}"));
        }
    }
}

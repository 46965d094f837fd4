//! `experiment study`: the runs of a study, summarised.

mod preset;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Output;
use super::text::{number, plain, table};
use crate::error::ExperimentError;
use crate::fields::text;
use crate::figures::{confusion_matrix, score_panels};
use crate::files::write_atomically;
use crate::statistics::Sample;
use crate::store::ExperimentStore;
use crate::study::{SCORES, Study, Trial};

/// Options of the command.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Study, as named in its sweep file
    pub name: String,
    /// Show the N best trials
    #[arg(long, value_name = "N", default_value = "20")]
    pub limit: usize,
    /// Plot the scores over each varied parameter into this PNG file
    #[arg(long, value_name = "FILE.png")]
    pub plot: Option<PathBuf>,
    /// Plot the best trial's pooled confusion matrix into this PNG file
    #[arg(long, value_name = "FILE.png")]
    pub matrix: Option<PathBuf>,
    /// Write the best trial's recipe as a preset for `trainer --config`
    #[arg(long, value_name = "FILE.yaml")]
    pub write_preset: Option<PathBuf>,
    /// Print JSON instead of tables
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values, one line per run, instead of tables
    #[arg(long)]
    pub csv: bool,
}

pub(super) fn run(store: &ExperimentStore, options: &Options) -> Result<Output, ExperimentError> {
    let study = Study::read(store, &options.name)?;
    let trials = study.trials();
    let mut output = Output {
        warnings: study.warnings.clone(),
        ..Default::default()
    };
    let mut written = Vec::new();
    if let Some(path) = &options.plot {
        let figure = score_panels(&study.panels())?;
        write_atomically(path, &figure.bytes)?;
        written.push(format!("scores: {}\n", plain(&path.display().to_string())));
    }
    if let Some(path) = &options.matrix {
        written.push(draw_matrix(&study, &trials, path)?);
    }
    if let Some(path) = &options.write_preset {
        let best = best(&study, &trials)?;
        let bytes = preset::of(&study, best)?;
        write_atomically(path, bytes.as_bytes())?;
        written.push(format!(
            "preset of trial {}: {}\n",
            best.number,
            plain(&path.display().to_string())
        ));
    }
    output.text = if options.json {
        format!("{:#}\n", as_json(&study, &trials))
    } else if options.csv {
        csv(&study)
    } else {
        tables(&study, &trials, options.limit)
    };
    // JSON and CSV are for other programs, which get no remarks.
    if !options.json && !options.csv {
        written.iter().for_each(|line| output.text.push_str(line));
    }
    Ok(output)
}

fn best<'a>(study: &Study, trials: &'a [Trial]) -> Result<&'a Trial, ExperimentError> {
    trials.first().ok_or_else(|| {
        ExperimentError::Usage(format!("no run of the study `{}` is completed", study.name))
    })
}

fn draw_matrix(study: &Study, trials: &[Trial], path: &Path) -> Result<String, ExperimentError> {
    let best = best(study, trials)?;
    let pooled = best.pooled.as_ref().ok_or_else(|| {
        ExperimentError::Usage(format!(
            "trial {} has no complete folds whose predictions could be pooled",
            best.number
        ))
    })?;
    let title = format!("{}, trial {}, all folds", study.name, best.number);
    let image = confusion_matrix(&title, &best.runs[0].class_names, &pooled.matrix)?;
    write_atomically(path, &image.bytes)?;
    Ok(format!("matrix: {}\n", plain(&path.display().to_string())))
}

fn tables(study: &Study, trials: &[Trial], limit: usize) -> String {
    let mut out = format!(
        "study {}: {} runs completed",
        plain(&study.name),
        study.runs.len()
    );
    if let Some(planned) = study.planned {
        out.push_str(&format!(" of {planned} planned"));
    }
    for (status, count) in &study.others {
        out.push_str(&format!(", {count} {status}"));
    }
    out.push('\n');
    if trials.is_empty() {
        return out;
    }
    out.push_str("\nTrials, the best on the validation split first\n");
    out.push_str(&trial_table(study, &trials[..limit.min(trials.len())]));
    if trials.len() > limit {
        out.push_str(&format!(
            "... {} more: --limit N shows them\n",
            trials.len() - limit
        ));
    }
    let best = &trials[0];
    let folds = best.by_fold();
    if !folds.is_empty() {
        out.push_str(&format!("\nTest scores of trial {} by fold\n", best.number));
        out.push_str(&fold_table(best));
    }
    if let Some(pooled) = &best.pooled {
        out.push_str(&format!(
            "\nAll test windows of trial {} together, over {} seed(s); rows are true classes\n",
            best.number,
            pooled.f1.len()
        ));
        out.push_str(&matrix_table(&best.runs[0].class_names, &pooled.matrix));
    }
    out
}

/// Mean and standard deviation, or dashes.
fn cells(sample: Option<Sample>) -> [String; 3] {
    let interval = sample.and_then(|sample| sample.interval());
    let interval =
        interval.map(|(low, high)| format!("{} to {}", number(Some(low)), number(Some(high))));
    [
        number(sample.map(|sample| sample.mean)),
        number(sample.and_then(|sample| sample.deviation)),
        interval.unwrap_or("-".into()),
    ]
}

fn trial_table(study: &Study, trials: &[Trial]) -> String {
    let parameters = study.parameters();
    let pooled = trials.iter().any(|trial| trial.pooled.is_some());
    let mut head: Vec<String> = vec!["TRIAL".into()];
    head.extend(parameters.iter().map(|name| plain(name)));
    head.extend(["RUNS", "VAL F1", "SD", "95 % OF THE MEAN", "TEST F1", "SD"].map(String::from));
    if pooled {
        head.push("POOLED TEST F1".into());
    }
    let rows: Vec<Vec<String>> = trials
        .iter()
        .map(|trial| {
            let mut row = vec![trial.number.to_string()];
            let value = |name: &String| trial.varied.get(name).map_or("-".into(), text);
            row.extend(parameters.iter().map(|name| plain(&value(name))));
            row.push(trial.runs.len().to_string());
            row.extend(cells(trial.sample("val_f1")));
            row.extend(cells(trial.sample("test_f1")).into_iter().take(2));
            if pooled {
                let f1 = trial.pooled.as_ref().and_then(|p| Sample::of(&p.f1));
                row.push(number(f1.map(|sample| sample.mean)));
            }
            row
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let right: Vec<usize> = (parameters.len() + 1..head.len()).collect();
    table(&head, &rows, &right)
}

fn fold_table(trial: &Trial) -> String {
    let rows: Vec<Vec<String>> = trial
        .by_fold()
        .into_iter()
        .map(|fold| {
            vec![
                plain(&fold.fold),
                fold.runs.to_string(),
                fold.windows.to_string(),
                number(fold.accuracy.map(|sample| sample.mean)),
                number(fold.f1.map(|sample| sample.mean)),
            ]
        })
        .collect();
    table(
        &["FOLD", "RUNS", "WINDOWS", "ACCURACY", "MACRO F1"],
        &rows,
        &[1, 2, 3, 4],
    )
}

fn matrix_table(class_names: &[String], matrix: &[Vec<u64>]) -> String {
    let names: Vec<String> = class_names.iter().map(|name| plain(name)).collect();
    let mut head = vec![""];
    head.extend(names.iter().map(String::as_str));
    let rows: Vec<Vec<String>> = names
        .iter()
        .zip(matrix)
        .map(|(name, row)| {
            let cells = row.iter().map(ToString::to_string);
            std::iter::once(name.clone()).chain(cells).collect()
        })
        .collect();
    let right: Vec<usize> = (1..head.len()).collect();
    table(&head, &rows, &right)
}

fn sample_json(sample: Option<Sample>) -> Value {
    let interval = sample.and_then(|sample| sample.interval());
    json!({
        "count": sample.map_or(0, |sample| sample.count),
        "mean": sample.map(|sample| sample.mean),
        "deviation": sample.and_then(|sample| sample.deviation),
        "low": interval.map(|(low, _)| low),
        "high": interval.map(|(_, high)| high),
    })
}

fn as_json(study: &Study, trials: &[Trial]) -> Value {
    let trials = trials.iter().map(|trial| {
        let scores: Map<String, Value> = SCORES
            .iter()
            .map(|(name, _, _)| ((*name).to_owned(), sample_json(trial.sample(name))))
            .collect();
        let folds = trial.by_fold();
        let folds = folds.iter().map(|fold| {
            json!({
                "fold": fold.fold, "runs": fold.runs, "windows": fold.windows,
                "test_acc": sample_json(fold.accuracy), "test_f1": sample_json(fold.f1),
            })
        });
        let pooled = trial.pooled.as_ref().map(|pooled| {
            json!({
                "confusion_matrix": pooled.matrix,
                "f1_macro": sample_json(Sample::of(&pooled.f1)),
                "accuracy": sample_json(Sample::of(&pooled.accuracy)),
            })
        });
        json!({
            "trial": trial.number, "varied": trial.varied, "runs": trial.runs.len(), "scores": scores,
            "folds": folds.collect::<Vec<_>>(), "pooled": pooled,
            "ids": trial.runs.iter().map(|run| &run.id).collect::<Vec<_>>(),
        })
    });
    json!({
        "study": study.name, "planned": study.planned, "completed": study.runs.len(),
        "others": study.others,
        "class_names": study.runs.first().map(|run| &run.class_names),
        "trials": trials.collect::<Vec<_>>(),
    })
}

/// One line per run.
fn csv(study: &Study) -> String {
    let parameters = study.parameters();
    let mut head: Vec<String> = ["id", "line", "trial", "fold", "seed"]
        .map(String::from)
        .into();
    head.extend(parameters.iter().cloned());
    head.extend(SCORES.iter().map(|(name, _, _)| (*name).to_owned()));
    let cell = |value: &str| {
        let value = plain(value);
        if value.contains([',', '"']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value
        }
    };
    let line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|value| cell(value)).collect();
        format!("{}\r\n", cells.join(","))
    };
    let mut out = line(head);
    for run in &study.runs {
        let mut cells = vec![
            run.id.clone(),
            run.line.to_string(),
            run.trial.to_string(),
            run.fold.clone().unwrap_or_default(),
            run.seed.map_or(String::new(), |seed| seed.to_string()),
        ];
        let value = |name: &String| run.varied.get(name).map_or(String::new(), text);
        cells.extend(parameters.iter().map(value));
        let score = |name: &str| run.scores.get(name).map_or(String::new(), f64::to_string);
        cells.extend(SCORES.iter().map(|(name, _, _)| score(name)));
        out.push_str(&line(cells));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::tests::study_store;

    fn options() -> Options {
        Options {
            name: "rates".into(),
            limit: 20,
            ..Default::default()
        }
    }

    #[test]
    fn tables_json_csv_and_files() {
        let (folder, store) = study_store();
        insta::assert_snapshot!("study", run(&store, &options()).unwrap().text);
        let at = |name: &str| Some(folder.path().join(name));
        let json = run(
            &store,
            &Options {
                json: true,
                plot: at("scores.png"),
                matrix: at("matrix.png"),
                write_preset: at("best.yaml"),
                ..options()
            },
        );
        let json: Value = serde_json::from_str(&json.unwrap().text).unwrap();
        assert_eq!(json["trials"][0]["varied"]["learning_rate"], json!(0.01));
        assert_eq!(
            json["trials"][0]["pooled"]["confusion_matrix"],
            json!([[48, 12], [15, 45]])
        );
        for name in ["scores.png", "matrix.png"] {
            let bytes = std::fs::read(folder.path().join(name)).unwrap();
            assert!(bytes.starts_with(b"\x89PNG"), "{name}");
        }
        insta::assert_snapshot!(
            "preset",
            std::fs::read_to_string(folder.path().join("best.yaml")).unwrap()
        );
        let csv = run(
            &store,
            &Options {
                csv: true,
                ..options()
            },
        )
        .unwrap()
        .text;
        assert_eq!(csv.lines().count(), 13);
        assert!(
            csv.starts_with("id,line,trial,fold,seed,learning_rate,val_f1,"),
            "{csv}"
        );
        assert!(csv.contains(",5,0,pass 2,2,0.001,"), "{csv}");
    }
}

//! The output of every command on terminals with 80 and 160 columns, for the experiments written by TensorFlow. This is
//! a separate binary because it changes the working directory, so that paths are the same everywhere.

mod folders;

use std::path::Path;

use clap::Parser;
use experiment::ExperimentStore;
use experiment::commands::text::{Terminal, width};
use experiment::commands::{Cli, run, watch};

use folders::copy;

const ID: &str = "20250314_092653_simple_cnn_2classes_16batch_5f3a9c01";

#[test]
fn every_command() {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/python");
    copy(&source, folder.path());
    std::env::set_current_dir(folder.path()).unwrap();
    let untracked = "seismic_training_20250101-120000";
    let day = chrono::NaiveDate::from_ymd_opt(2025, 3, 15).unwrap();
    for columns in [80, 160] {
        let terminal = Terminal {
            width: Some(columns),
            colour: false,
            now: day.and_hms_opt(12, 0, 0).unwrap(),
        };
        let mut shown = String::new();
        for arguments in [
            &["list"][..],
            &[
                "list",
                "--sort",
                "-val_acc",
                "--columns",
                "id,val_acc,tensorflow_version",
            ],
            &["list", "--filter", "val_f1>2"],
            &["list", "--filter", "val_f1>"],
            &["summary", ID],
            &["compare", ID, untracked],
            &["tensorboard", ID, untracked],
            &["report", ID],
            &["note", ID, "wind from the west"],
            &["note", ID, "--replace"],
            &["tag", ID, "field"],
            &["tag", ID, "--remove", "field"],
            &["verify"],
            &["verify", ID],
            &["repair", ID],
            &["gc", "--keep-best", "1"],
            &["gc", "--keep-newest", "0", "--dry-run"],
            &["delete", ID, "--dry-run"],
            &["delete", ID],
            &["restore"],
            &["purge"],
            &["restore", ID],
            &["purge"],
            &["summary", "../x"],
        ] {
            let cli = Cli::try_parse_from(["experiment"].iter().chain(arguments)).unwrap();
            let text = match run(&cli, &terminal) {
                Ok(output) => output.text,
                Err(error) => format!("error: {error}\n"),
            };
            if ["list", "summary"].contains(&arguments[0]) {
                let fits = text.lines().all(|line| width(line) <= columns);
                assert!(fits, "{columns}: {text}");
            }
            shown.push_str(&format!("$ experiment {}\n{text}\n", arguments.join(" ")));
        }
        assert!(Path::new("report.html").exists());
        let mut followed = Vec::new();
        let store = ExperimentStore::new("experiments".as_ref());
        watch(&store, ID, false, &terminal, &mut followed).unwrap();
        shown.push_str(&format!(
            "$ experiment watch\n{}",
            String::from_utf8(followed).unwrap()
        ));
        insta::assert_snapshot!(format!("at {columns}"), shown);
    }
}

//! Uses the experiment manager while trainings write.

use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use experiment::ExperimentStore;
use experiment::commands::text::Terminal;
use experiment::commands::{Cli, run, watch};

use super::*;

fn terminal() -> Terminal {
    Terminal {
        width: None,
        colour: false,
        now: chrono::Local::now().naive_local(),
    }
}

fn manage(root: &Path, arguments: &[&str]) -> Result<String, experiment::ExperimentError> {
    let words = ["experiment", "--experiments-dir", root.to_str().unwrap()];
    let cli = Cli::try_parse_from(words.iter().chain(arguments)).unwrap();
    let output = run(&cli, &terminal())?;
    assert!(output.warnings.is_empty(), "{:?}", output.warnings);
    Ok(output.text)
}

/// Twenty concurrent trainings (or `TRAININGS`) while other threads list, watch and delete.
#[test]
fn nothing_is_torn_or_lost_while_others_look_and_delete() {
    let trainings: usize = std::env::var("TRAININGS").map_or(20, |n| n.parse().unwrap());
    let place = Place::new();
    let root = place.experiments();
    let done = AtomicBool::new(false);
    let (listed, refused, deleted) = std::thread::scope(|scope| {
        let lister = scope.spawn(|| {
            let mut times = 0;
            while !done.load(Ordering::Relaxed) {
                manage(&root, &["list", "--json"]).unwrap();
                manage(&root, &["list", "--filter", "val_f1>0.5 or status=running"]).unwrap();
                // There may be no experiment yet, or it may have been deleted.
                let store = ExperimentStore::new(&root);
                let _ = watch(&store, "latest", true, &terminal(), &mut Vec::new());
                times += 1;
            }
            times
        });
        let deleter = scope.spawn(|| {
            let (mut refused, mut deleted) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                match manage(&root, &["delete", "latest"]) {
                    Ok(_) => deleted += 1,
                    Err(experiment::ExperimentError::Running { .. }) => refused += 1,
                    Err(experiment::ExperimentError::NotFound { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
                std::thread::sleep(Duration::from_millis(3));
            }
            (refused, deleted)
        });
        let children: Vec<_> = (0..trainings)
            .map(|seed| {
                let seed = seed.to_string();
                let mut command =
                    place.command(&[&QUICK[..], &["--seed", &seed, "--threads", "1"]].concat());
                command.stdout(Stdio::null()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        done.store(true, Ordering::Relaxed);
        let (refused, deleted) = deleter.join().unwrap();
        (lister.join().unwrap(), refused, deleted)
    });
    eprintln!("{listed} listings; deleting was refused {refused} times and done {deleted} times");
    let trash = root.join(".trash");
    let experiments = |folder: &Path| {
        let listing = std::fs::read_dir(folder).into_iter().flatten();
        let paths = listing.map(|entry| entry.unwrap().path());
        paths.filter(|path| *path != trash).collect::<Vec<_>>()
    };
    let (left, gone) = (experiments(&root), experiments(&trash));
    assert_eq!(gone.len(), deleted);
    assert_eq!(left.len() + gone.len(), trainings);
    // Each experiment is complete, deleted or not: none was taken from the process that trained it.
    for experiment in left.iter().chain(&gone) {
        assert_complete(experiment, "completed");
    }
    assert!(listed > 1);
    for experiment in gone {
        manage(
            &root,
            &["restore", experiment.file_name().unwrap().to_str().unwrap()],
        )
        .unwrap();
    }
    let whole = manage(&root, &["verify"]).unwrap();
    assert_eq!(whole.matches("  whole").count(), trainings, "{whole}");
}

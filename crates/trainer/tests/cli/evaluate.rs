//! `trainer evaluate`, and training from the weights of another experiment.

use super::*;

fn evaluate(place: &Place, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["evaluate", "latest"])
        .args(["--datasets-dir".as_ref(), datasets().as_os_str()])
        .args([
            "--experiments-dir".as_ref(),
            place.experiments().as_os_str(),
        ])
        .args(arguments)
        .output()
        .unwrap()
}

/// Tensors of a model by name.
fn tensors(experiment: &Path) -> Vec<(String, Vec<f32>)> {
    let bytes = std::fs::read(experiment.join("model/model.safetensors")).unwrap();
    let mut tensors: Vec<_> = model::named_tensors(&bytes)
        .unwrap()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.values))
        .collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

#[test]
fn an_evaluation_finds_what_the_training_found() {
    let place = Place::new();
    let output = place.run(&QUICK);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let experiment = place.found().remove(0);
    let page = place.folder.path().join("gallery.html");
    let output = evaluate(&place, &["--json", "--gallery", page.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    let trained = &metadata(&experiment)["results"]["test"];
    assert_eq!(found["confusion_matrix"], trained["confusion_matrix"]);
    assert_eq!(found["accuracy"], trained["accuracy"]);
    let apart = found["loss"].as_f64().unwrap() - trained["loss"].as_f64().unwrap();
    assert!(apart.abs() < 1e-6, "{apart}");
    let folder = experiment.join("evaluations/test");
    let stored = std::fs::read_to_string(folder.join("metrics.json")).unwrap();
    assert_eq!(stored, text(&output.stdout));
    let rows = std::fs::read_to_string(folder.join("predictions.csv")).unwrap();
    assert_eq!(rows.lines().count(), 301);
    assert!(folder.join("confusion_matrix.png").is_file());
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("sample of a class"));
    // Every card shows the relevance, over seven segments and the bins up to half the rate.
    let cards = page.matches("\"kind\":").count();
    assert_eq!(
        page.matches("\"relevance\":{\"columns\":[0.125,").count(),
        cards
    );
    assert_eq!(page.matches("\"rows\":129,").count(), cards);
    assert!(cards > 24, "{cards}");
    // A second evaluation does not overwrite the first.
    let output = evaluate(&place, &["--split", "val"]);
    assert!(
        text(&output.stdout).contains("macro F1"),
        "{}",
        text(&output.stderr)
    );
    evaluate(&place, &["--split", "val"]);
    let config = datasets().join("demo-v1/dataset_config.yaml");
    let output = evaluate(&place, &["--dataset-config", config.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listing = std::fs::read_dir(experiment.join("evaluations")).unwrap();
    let mut names: Vec<String> = listing
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["dataset_config_test", "test", "val", "val_2"]);
}

#[test]
fn a_training_begins_with_other_weights() {
    let place = Place::new();
    let output = place.run(&QUICK);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let first = place.found().remove(0);
    let arguments = [
        "--init-from",
        "latest",
        "--freeze",
        "2",
        "--learning-rate",
        "0.001",
    ];
    let output = place.run(&[&QUICK[..], &arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("12 of 12 tensors taken"), "{stderr}");
    let second = place
        .found()
        .into_iter()
        .find(|directory| *directory != first)
        .unwrap();
    for ((name, before), (_, after)) in tensors(&first).into_iter().zip(tensors(&second)) {
        let frozen = name.starts_with("conv1/") || name.starts_with("conv2/");
        assert_eq!(before == after, frozen, "{name}");
    }
    let recipe = std::fs::read_to_string(second.join("recipe.json")).unwrap();
    assert!(recipe.contains("\"freeze\": 2"), "{recipe}");
    let output = place.run(&[&QUICK[..], &["--init-from", "nothing"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let output = place.run(&[&QUICK[..], &["--freeze", "2"]].concat());
    assert!(text(&output.stderr).contains("--freeze needs --init-from"));
}

/// Writes 40 s of two channels at 100 Hz, the second half louder, and returns its entry in a list of recordings.
pub(super) fn recording(folder: &Path, name: &str, start: &str, split: &str) -> String {
    let mut table = "Z,N\n".to_owned();
    let offset = name.bytes().map(i32::from).sum::<i32>();
    for i in 0..4000_i32 {
        let size = if i < 2000 { 10 } else { 1000 };
        let value = |factor: i32| (i * factor + offset) % 201 * size / 100 - size;
        table.push_str(&format!("{},{}\n", value(37), value(53)));
    }
    std::fs::write(folder.join(format!("{name}.csv")), table).unwrap();
    format!(
        "  - files: [{name}.csv]\n    sampling_rate: 100\n    start: {start}\n    split: {split}\n    labels:\n      \
         - {{start: 0, end: 20, class: background}}\n      - {{start: 20, end: 40, class: vehicle}}\n"
    )
}

/// The beginning of a list of recordings.
pub(super) const HEAD: &str = "sampling_rate: 100\nwindow: 1.28\nhop: 0.64\nchannels: [Z, N]\nclass_names: [background, vehicle]\n\
     split: {by: given}\nrecordings:\n";

/// Imports the recordings in a list to `dataset` and trains on them.
pub(super) fn train_on(place: &Place, list: &Path) {
    let list = data::import::RecordingsConfig::load(list).unwrap();
    let dataset = place.folder.path().join("dataset");
    let imported = data::import::import(&list, &dataset, 1000, &mut |_| {}).unwrap();
    let config = imported.config.to_str().unwrap().to_owned();
    let training = ["--dataset-config", &config, "--augmentation", "none"];
    let output = place.run(&[&QUICK[..], &training].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn an_evaluation_on_recordings_of_the_training_warns() {
    let place = Place::new();
    let folder = place.folder.path();
    let head = HEAD;
    let of = |name: &str, day: u32, split: &str| {
        recording(folder, name, &format!("2026-01-0{day}T00:00:00Z"), split)
    };
    let [first, second, third] = [
        of("first", 1, "train"),
        of("second", 2, "val"),
        of("third", 3, "test"),
    ];
    let all = folder.join("all.yaml");
    std::fs::write(&all, [head, &first, &second, &third].concat()).unwrap();
    train_on(&place, &all);

    let output = evaluate(&place, &["--recordings", all.to_str().unwrap(), "--json"]);
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    for expected in [
        "warning: the model was trained on first: ",
        "warning: the training used second for validation: ",
    ] {
        assert!(stderr.contains(expected), "{stderr}");
    }
    assert!(!stderr.contains("third"), "{stderr}");
    let found: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(
        found["in_dataset"][2]["splits"],
        serde_json::json!(["test"])
    );

    // The test recording is as good as a new one.
    let new = folder.join("new.yaml");
    let fourth = of("fourth", 4, "train");
    std::fs::write(&new, [head, &third, &fourth].concat()).unwrap();
    let output = evaluate(&place, &["--recordings", new.to_str().unwrap()]);
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(
        !stderr.contains("trained on") && !stderr.contains("unknown"),
        "{stderr}"
    );

    names_a_recording_in_another_unit(&place, &[third.clone(), fourth.clone()]);

    // Labels that count samples, as the import refuses them.
    let counted = folder.join("counted.yaml");
    let samples = fourth
        .replace(": 20,", ": 2000,")
        .replace("end: 40", "end: 4000");
    std::fs::write(&counted, [head, &third, &samples].concat()).unwrap();
    let output = evaluate(&place, &["--recordings", counted.to_str().unwrap()]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    let expected = "recording `fourth`: nearly all labels lie behind the end of the recording";
    assert!(
        stderr.contains(expected) && stderr.contains("samples at 100 Hz"),
        "{stderr}"
    );

    std::fs::remove_file(folder.join("dataset/import_report.json")).unwrap();
    let output = evaluate(&place, &["--recordings", new.to_str().unwrap()]);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("used in training is unknown: there is no import_report.json"),
        "{stderr}"
    );
}

/// A recording in another unit is named, beside `others` that are not.
fn names_a_recording_in_another_unit(place: &Place, others: &[String]) {
    let folder = place.folder.path();
    let fifth = recording(folder, "fifth", "2026-01-05T00:00:00Z", "train");
    let table = std::fs::read_to_string(folder.join("fifth.csv")).unwrap();
    let small = table.lines().enumerate().map(|(i, line)| match i {
        0 => format!("{line}\n"),
        _ => format!("{}e-7\n", line.replace(',', "e-7,")),
    });
    std::fs::write(folder.join("fifth.csv"), small.collect::<String>()).unwrap();
    let list = folder.join("other.yaml");
    std::fs::write(&list, [HEAD, &others.concat(), &fifth].concat()).unwrap();
    let output = evaluate(place, &["--recordings", list.to_str().unwrap()]);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("note: fifth: channel 1: "), "{stderr}");
    assert!(
        !stderr.contains("third: channel") && !stderr.contains("fourth: channel"),
        "{stderr}"
    );
}

/// Recordings of one class, impossible options, a list that prepares recordings otherwise, and a dataset that has changed.
#[test]
fn an_evaluation_is_of_what_was_asked_for() {
    let place = Place::new();
    let folder = place.folder.path();
    let entries = ["train", "val", "test"].map(|split| {
        let (start, end) = ("2026-01-01T00:00:00Z", "\n    labels:");
        let entry = recording(folder, split, start, split);
        let labels = entry.find(end).unwrap();
        (entry[..labels].to_owned(), entry)
    });
    let all = folder.join("all.yaml");
    let whole = entries.each_ref().map(|(_, entry)| entry.as_str());
    std::fs::write(&all, [HEAD, &whole.concat()].concat()).unwrap();
    train_on(&place, &all);

    let scored = |name: &str, list: &str, options: &[&str]| {
        let path = folder.join(name);
        std::fs::write(&path, list).unwrap();
        let fixed = ["--recordings", path.to_str().unwrap(), "--json"];
        evaluate(&place, &[&fixed[..], options].concat())
    };
    let test = &entries[2].0;
    let one = format!("{HEAD}{test}\n    class: vehicle\n");
    let output = scored("one.yaml", &one, &[]);
    let found: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(found["labelled_events"], 1, "{}", text(&output.stderr));
    assert_eq!(found["advised"]["false_alarms"], 0);
    let filtered = format!("preprocessing: [demean]\n{one}");
    let output = scored("filtered.yaml", &filtered, &[]);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("is not what the import did to the model's recordings"),
        "{stderr}"
    );
    let backwards = format!("{HEAD}{test}\n    labels: [{{start: 9, end: 3, class: vehicle}}]\n");
    for (list, options, expected) in [
        (&one, ["--hop", "0"], "--hop 0: expected 1 to"),
        (
            &one,
            ["--merge-gap", "nan"],
            "--merge-gap NaN: expected seconds",
        ),
        (
            &one,
            ["--min-duration=-1", "--hop=32"],
            "--min-duration -1: expected seconds",
        ),
        (
            &one,
            ["--model-rate", "50"],
            "the model was trained with 100 Hz",
        ),
        (
            &one,
            ["--ignore", "bus"],
            "the model has background, vehicle",
        ),
        (&backwards, ["--hop", "32"], "ends before it begins"),
    ] {
        let output = scored("refused.yaml", list, &options);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    }

    let note = |arguments: &[&str]| {
        let output = evaluate(&place, arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    assert!(!note(&[]).contains("not that of the training"));
    let index = folder.join("dataset/test_index.txt");
    std::fs::copy(folder.join("dataset/val_index.txt"), &index).unwrap();
    assert!(note(&[]).contains("the test split is not that of the training"));
    std::fs::copy(folder.join("dataset/train_index.txt"), &index).unwrap();
    assert!(note(&[]).contains("these are the windows that the model was trained on"));
}

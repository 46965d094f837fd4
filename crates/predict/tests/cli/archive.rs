//! Archives, processed day by day in one process, in several, or with one command per day.

use super::*;

/// Writes the station's minute to the files of these days and components.
fn write_archive(root: &Path, files: &[(u16, char)]) {
    let bytes = std::fs::read(station()).unwrap();
    for (day, code) in files {
        let folder = root.join(format!("2024/XX/MADE/HH{code}.D"));
        std::fs::create_dir_all(&folder).unwrap();
        let records = bytes.chunks(512).filter(|record| record[17] == *code as u8);
        let contents: Vec<u8> = records
            .flat_map(|record| {
                let mut record = record.to_vec();
                record[22..24].copy_from_slice(&day.to_be_bytes());
                record
            })
            .collect();
        let path = folder.join(format!("XX.MADE.00.HH{code}.D.2024.{day}"));
        std::fs::write(path, contents).unwrap();
    }
}

/// A sensor that is out of order for a day, and a file without samples, take no other day with them.
#[test]
fn days_without_a_channel_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let root = folder.path().join("sds");
    write_archive(
        &root,
        &[(122, 'Z'), (122, 'E'), (123, 'Z'), (125, 'Z'), (125, 'E')],
    );
    std::fs::write(
        root.join("2024/XX/MADE/HHZ.D/XX.MADE.00.HHZ.D.2024.126"),
        "",
    )
    .unwrap();
    let analysed = |out: &str, channels: &str| {
        let out = folder.path().join(out);
        run(&[
            "recording",
            model.to_str().unwrap(),
            root.to_str().unwrap(),
            "--channels",
            channels,
            "--windows",
            "--out",
            out.to_str().unwrap(),
        ])
    };
    let output = analysed("some", "Z,E");
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let expected = "warning: 2 days without the model's channels, and so without events: XX.MADE.00.HH.2024.123, XX.MADE.00.HH.2024.126";
    assert!(stderr.contains(expected), "{stderr}");
    assert!(
        stderr.contains("HHZ.D.2024.126: the file is empty"),
        "{stderr}"
    );
    let day = |day: u32| {
        let path = folder
            .path()
            .join(format!("some/days/XX.MADE.00.HH.2024.{day}.jsonl"));
        std::fs::read_to_string(path).unwrap()
    };
    assert!(!day(122).is_empty() && day(123).is_empty());
    assert_eq!(day(122).replace("2024-05-01", "2024-05-04"), day(125));
    refused(
        &analysed("none", "Z,N"),
        2,
        "`N` must match exactly one channel",
    );
}

/// The results of one archive are not those of another.
#[test]
fn two_archives_do_not_share_a_folder_unsaid() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let root = |name: &str| folder.path().join(name);
    write_archive(&root("one"), &[(122, 'Z'), (122, 'E')]);
    write_archive(
        &root("both"),
        &[(122, 'Z'), (122, 'E'), (123, 'Z'), (123, 'E')],
    );
    write_archive(&root("other"), &[(124, 'Z'), (124, 'E')]);
    let analysed = |name: &str| {
        run(&[
            "recording",
            model.to_str().unwrap(),
            root(name).to_str().unwrap(),
            "--channels",
            "Z,E",
            "--out",
            root("out").to_str().unwrap(),
        ])
    };
    for _ in 0..2 {
        let output = analysed("one");
        let stderr = text(&output.stderr);
        assert!(
            output.status.success() && !stderr.contains("results of the archive"),
            "{stderr}"
        );
    }
    let output = analysed("both");
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("/one, and those of 1 day are"), "{stderr}");
    refused(&analysed("other"), 2, "use a different --out");
    // It was moved.
    std::fs::remove_file(root("out/archive")).unwrap();
    let output = analysed("both");
    let stderr = text(&output.stderr);
    assert!(
        output.status.success() && !stderr.contains("results of the archive"),
        "{stderr}"
    );
}

/// Two days of an archive, processed by two concurrent processes after another was killed.
#[test]
fn an_archive_is_done_day_by_day() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let root = folder.path().join("sds");
    // The station's minute, and the same minute one day later.
    write_archive(&root, &[(122, 'Z'), (122, 'E'), (123, 'Z'), (123, 'E')]);
    let out = folder.path().join("results");
    let (out_text, root, model) = (
        out.to_str().unwrap(),
        root.to_str().unwrap(),
        model.to_str().unwrap(),
    );
    let options = [
        "--on", "0.4", "--off", "0.3", "--ignore", "vehicle", "--out", out_text,
    ];
    let arguments = [&["recording", model, root][..], &options].concat();
    // Left by a killed process on this machine: its claim and a partial result.
    let claim = out.join("claims/XX.MADE.00.HH.2024.122.0");
    std::fs::create_dir_all(&claim).unwrap();
    let holder = serde_json::json!({"host": support::words::host_name(), "pid": 1});
    std::fs::write(claim.join("holder.json"), holder.to_string()).unwrap();
    std::fs::write(claim.join("lock"), "").unwrap();
    std::fs::create_dir_all(out.join("days")).unwrap();
    let part = out.join("days/.XX.MADE.00.HH.2024.122.jsonl.host.1.tmp");
    std::fs::write(&part, "{").unwrap();
    let children: Vec<_> = (0..2)
        .map(|_| command(&arguments).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let outputs: Vec<String> = children
        .into_iter()
        .map(|child| {
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}", text(&ended.stderr));
            text(&ended.stderr).to_owned()
        })
        .collect();
    let done: usize = outputs
        .iter()
        .map(|stderr| stderr.matches(": done").count())
        .sum();
    assert_eq!(done, 2, "{outputs:?}");
    let days = ["122", "123"].map(|day| {
        std::fs::read_to_string(out.join(format!("days/XX.MADE.00.HH.2024.{day}.jsonl"))).unwrap()
    });
    assert!(!days[0].is_empty());
    assert_eq!(days[0].replace("2024-05-01", "2024-05-02"), days[1]);
    // The last process to finish joined the results; another run changes nothing.
    run(&arguments);
    assert_eq!(
        std::fs::read_to_string(out.join("events.jsonl")).unwrap(),
        days.concat()
    );
    assert!(!part.exists());
    let other = [&arguments[..], &["--merge-gap", "3"]].concat();
    refused(&run(&other), 2, "other settings");
    let events = std::fs::read(out.join("events.jsonl")).unwrap();
    by_commands_of_one_day_each(&arguments, &folder.path().join("other"), &events);
    a_failed_day_is_retried(&arguments, &folder.path().join("failed"), &events);
}

/// The station's minute, moved to an hour before and after midnight, in records that go to the file of the day they begin in.
fn over_midnight(root: &Path) -> Vec<u8> {
    let mut whole = Vec::new();
    for record in std::fs::read(station()).unwrap().chunks(512) {
        let mut record = record.to_vec();
        // The minute begins at 10:00:00; half of it is before midnight.
        let minute = u32::from(record[24]) * 60 + u32::from(record[25]);
        let second = minute * 60 + u32::from(record[26]);
        let second = second + 86_400 - 30 - 36_000;
        let (day, second) = (122 + second / 86_400, second % 86_400);
        record[22..24].copy_from_slice(&(day as u16).to_be_bytes());
        record[24] = (second / 3600) as u8;
        record[25] = (second / 60 % 60) as u8;
        record[26] = (second % 60) as u8;
        let code = char::from(record[17]);
        let folder = root.join(format!("2024/XX/MADE/HH{code}.D"));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("XX.MADE.00.HH{code}.D.2024.{day}"));
        let mut file = std::fs::OpenOptions::new();
        let mut file = file.append(true).create(true).open(path).unwrap();
        file.write_all(&record).unwrap();
        whole.extend(record);
    }
    whole
}

fn of_file(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Whether two lists have the same times within half a sample, as those of a stretch are of its latest channel.
fn are_at_once(one: &[Value], other: &[Value], key: &str) -> bool {
    let nanos = |line: &Value| data::recording::parse_time(line[key].as_str().unwrap()).unwrap();
    let mut pairs = one.iter().zip(other);
    one.len() == other.len() && pairs.all(|(a, b)| (nanos(a) - nanos(b)).abs() <= 5_000_000)
}

/// Windows and events in the records over midnight are those of the whole recording.
#[test]
fn nothing_is_lost_at_midnight() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let root = folder.path().join("sds");
    let whole = folder.path().join("whole.mseed");
    std::fs::write(&whole, over_midnight(&root)).unwrap();
    let analysed = |path: &Path, options: &[&str]| {
        let fixed = ["recording", model.to_str().unwrap(), path.to_str().unwrap()];
        run(&[&fixed[..], &["--channels", "Z,E", "--hop", "1"], options].concat())
    };
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let windows = ["--windows", "--json"];
    let expected = lines(&analysed(&whole, &windows));
    let output = analysed(&root, &["--windows", "--out", &out("windows")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let days = [122, 123].map(|day| {
        let path = format!("{}/days/XX.MADE.00.HH.2024.{day}.jsonl", out("windows"));
        of_file(&path)
    });
    assert!(days.iter().all(|day| day.len() > 1000));
    let found = days.concat();
    assert!(are_at_once(&found, &expected, "start"));
    let probabilities = |lines: &[Value]| -> Vec<Value> {
        lines
            .iter()
            .map(|line| line["probabilities"].clone())
            .collect()
    };
    assert_eq!(probabilities(&found), probabilities(&expected));

    // One event of half a minute on each side of midnight.
    let events = ["--on", "0", "--off", "0", "--ignore", "vehicle"];
    let long = [&events[..], &["--min-duration", "40", "--merge-gap", "60"]].concat();
    let expected = lines(&analysed(&whole, &[&long[..], &["--json"]].concat()));
    let output = analysed(&root, &[&long[..], &["--out", &out("events")]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found = of_file(&format!("{}/events.jsonl", out("events")));
    assert!(!expected.is_empty());
    assert!(are_at_once(&found, &expected, "start") && are_at_once(&found, &expected, "end"));

    // The last day gets more samples.
    let file = root.join("2024/XX/MADE/HHZ.D/XX.MADE.00.HHZ.D.2024.123");
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    std::fs::File::options()
        .append(true)
        .open(&file)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let output = analysed(&root, &["--windows", "--out", &out("windows")]);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("warning: 2 days with files that are newer than the result"),
        "{stderr}"
    );
}

/// The same arguments with another output folder.
fn elsewhere<'a>(arguments: &[&'a str], out: &'a Path) -> Vec<&'a str> {
    let mut arguments = arguments.to_vec();
    *arguments.last_mut().unwrap() = out.to_str().unwrap();
    arguments
}

fn by_commands_of_one_day_each(arguments: &[&str], out: &Path, events: &[u8]) {
    let mut arguments = elsewhere(arguments, out);
    refused(
        &run(&[&arguments[..], &["--executor", "print", "--tasks", "0"]].concat()),
        2,
        "--tasks must be at least 1",
    );
    arguments.extend(["--executor", "print"]);
    let printed = run(&arguments);
    let commands: Vec<String> = text(&printed.stdout).lines().map(str::to_owned).collect();
    assert_eq!(commands.len(), 2, "{}", text(&printed.stderr));
    assert!(!out.join("events.jsonl").exists());
    for command in &commands {
        let done = Command::new("sh").args(["-c", command]).output().unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
    assert_eq!(std::fs::read(out.join("events.jsonl")).unwrap(), events);
    let wrong = commands[0].replace("--worker ", "--worker not-");
    let output = Command::new("sh").args(["-c", &wrong]).output().unwrap();
    refused(&output, 2, "its token differs");
}

fn a_failed_day_is_retried(arguments: &[&str], out: &Path, events: &[u8]) {
    let file = Path::new(arguments[2]).join("2024/XX/MADE/HHZ.D/XX.MADE.00.HHZ.D.2024.123");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, "no recording").unwrap();
    let arguments = elsewhere(arguments, out);
    // The previous day also fails, since it ends in this day's files.
    refused(&run(&arguments), 2, "2 days failed");
    assert!(!out.join("events.jsonl").exists());
    std::fs::write(&file, good).unwrap();
    assert!(run(&arguments).status.success());
    assert_eq!(std::fs::read(out.join("events.jsonl")).unwrap(), events);
}

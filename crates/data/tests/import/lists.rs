//! What is wrong with a list, whatever its recordings.

use super::*;

/// The error of a list whose lines are replaced.
fn refused(from: &str, to: &str) -> String {
    const LIST: &str = "sampling_rate: 100\nwindow: 0.32\nhop: 0.16\nchannels: [EHZ, EHN]\nclass_names: [quiet, steps]\n\
                        recordings:\n  - files: '{fixtures}/steim2.mseed'\n    labels:\n      - {start: 0, end: 2, class: quiet}\n  \
                        - files: '{fixtures}/steim1.mseed'\n    class: steps\n";
    assert!(LIST.contains(from), "{from}");
    let (_folder, imported) = run(&LIST.replace(from, to));
    imported.err().unwrap_or_default()
}

#[test]
fn keys_that_are_there_twice() {
    let table =
        "class: steps\n    label_column: x\n    classes: {1: quiet, 2: steps,\n      1: steps}";
    for (from, to, problem) in [
        (
            "window: 0.32",
            "window: 0.32\nwindow: 0.64",
            "recordings.yaml: `window` is there more than once, in lines 2 and 3: keep one of them",
        ),
        (
            "class: steps",
            table,
            "`recordings[1].classes.1` is there more than once, in lines 13 and 14",
        ),
        (
            "class: steps",
            "label_column: x\n    classes: {1: quiet, 1.0: steps}",
            "the label `1` is there more than once, in other notation",
        ),
    ] {
        let error = refused(from, to);
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_hop_below_a_sample() {
    assert!(!refused("hop: 0.16", "hop: 0.01").contains("`hop`"));
    let error = refused("hop: 0.16", "hop: 0.004");
    assert!(
        error.ends_with(
            "`hop`: 0.004 s at 100 Hz are 0.400000 samples: windows would repeat; give seconds, one sample (0.010000 s) or more"
        ),
        "{error}"
    );
}

#[test]
fn recordings_that_are_there_twice() {
    let again = "class: steps\n  - {files: '{fixtures}/steim1.mseed', name: x, class: steps}";
    let error = refused("class: steps", again);
    assert!(
        error.contains("recordings.yaml: `recordings: x`: is there twice, with the same labels"),
        "{error}"
    );
    // Labels of another time, or other channels, are another use of the file.
    let other = "labels: [{start: 0, end: 1, class: steps}]\n  - {files: '{fixtures}/steim1.mseed', labels: [{start: 1, end: 2, class: steps}]}";
    assert!(!refused("class: steps", other).contains("is there twice"));
}

#[test]
fn paths_that_shells_complete() {
    for (path, problem) in [
        (
            "~/a.mseed",
            "~/a.mseed: No such file or directory (os error 2); `~` is not replaced: write the whole path",
        ),
        (
            "$NO_SUCH/a.mseed",
            "`$NO_SUCH` is not replaced: write the whole path",
        ),
        (
            "~/*.mseed",
            "no file matches: `~` is not replaced: write the whole path",
        ),
    ] {
        let error = refused("{fixtures}/steim1.mseed", path);
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn keys_for_anchors_are_no_keys_of_the_list() {
    let shared = "x-common: &c {class: steps}\nrecordings:\n";
    assert!(!refused("recordings:\n", shared).contains("unknown field"));
    let error = refused("recordings:\n", "common: &c {class: steps}\nrecordings:\n");
    assert!(error.contains("unknown field `common`"), "{error}");
}

//! Classes that columns of their own mark.

use super::zones::read_text;

#[test]
fn one_column_for_each_class() {
    for (head, rows) in [
        ("start,end,walk,run", "0,10,1,0\n20,30,0,1\n"),
        (
            "Onset,Duration,channel,walk,run,valid",
            "0,10,1,x,,1\n20,10,2,,x,1\n",
        ),
        ("run,walk,start,end", "False,True,0,10\nTrue,False,20,30\n"),
    ] {
        let (labels, notes, _) = read_text(&format!("{head}\n{rows}"), "labels.csv").unwrap();
        let found: Vec<(f64, &str)> = labels
            .iter()
            .map(|label| (label.start.nanos(0) as f64 / 1e9, &*label.class))
            .collect();
        assert_eq!(found, [(0.0, "walk"), (20.0, "run")], "{head}");
        assert!(notes.contains("mark the class of each row"), "{notes}");
    }
    let (labels, notes, _) = read_text(
        "start,end,walk,run\n0,10,1,0\n20,30,0,0\n30,40,0,1\n",
        "labels.csv",
    )
    .unwrap();
    assert_eq!(labels.len(), 2);
    assert_eq!(
        notes,
        "columns `walk`, `run` mark the class of each row; one row that marks none is left out"
    );
    for (head, rows) in [
        // Two at once, a share, one column alone.
        ("start,end,walk,run", "0,10,1,1\n20,30,0,1\n"),
        ("start,end,walk,run", "0,10,0.9,0.1\n20,30,0,1\n"),
        ("start,end,walk", "0,10,1\n20,30,0\n"),
    ] {
        let error = read_text(&format!("{head}\n{rows}"), "labels.csv").unwrap_err();
        assert!(error.contains("there is no column `class`"), "{error}");
    }
    // The class is there.
    let (labels, ..) = read_text(
        "start,end,class,near,far\n0,10,car,1,0\n20,30,bus,0,1\n",
        "labels.csv",
    )
    .unwrap();
    assert_eq!(labels[1].class, "bus");
}

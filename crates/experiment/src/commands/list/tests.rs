use super::table::beginnings;
use super::*;
use crate::commands::tests::{store, terminal};

fn listed(options: Options, width: Option<usize>) -> String {
    let (_folder, store) = store();
    let output = run(&store, &options, &terminal(width)).unwrap();
    assert!(output.warnings.is_empty(), "{:?}", output.warnings);
    output.text
}

fn by(sort: &str) -> Options {
    Options {
        sort: sort.into(),
        ..Default::default()
    }
}

#[test]
fn tables() {
    insta::assert_snapshot!("list at 80", listed(by("time"), Some(80)));
    insta::assert_snapshot!("list at 160", listed(by("-test_f1"), Some(160)));
    let options = Options {
        columns: ["id", "val_f1", "learning_rate", "seed"]
            .map(String::from)
            .to_vec(),
        filter: Some("status=completed".into()),
        ..by("learning_rate")
    };
    insta::assert_snapshot!("list of chosen columns", listed(options, None));
}

#[test]
fn other_forms() {
    let options = Options {
        csv: true,
        columns: ["id", "test.f1_macro", "tags"].map(String::from).to_vec(),
        ..by("time")
    };
    insta::assert_snapshot!("list as csv", listed(options, None));
    let options = Options {
        json: true,
        limit: Some(1),
        ..by("time")
    };
    let rows: Value = serde_json::from_str(&listed(options, None)).unwrap();
    assert_eq!(rows[0]["status"], "crashed");
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[test]
fn mistyped_fields_are_named() {
    let (_folder, store) = store();
    let options = Options {
        filter: Some("modle=simple_cnn or test_f1>0.5".into()),
        ..by("time")
    };
    let output = run(&store, &options, &terminal(None)).unwrap();
    assert!(output.warnings[0].contains("no experiment has a field `modle`"));
    assert_eq!(output.warnings.len(), 1);
}

#[test]
fn short_ids_name_one_experiment() {
    let ids = [
        "20260102_030400_a_b",
        "20260102_030400_c_d",
        "20260102_030500_a",
        "x",
    ];
    let all = ids.map(String::from);
    let short = beginnings(&all, &all);
    assert_eq!(
        short,
        [
            "20260102_030400_a",
            "20260102_030400_c",
            "20260102_030500",
            "x"
        ]
    );
    assert_eq!(beginnings(&all[..1], &all), ["20260102_030400_a"]);
}

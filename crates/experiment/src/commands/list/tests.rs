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

#[test]
fn groups() {
    let grouped = |keys: &[&str], columns: &[&str], sort: &str| Options {
        group_by: keys.iter().map(ToString::to_string).collect(),
        columns: columns.iter().map(ToString::to_string).collect(),
        ..by(sort)
    };
    let model = listed(grouped(&["model"], &[], "time"), Some(80));
    insta::assert_snapshot!("groups by model", model);
    let rates = listed(
        grouped(&["learning_rate", "status"], &["val_loss"], "-val_loss"),
        None,
    );
    insta::assert_snapshot!("groups by learning rate", rates);
    let csv = Options {
        csv: true,
        ..grouped(&["model"], &["test_f1"], "time")
    };
    insta::assert_snapshot!("groups as csv", listed(csv, None));
    let json = Options {
        json: true,
        ..grouped(&["model"], &["test_f1"], "time")
    };
    let json: Value = serde_json::from_str(&listed(json, None)).unwrap();
    assert_eq!(json[0]["group"]["model"], "simple_cnn");
    let score = &json[0]["scores"]["test_f1"];
    // Of three experiments one has no result.
    assert_eq!((&json[0]["count"], &score["count"]), (&json!(3), &json!(2)));
    assert_eq!(
        score["best_id"],
        "20260102_030000_simple_cnn_3classes_32batch_00000000"
    );
    // scipy.stats.t.interval(0.95, 1, 0.87, scipy.stats.sem([0.89, 0.85]))
    for (key, expected) in [
        ("mean", 0.87),
        ("deviation", 0.028284271),
        ("low", 0.61587590),
        ("high", 1.1241241),
    ] {
        let found = score[key].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-6, "{key}: {found}");
    }
}

use super::table::{beginnings, short_ids};
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

/// A run that diverged has no rank, and `--limit` keeps the best ones, whichever end they are at.
#[test]
fn limits_keep_the_largest() {
    let folder = tempfile::tempdir().unwrap();
    for (name, loss) in [
        ("a", "0.5"),
        ("b", "NaN"),
        ("c", "0.25"),
        ("d", "null"),
        ("e", "Infinity"),
    ] {
        let text = format!(
            r#"{{"experiment_id": "{name}", "results": {{"validation": {{"loss": {loss}}}}}}}"#
        );
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("metadata.json"), text).unwrap();
    }
    let store = crate::store::ExperimentStore::new(folder.path());
    let ids = |sort: &str, limit| {
        let options = Options {
            columns: vec!["id".into()],
            csv: true,
            limit,
            ..by(sort)
        };
        let text = run(&store, &options, &terminal(None)).unwrap().text;
        text.lines().skip(1).collect::<String>()
    };
    assert_eq!(ids("val_loss", None), "dbcae");
    assert_eq!(ids("-val_loss", None), "eacbd");
    assert_eq!(ids("val_loss", Some(2)), "ae");
    assert_eq!(ids("-val_loss", Some(2)), "ea");
}

#[test]
fn baselines_show_their_features() {
    let (_folder, store) = crate::test_store::baselines();
    let shown = |options: Options, width| {
        let text = run(&store, &options, &terminal(Some(width))).unwrap().text;
        let fits = |line: &str| crate::commands::text::width(line) <= width;
        assert!(text.lines().all(fits), "{text}");
        text
    };
    for width in [80, 140] {
        let name = format!("baselines at {width}");
        insta::assert_snapshot!(name, shown(by("time"), width));
    }
    let grouped = |json| Options {
        group_by: vec!["model".into()],
        columns: vec!["test_f1".into()],
        json,
        ..by("time")
    };
    insta::assert_snapshot!("baselines by model", shown(grouped(false), 120));
    let json: Value = serde_json::from_str(&shown(grouped(true), 1000)).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 3);
    assert_eq!(json[1]["group"]["features"], "mean_bands");
}

#[test]
fn mistyped_fields_are_refused() {
    let (_folder, store) = store();
    let refused = |options: Options| {
        let error = run(&store, &options, &terminal(None)).unwrap_err();
        assert!(error.is_usage(), "{error}");
        error.to_string()
    };
    let keys = |key: &str| vec!["status".to_owned(), key.to_owned()];
    let cases = [
        (by("-tset_f1"), "--sort", "tset_f1", "test_f1"),
        (
            Options {
                filter: Some("modle=simple_cnn or test_f1>0.5".into()),
                ..by("time")
            },
            "--filter",
            "modle",
            "model",
        ),
        (
            Options {
                columns: keys("traning_config.learning_rate"),
                json: true,
                ..by("time")
            },
            "--columns",
            "traning_config.learning_rate",
            "training_config.learning_rate",
        ),
        (
            Options {
                group_by: keys("lerning_rate"),
                ..by("time")
            },
            "--group-by",
            "lerning_rate",
            "learning_rate",
        ),
    ];
    for (options, option, name, meant) in cases {
        let expected =
            format!("{option}: no experiment has a field `{name}`; do you mean `{meant}`?");
        assert_eq!(refused(options), expected);
    }
    let far = refused(by("colour"));
    assert!(far.contains("short names are id, status"), "{far}");
    let by_other_column = Options {
        group_by: vec!["model".into()],
        ..by("test_acc")
    };
    assert_eq!(
        refused(by_other_column),
        "--sort test_acc: groups are sorted by one of their columns: model, features, val_f1, test_f1"
    );
    let mean_of_names = Options {
        group_by: vec!["model".into()],
        columns: vec!["status".into()],
        ..by("time")
    };
    let refused = refused(mean_of_names);
    assert!(refused.contains("is not a number"), "{refused}");
    // Fields that some run may have, and fields without a value in any run.
    for known in ["not study", "error", "not dataset_config"] {
        let options = Options {
            filter: Some(known.into()),
            ..by("time")
        };
        assert!(run(&store, &options, &terminal(None)).is_ok(), "{known}");
    }
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
    // Where only the last part differs, it alone is shorter; but not one at which another ID ends.
    let same_second = ["20260102_030400_a_f3", "20260102_030400_a_17", "9_b_217"].map(String::from);
    assert_eq!(short_ids(&same_second, &same_second), ["f3", "a_17", "217"]);
    assert_eq!(short_ids(&all[..3], &all), short[..3]);
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

use super::super::tests::{store, terminal};
use super::*;

fn options(ids: &[&str]) -> Options {
    Options {
        ids: ids.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

#[test]
fn only_what_differs() {
    let (folder, store) = store();
    let both = options(&["00000000", "00000001"]);
    for width in [80, 160] {
        let output = run(&store, &both, &terminal(Some(width))).unwrap();
        insta::assert_snapshot!(format!("compare at {width}"), output.text);
    }
    let twice = run(&store, &options(&["latest", "00000002"]), &terminal(None)).unwrap_err();
    assert!(
        twice.is_usage() && twice.to_string().contains("same experiment"),
        "{twice}"
    );
    let plot = folder.path().join("curves.png");
    let with_plot = Options {
        json: true,
        plot: Some(plot.clone()),
        ..both
    };
    let output = run(&store, &with_plot, &terminal(None)).unwrap();
    let json: Value = serde_json::from_str(&output.text).unwrap();
    let rates = &json["differences"]["training_config.learning_rate"];
    assert_eq!(*rates, json!([0.001, 0.01]));
    assert!(std::fs::read(plot).unwrap().starts_with(b"\x89PNG"));
    let all = options(&["00000000", "00000001", "latest"]);
    let output = run(&store, &all, &terminal(Some(80))).unwrap();
    assert!(output.text.contains("[3] "), "{}", output.text);
}

#[test]
fn baselines_are_told_apart() {
    let (_folder, store) = crate::test_store::baselines();
    let both = options(&["00000002", "00000003"]);
    let output = run(&store, &both, &terminal(Some(80))).unwrap();
    insta::assert_snapshot!("baselines compared", output.text);
}

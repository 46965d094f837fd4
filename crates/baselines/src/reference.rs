//! What other implementations give: `scripts/conformance/make_baselines.py`.

use serde_json::Value;

pub(crate) fn reference() -> Value {
    serde_json::from_str(include_str!("../tests/fixtures/reference.json")).unwrap()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

pub(crate) fn whole(value: &Value) -> Vec<usize> {
    numbers(value)
        .iter()
        .map(|&number| number as usize)
        .collect()
}

pub(crate) fn classes(value: &Value) -> Vec<u32> {
    numbers(value).iter().map(|&number| number as u32).collect()
}

pub(crate) fn close(ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= tolerance, "{i}: {a} is not {b}");
    }
}

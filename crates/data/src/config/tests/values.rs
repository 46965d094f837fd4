//! Values that say nothing, and too much.

use super::{GOOD, parse};

/// YAML's null is no choice, and may be meant as one.
#[test]
fn keys_without_a_value_are_told() {
    let (before, _) = GOOD.split_once("spectral_processing:").unwrap();
    let said = |text: &str| {
        parse(&format!("{before}{text}\n"), None)
            .unwrap()
            .assumptions()
            .join("; ")
    };
    assert_eq!(said("normalisation: none"), "");
    for (text, expected) in [
        (
            "normalisation: null",
            "`normalisation` has no value, so its default counts; for none, write `none`",
        ),
        ("normalization:", "`normalization` has no value"),
        (
            "spectral_processing:",
            "`spectral_processing` has no value, so its default counts; for none, write `{method: none}`",
        ),
    ] {
        assert!(said(text).contains(expected), "{text}: {}", said(text));
    }
}

#[test]
fn more_classes_than_can_be() {
    let text = GOOD.replace("  num_classes: 2\n", "  num_classes: 99999999999\n");
    let error = parse(&text, Some("distance")).unwrap_err();
    assert!(
        error.contains("`distance.num_classes`: is 99999999999: at most 65536 classes"),
        "{error}"
    );
}

#[test]
fn rates_in_kilohertz_are_told() {
    let (before, _) = GOOD.split_once("spectral_processing:").unwrap();
    let said = |rate: &str| {
        let text = format!("{before}sampling_rate: {rate}\n");
        parse(&text, None).unwrap().assumptions().join("; ")
    };
    assert_eq!(
        said("0.512"),
        "`sampling_rate` is 0.512 Hz, one sample in 2.0 s: if it is in kHz, write 512"
    );
    assert_eq!(said("1"), "");
}

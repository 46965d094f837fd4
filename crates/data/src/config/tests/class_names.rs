//! Names of classes in forms of other programs.

use super::{GOOD, parse};

/// As other programs keep them: names by number, or numbers by name.
#[test]
fn names_have_numbers() {
    let with = |names: &str| parse(&GOOD.replace("[background, car, truck, bus]", names), None);
    let list = with("[background, car, truck, bus]").unwrap();
    for names in [
        "{0: background, 1: car, 2: truck, 3: bus}",
        "{3: bus, 1: car, 0: background, 2: truck}",
        "{bus: 3, car: 1, truck: 2, background: 0}",
    ] {
        assert_eq!(with(names).unwrap().task, list.task);
    }
    for (names, problem) in [
        (
            "{1: a, 2: b, 3: c, 4: d}",
            "none or several have 0: labels count from 0",
        ),
        ("{a: 0, b: 1, c: 1, d: 2}", "none or several have 2"),
        ("{a: b, c: d}", "a number for each name"),
        ("[a, '', c, d]", "the class with the label 1 has no name"),
        ("[a, b, ' ', d]", "the class with the label 2 has no name"),
        (
            "a, b",
            "class_names: expected a list, and found the text \"a, b\"",
        ),
    ] {
        let error = with(names).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

/// The names of classes are no labels.
#[test]
fn names_that_are_numbers_of_others() {
    let said = |names: &str| {
        let text = GOOD.replace("[background, car, truck, bus]", names);
        parse(&text, None).unwrap().assumptions().join("; ")
    };
    for names in ["[1, 2, 3, 4]", "[0, 1, 3, 2]", "{0: 3, 1: 2, 2: 1, 3: 0}"] {
        assert!(said(names).contains("as if its label were"), "{names}");
    }
    for names in [
        "[0, 1, 2, 3]",
        "[5, 10, 15, 20]",
        "[class_1, class_2, class_3, class_4]",
    ] {
        assert_eq!(said(names), "", "{names}");
    }
}

/// Labels of two programs often differ so.
#[test]
fn names_that_differ_in_case() {
    let said = |names: &str| {
        let text = GOOD.replace("[background, car, truck, bus]", names);
        parse(&text, None).unwrap().assumptions().join("; ")
    };
    assert!(
        said("[rest, Car, bus, car]").starts_with("`class_names`: `Car` and `car` differ in upper")
    );
    assert_eq!(said("[rest, Car, bus, cars]"), "");
}

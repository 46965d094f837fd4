//! Which class a label means.

use std::collections::BTreeMap;

use crate::config::class_names;

/// The class of a label: what `classes` makes of it, or its own text. A whole number may have a fraction of zeros, as pandas
/// writes numbers where some are missing, unless `names` or `classes` have it so. `True` and `TRUE` are what YAML reads as `true`.
pub(super) fn class_of<'a>(
    classes: &'a BTreeMap<String, String>,
    names: &[String],
    label: &'a str,
) -> &'a str {
    let given = |text: &str| classes.get(text).map(String::as_str);
    if let Some(class) = given(label) {
        return class;
    }
    let is_name = |text: &str| names.iter().any(|name| name == text);
    let flag = ["true", "false"].into_iter();
    let flag = flag.filter(|flag| label.eq_ignore_ascii_case(flag) && !is_name(label));
    if let Some(class) = flag.filter_map(given).next() {
        return class;
    }
    match whole(label) {
        Some(whole) if !is_name(label) => match given(whole) {
            Some(class) => class,
            None if is_name(whole) => whole,
            None => label,
        },
        _ => label,
    }
}

/// `1` of `1.0`.
fn whole(text: &str) -> Option<&str> {
    let (whole, zeros) = text.split_once('.')?;
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && zeros.bytes().all(|byte| byte == b'0');
    is_whole.then_some(whole)
}

/// A warning of two classes whose names differ in upper and lower case only.
pub(super) fn twins(names: &[String]) -> Option<String> {
    let (other, name) = class_names::twins(names)?;
    Some(format!(
        "`class_names`: `{other}` and `{name}` differ in upper and lower case only, and are two classes: leave one out, and map its \
         labels with `classes: {{{name}: {other}}}` if they are one"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_as_programs_write_them() {
        let classes = [("true", "walk"), ("FALSE", "sit"), ("false", "lie")];
        let classes = classes.map(|(label, class)| (label.to_owned(), class.to_owned()));
        let classes = BTreeMap::from(classes);
        let names = ["False".to_owned()];
        for (label, class) in [
            ("true", "walk"),
            ("True", "walk"),
            ("TRUE", "walk"),
            ("FALSE", "sit"),
            ("False", "False"),
            ("truth", "truth"),
        ] {
            assert_eq!(class_of(&classes, &names, label), class, "{label}");
        }
    }

    #[test]
    fn numbers_with_a_fraction_of_zeros() {
        let classes = [("1", "sit"), ("2.0", "walk"), ("3", "run"), ("3.0", "jump")];
        let classes = classes.map(|(label, class)| (label.to_owned(), class.to_owned()));
        let classes = BTreeMap::from(classes);
        let names = ["sit", "7", "8.0"].map(str::to_owned);
        for (label, class) in [
            ("1", "sit"),
            ("1.0", "sit"),
            ("1.", "sit"),
            ("2.0", "walk"),
            ("2", "2"),
            ("3.0", "jump"),
            ("3.00", "run"),
            ("7.0", "7"),
            ("8.0", "8.0"),
            ("1.5", "1.5"),
            ("a.0", "a.0"),
            (".0", ".0"),
            ("sit", "sit"),
        ] {
            assert_eq!(class_of(&classes, &names, label), class, "{label}");
        }
    }

    #[test]
    fn names_that_differ_in_case() {
        let of = |names: [&str; 3]| twins(&names.map(str::to_owned));
        let said = of(["Walk", "run", "walk"]).unwrap();
        let expected = "`class_names`: `Walk` and `walk` differ in upper and lower case only";
        assert!(said.starts_with(expected), "{said}");
        assert_eq!(of(["walk", "walking", "run"]), None);
    }
}

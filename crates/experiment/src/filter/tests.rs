use super::*;
use crate::store::Entry;
use crate::test_store::{now, store};
use proptest::prelude::*;

#[test]
fn what_is_found() {
    let (_folder, store) = store();
    let entries = store.list().unwrap().entries;
    let found = |expression: &str| {
        let filter = Filter::parse(expression).unwrap();
        let meets = |e: &Entry| filter.matches(&Fields::new(e, now()));
        let matching = entries.iter().enumerate().filter(|(_, e)| meets(e));
        matching.map(|(i, _)| i).collect::<Vec<_>>()
    };
    for (expression, expected) in [
        ("model=simple_cnn", &[0, 1, 2][..]),
        (
            "model=simple_cnn and test.f1_macro>0.86 and status=completed",
            &[0],
        ),
        ("val_f1 >= 0.87", &[0, 1]),
        ("not status=completed", &[2]),
        ("status=crashed or learning_rate==0.01", &[1, 2]),
        ("(status=crashed or val_f1<0.9) and not results", &[2]),
        ("results", &[0, 1]),
        ("id ~ 0301", &[1]),
        ("id ~ '_0301'", &[1]),
        ("model !~ SIMPLE", &[]),
        ("tags=field", &[1]),
        ("tags!=field", &[0, 2]),
        ("duration>1m and duration<2m", &[0]),
        ("age<1d", &[1, 2]),
        ("size>1G", &[]),
        ("seed=42", &[0, 1, 2]),
        ("\"model\" = \"simple_cnn\"", &[0, 1, 2]),
        (
            "id=20260102_030100_simple_cnn_3classes_32batch_00000001",
            &[1],
        ),
        ("nonsense<3", &[]),
    ] {
        assert_eq!(found(expression), expected, "{expression}");
    }
}

#[test]
fn what_cannot_be_read_is_pointed_at() {
    let deep = "(".repeat(5000);
    for (expression, expected) in [
        ("", "expected a field"),
        ("model=", "expected a value"),
        ("model=x status=y", "expected `and`, `or` or the end"),
        ("(model=x", "expected `)`"),
        ("model='x", "unterminated quote '"),
        ("a ! b", "unexpected `!`"),
        ("and", "expected"),
        (&deep, "less nesting"),
    ] {
        match Filter::parse(expression) {
            Err(error) => assert!(error.to_string().contains(expected), "{error}"),
            Ok(filter) => assert_eq!(filter.fields(), ["and"], "{expression}"),
        }
    }
    let error = Filter::parse("model=x and val>").unwrap_err().to_string();
    assert!(
        error.ends_with("model=x and val>\n                  ^"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,60}") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn any_words(words in proptest::collection::vec("and|or|not|\\(|\\)|=|<|!=|~|model|val_f1|0.5|'x'", 0..12)) {
        if let Ok(filter) = Filter::parse(&words.join(" ")) {
            let entry = Entry {
                id: "x".into(),
                directory: "nowhere".into(),
                metadata: Default::default(),
                status: None,
                untracked: false,
            program: None,
stored: None,
                notes: Vec::new(),
            };
            let opposite = Filter(Node::Not(Box::new(filter.0.clone())));
            let fields = Fields::new(&entry, now());
            prop_assert_ne!(filter.matches(&fields), opposite.matches(&fields));
        }
    }
}

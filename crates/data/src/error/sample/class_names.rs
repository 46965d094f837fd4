//! Errors of names of classes beside labels that are numbers.

/// What names in a source and `class_names` of the configuration contradict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassNameError {
    /// All names are there, in another order.
    #[error(
        "`{name}` has the classes in the order {}, but `class_names` of the configuration {}: labels are numbers in the order of \
         the file; write `class_names` so",
        found.join(", "),
        known.join(", ")
    )]
    Order {
        /// What has the names.
        name: String,
        /// The names.
        found: Vec<String>,
        /// Those of the configuration.
        known: Vec<String>,
    },
    /// A sample has the name of another class.
    #[error(
        "the label is {label}, which is `{meant}` by `class_names` of the configuration, but `{name}` is `{text}`: write \
         `class_names` in the order of the labels; if `{name}` tells something else, set `label_field` to the name of the labels"
    )]
    Text {
        /// The label.
        label: i64,
        /// Its name in the configuration.
        meant: String,
        /// What has the other name.
        name: String,
        /// The other name.
        text: String,
    },
}

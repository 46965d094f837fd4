//! Settings of other programs that have a name here.

/// The name that a setting of another program has here.
pub(crate) fn own_name(key: &str) -> &str {
    match key {
        "lr" => "learning_rate",
        "max_epochs" | "num_epochs" => "epochs",
        "model" | "model_name" | "arch" => "model_type",
        key => key,
    }
}

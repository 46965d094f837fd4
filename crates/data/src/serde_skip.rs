//! Conditions under which serde leaves out a field.

/// Settings that are off are not written, so that a run keeps its configuration hash when new ones come to exist.
pub(crate) fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// See [`is_zero`].
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

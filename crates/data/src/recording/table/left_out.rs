//! Which columns are channels, and why others are left out.

use super::super::time::parse_moment;
use super::super::{Note, Notes, Remark};
use super::{Column, Texts, Values, is_channel, names, number};
use crate::error::recording::MomentError;

/// The names of the rows' channels, and the columns of samples; `notes` says which columns are left out.
pub(super) fn channels(
    columns: Vec<Column>,
    notes: &mut Notes,
) -> (Option<Texts>, Vec<(String, Vec<f64>)>) {
    let mut names = None;
    let mut channels = Vec::new();
    for column in columns {
        match column.values {
            Values::Texts(values) if is_channel(&column.name) => names = Some(values),
            Values::Numbers(values) if column.name != "sample_rate" => {
                let unnamed = if column.name.is_empty() {
                    "unnamed".into()
                } else {
                    column.name
                };
                channels.push((unnamed, values));
            }
            Values::Numbers(_) | Values::Nothing(_) => {}
            Values::Texts(values) => notes.push(of_texts(&column.name, &values)),
            Values::Times(_) | Values::Clocks(_) => {
                notes.push(Remark::ColumnLeftOut {
                    name: column.name,
                    what: "times".into(),
                });
            }
        }
    }
    let empty = |values: &[f64]| values.iter().all(|value| value.is_nan());
    channels.retain(|(name, values)| {
        let empty = empty(values);
        if empty && name != "unnamed" {
            notes.push(Remark::ColumnLeftOut {
                name: name.clone(),
                what: "not one value".into(),
            });
        }
        !empty
    });
    (names, channels)
}

/// Reason why a text column is left out; if its name is that of a time column, the problem of its first value.
fn of_texts(name: &str, texts: &Texts) -> Note {
    let is_text = |text: &&[u8]| !text.is_empty() && !number::may_be_number(text);
    let mut rows = (0..texts.rows.len()).map(|row| texts.get(row));
    let first = rows.find(|text| !text.is_empty()).unwrap_or_default();
    match parse_moment(first.as_bytes()) {
        Err(problem)
            if names::time_name(name).is_some()
                || matches!(
                    problem,
                    MomentError::DayOrMonth { .. } | MomentError::Zone | MomentError::ShortYear
                ) =>
        {
            let first: String = first.chars().take(40).collect();
            format!("left out column `{name}`: `{first}` {problem}").into()
        }
        _ => Note::from(Remark::ColumnLeftOut {
            name: name.into(),
            what: match texts.all().find(|text| is_text(text)) {
                Some(text) => match std::str::from_utf8(text) {
                    Ok(text) if !text.contains('\0') => {
                        let shown: String = text.chars().take(40).collect();
                        format!("texts, such as `{shown}`")
                    }
                    _ => "bytes that are no text: write numbers, a row for each sample".into(),
                },
                None => "texts".into(),
            },
        }),
    }
}

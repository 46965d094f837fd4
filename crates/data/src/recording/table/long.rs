//! Long tables: each row has one value, and a column tells which quantity it is of, as `melt` of pandas and InfluxDB write them.

use support::words::letters_and_digits;

use super::sensors::{Turns, is_sensor};
use super::{Column, Texts, Values, is_channel};

/// Names of columns that tell the quantity of each row.
const QUANTITIES: [&str; 17] = [
    "variable",
    "field",
    "axis",
    "component",
    "comp",
    "channelname",
    "chan",
    "measurement",
    "metric",
    "signal",
    "quantity",
    "parameter",
    "param",
    "key",
    "topic",
    "series",
    "name",
];
/// Names of the column of their values.
const VALUES: [&str; 8] = [
    "value",
    "values",
    "val",
    "sample",
    "samples",
    "amplitude",
    "reading",
    "payload",
];
/// Quantities that a table may have.
const MOST: usize = 64;

/// Names of columns that tell the channel of each row by its number.
const NUMBERED: [&str; 7] = [
    "ch",
    "chan",
    "chno",
    "chid",
    "channelid",
    "channelno",
    "channelnumber",
];

/// Numbers of channels are smaller.
const LARGEST: f64 = 1024.0;

/// Calls a column with the number of each row's channel `channel`, if there is a column of values.
fn name_numbers(columns: &mut [Column]) {
    let is = |column: &Column, names: &[&str]| names.contains(&&*letters_and_digits(&column.name));
    let is_number = |column: &Column| matches!(column.values, Values::Numbers(_));
    let mut numbers = (0..columns.len()).filter(|at| is(&columns[*at], &NUMBERED));
    let mut values = (0..columns.len()).filter(|at| is(&columns[*at], &VALUES));
    let (Some(number), None) = (numbers.next(), numbers.next()) else {
        return;
    };
    let (Some(value), None) = (values.next(), values.next()) else {
        return;
    };
    let (Values::Numbers(channels), true) = (&columns[number].values, is_number(&columns[value]))
    else {
        return;
    };
    let may_be = |channel: &f64| channel.fract() == 0.0 && (0.0..LARGEST).contains(channel);
    let mut texts = Texts::default();
    for channel in channels.iter().take_while(|channel| may_be(channel)) {
        texts.push(channel.to_string().as_bytes());
    }
    if texts.rows.len() == channels.len() && (2..=MOST).contains(&texts.different()) {
        columns[number].values = Values::Texts(texts);
        columns[number].name = "channel".into();
        columns[value].name = "value".into();
    }
}

/// Calls the column of quantities `channel`, if it is certain: its quantities come in turn or one after the other, and there is
/// one column of values.
pub(super) fn name_channels(columns: &mut [Column], times: Option<&[i64]>) {
    let is_told = |column: &Column| is_channel(&column.name) || is_sensor(&column.name);
    if !columns.iter().any(|column| is_channel(&column.name)) {
        name_numbers(columns);
    }
    if columns.iter().any(is_told) {
        return;
    }
    let is_quantity = |column: &Column| {
        QUANTITIES.contains(&&*letters_and_digits(&column.name)) && are_quantities(column, times)
    };
    let mut found = (0..columns.len()).filter(|at| is_quantity(&columns[*at]));
    let (Some(quantity), None) = (found.next(), found.next()) else {
        return;
    };
    let numbers = |column: &Column| matches!(column.values, Values::Numbers(_));
    let all: Vec<usize> = (0..columns.len())
        .filter(|at| numbers(&columns[*at]))
        .collect();
    let is_value = |at: &&usize| VALUES.contains(&&*letters_and_digits(&columns[**at].name));
    let value = match all[..] {
        [one] => one,
        _ => match all.iter().find(is_value) {
            Some(one) => *one,
            None => return,
        },
    };
    columns[quantity].name = "channel".into();
    columns[value].name = "value".into();
}

fn are_quantities(column: &Column, times: Option<&[i64]>) -> bool {
    let Values::Texts(texts) = &column.values else {
        return false;
    };
    let turns = Turns::of(column);
    are_blocks(texts, times)
        || turns.is_some_and(|turns| turns.are_regular() || turns.same_times(times))
}

/// Whether the rows of each quantity follow each other, and each begins again at an earlier time.
fn are_blocks(texts: &Texts, times: Option<&[i64]>) -> bool {
    let Some(times) = times.filter(|times| times.len() == texts.rows.len()) else {
        return false;
    };
    let mut known: Vec<u32> = texts.rows.first().copied().into_iter().collect();
    for (rows, times) in texts.rows.windows(2).zip(times.windows(2)) {
        if rows[0] == rows[1] {
            if times[1] < times[0] {
                return false;
            }
            continue;
        }
        if times[1] >= times[0] || known.contains(&rows[1]) || known.len() == MOST {
            return false;
        }
        known.push(rows[1]);
    }
    known.len() > 1
}

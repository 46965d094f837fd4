//! Tables of InfluxDB: the column `table` numbers the series of the rows, and has no samples.

use super::super::{Notes, Remark};
use super::labelled::texts;
use super::sensors::is_sensor;
use super::{Column, Values};

const TABLE: &str = "table";
const FIELD: &str = "_field";
/// Columns that only tables of InfluxDB have.
const OWN: [&str; 4] = ["_value", FIELD, "_measurement", "_start"];
/// Texts that tell no sensors.
const OTHERS: [&str; 3] = ["result", "channel", "_measurement"];
/// The name by which a column tells sensors apart.
const SENSOR: &str = "sensor";

/// Removes the column of series. If there are more of them than quantities, they are those of several sensors, and the column
/// that tells these apart gets a name that says so.
pub(super) fn leave_out_series(columns: &mut Vec<Column>, notes: &mut Notes) {
    let is_of_influx = |column: &Column| OWN.contains(&&*column.name);
    let at = columns.iter().position(|column| column.name == TABLE);
    let Some(at) = at.filter(|_| columns.iter().any(is_of_influx)) else {
        return;
    };
    let series = different(&columns[at]);
    let field = columns.iter().find(|column| column.name == FIELD);
    let quantities = field.map_or(1, different).max(1);
    if quantities > 1 {
        for (name, usual) in [(FIELD, "channel"), ("_value", "value")] {
            let column = columns.iter_mut().find(|column| column.name == name);
            column
                .into_iter()
                .for_each(|column| column.name = usual.into());
        }
    }
    if series > quantities && !columns.iter().any(|column| is_sensor(&column.name)) {
        let tells = |column: &Column| {
            matches!(column.values, Values::Texts(_))
                && !OTHERS.contains(&&*column.name)
                && column.name != FIELD
                && different(column) * quantities == series
        };
        if let Some(tag) = columns.iter_mut().find(|column| tells(column)) {
            tag.name = SENSOR.into();
        } else {
            columns[at].name = SENSOR.into();
            return;
        }
    }
    columns.remove(at);
    notes.push(Remark::ColumnLeftOut {
        name: TABLE.into(),
        what: "the numbers of series of InfluxDB".into(),
    });
}

/// How many different values a column has.
fn different(column: &Column) -> usize {
    let texts = texts(&column.values);
    let mut seen = vec![false; texts.different()];
    texts.rows.iter().for_each(|row| seen[*row as usize] = true);
    seen.into_iter().filter(|seen| *seen).count()
}

#[cfg(test)]
mod tests {
    use super::super::Hints;
    use super::super::tests::{channel_names, contents};

    const HEAD: &str = "#group,false,false,true,true,false,false,true,true\n\
        #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string\n\
        #default,_result,,,,,,,\n";

    fn rows(series: &[(usize, &str, &str)]) -> String {
        let row = |(table, field, host): &(usize, &str, &str)| {
            let lines = (0..100).map(|i| {
                format!(
                    ",,{table},2024-05-01T10:00:00Z,2024-05-01T11:00:00Z,2024-05-01T10:00:{:02}.{:02}Z,{},{field},{host}\n",
                    i / 50,
                    2 * (i % 50),
                    i * (table + 1) % 17
                )
            });
            lines.collect::<String>()
        };
        let names = ",result,table,_start,_stop,_time,_value,_field,host\n";
        format!(
            "{HEAD}{names}{}",
            series.iter().map(row).collect::<String>()
        )
    }

    #[test]
    fn series_are_no_channel() {
        for (series, names) in [
            (&[(0, "x", "a")][..], &["_value"][..]),
            (&[(0, "x", "a"), (1, "y", "a")], &["x", "y"]),
            (
                &[(0, "x", "a"), (1, "y", "a"), (2, "x", "b"), (3, "y", "b")],
                &["a.x", "a.y", "b.x", "b.y"],
            ),
        ] {
            let recording = contents(&rows(series), &Hints::default()).unwrap();
            let found = channel_names(&recording.traces);
            assert_eq!(found, names);
            for trace in &recording.traces {
                assert_eq!((trace.rate, trace.samples.len()), (50.0, 100));
            }
            assert_eq!(recording.notes.texts(true), [""; 0]);
        }
    }
}

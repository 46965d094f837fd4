//! Rows below a table that are no samples: `Mean,0.5`, `Max: 12` and the like, as programs and people add them.

use std::borrow::Cow;

use support::words::counted;

use super::super::text::{Text, cell};
use super::super::{Notes, Remark};
use super::kinds::is_time;
use super::layout::Layout;
use super::line::split;
use super::names::time_name;
use super::told;

/// Lines at the end that may be such rows, and lines above that are looked at.
const LAST: usize = 16;
const ABOVE: usize = 48;
/// Rows of the table, at least.
const FEWEST: usize = 8;

/// Names of statistics, in small letters alone. Those of the least and greatest value may also mark samples beyond the range.
const EXTREMES: [&str; 19] = [
    "min",
    "max",
    "minimum",
    "maximum",
    "mínimo",
    "máximo",
    "mín",
    "máx",
    "minimo",
    "maximo",
    "massimo",
    "minimal",
    "maximal",
    "мин",
    "макс",
    "最小",
    "最大",
    "最小值",
    "最大值",
];
const OTHERS: [&str; 46] = [
    "mean",
    "average",
    "avg",
    "ave",
    "median",
    "std",
    "stdev",
    "stddev",
    "standarddeviation",
    "sd",
    "variance",
    "rms",
    "sum",
    "total",
    "subtotal",
    "grandtotal",
    "count",
    "peaktopeak",
    "mittelwert",
    "mittel",
    "durchschnitt",
    "standardabweichung",
    "stabw",
    "summe",
    "gesamt",
    "anzahl",
    "moyenne",
    "écarttype",
    "ecarttype",
    "somme",
    "médiane",
    "promedio",
    "media",
    "mediana",
    "suma",
    "desviaciónestándar",
    "desvest",
    "somma",
    "devst",
    "média",
    "soma",
    "среднее",
    "итого",
    "平均",
    "平均值",
    "合計",
];

/// Takes rows of statistics from the end of the text, with a note. In a table without times, a blank line above the last rows may tell
/// them, which a warning says.
pub(super) fn cut(text: &mut Text<'_>, layout: &Layout, notes: &mut Notes) {
    let rows = &text.bytes[layout.start..];
    let lines = last_lines(rows);
    if let Some((at, first)) = footer(rows, &lines, layout) {
        let kept = layout.start + at;
        let line = layout.line + rows[..at].iter().filter(|byte| **byte == b'\n').count();
        notes.push(Remark::Records(format!(
            "left out the statistics below the table, from line {line} on: `{}`",
            told::shown(&cell(first))
        )));
        match &mut text.bytes {
            Cow::Borrowed(bytes) => *bytes = &bytes[..kept],
            Cow::Owned(bytes) => bytes.truncate(kept),
        }
    } else {
        notes.extend(apart(&lines, layout));
    }
}

/// The last lines of the rows, from the first on, and the bytes at which they begin.
fn last_lines(rows: &[u8]) -> Vec<(usize, &[u8])> {
    let mut end = rows.len();
    let mut lines = Vec::new();
    while end > 0 && lines.len() < LAST + ABOVE {
        let body = &rows[..end - usize::from(rows[end - 1] == b'\n')];
        let start = body
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        lines.push((start, &body[start..]));
        end = start;
    }
    lines.reverse();
    lines
}

/// Where the statistics begin, and their first line.
fn footer<'a>(
    rows: &[u8],
    lines: &[(usize, &'a [u8])],
    layout: &Layout,
) -> Option<(usize, &'a [u8])> {
    let from = lines.len().saturating_sub(LAST);
    let found: Vec<Vec<String>> = lines[from..]
        .iter()
        .map(|(_, line)| words(line, layout.separator))
        .collect();
    let first = found.iter().position(|words| !words.is_empty())?;
    let below = &found[first..];
    let is_filled = |(_, line): &&(usize, &[u8])| !line.trim_ascii().is_empty();
    let filled = lines[from + first..].iter().filter(is_filled).count();
    let telling = below.iter().filter(|words| !words.is_empty()).count();
    let all: Vec<&String> = below.iter().flatten().collect();
    // One of the two alone may mark samples.
    let has = |end: &str| all.iter().any(|word| word.starts_with(end));
    let is_sure = all.iter().any(|word| OTHERS.contains(&&***word)) || has("min") && has("max");
    let (at, line) = lines[from + first];
    let above = rows[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .take(FEWEST);
    let is_known = |(_, line): &(usize, &[u8])| !words(line, layout.separator).is_empty();
    (is_sure
        && telling * 2 >= filled
        && above.count() == FEWEST
        && !lines[..from + first].iter().any(is_known))
    .then_some((at, line))
}

/// Names of statistics in a line.
fn words(line: &[u8], separator: u8) -> Vec<String> {
    // Nearly all lines have numbers alone.
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    if !line.iter().any(is_letter) {
        return Vec::new();
    }
    let cells = split(line, separator).into_iter();
    cells.filter_map(|text| statistic(&cell(&text))).collect()
}

/// The name of a statistic that a cell begins with: `Mean`, `Std. dev. (V)`, `Max: 12`.
fn statistic(text: &str) -> Option<String> {
    let is_end = |c: char| ":=([".contains(c) || c.is_ascii_digit();
    let name = text.split(is_end).next()?;
    let letters = name.chars().filter(|c| c.is_alphabetic());
    let word: String = letters.flat_map(char::to_lowercase).collect();
    let known = |word: &str| EXTREMES.contains(&word) || OTHERS.contains(&word);
    let words = [&*word, word.strip_suffix("value").unwrap_or(&word)];
    words
        .into_iter()
        .find(|word| known(word))
        .map(str::to_owned)
}

/// A warning of the last rows of a table without times if a blank line is above them, and no other near it.
fn apart(lines: &[(usize, &[u8])], layout: &Layout) -> Option<String> {
    let is_timed = layout.kinds.iter().any(|kind| is_time(*kind))
        || layout.names.iter().any(|name| time_name(name).is_some());
    let is_blank = |line: &&(usize, &[u8])| line.1.trim_ascii().is_empty();
    let end = lines.iter().rposition(|line| !is_blank(&line))? + 1;
    let lines = &lines[..end];
    let at = lines.iter().rposition(|line| is_blank(&line))?;
    let below = end - at - 1;
    let is_only = lines[..at]
        .iter()
        .rev()
        .skip_while(is_blank)
        .all(|line| !is_blank(&line));
    let (_, first) = lines[at + 1];
    let is_row =
        split(first, layout.separator).len() == layout.names.len() && !first.starts_with(b"#");
    (!is_timed && is_only && is_row && below <= LAST / 2 && at > LAST).then(|| {
        format!(
            "the last {} below a blank line: `{}`: if they are no samples, such as statistics, delete them",
            if below == 1 {
                "row is".to_owned()
            } else {
                format!("{} are", counted(below, "row"))
            },
            told::shown(&cell(first))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::Hints;
    use super::super::tests::contents;

    const HINTS: fn() -> Hints = || Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };

    /// The number of samples, whether the last is that of the last row, and the notes of a table of two columns with these lines below.
    fn of(separator: char, below: &str) -> (usize, bool, Vec<String>) {
        let rows: String = (0..300)
            .map(|i| format!("{}{separator}{}\n", i * 7 % 40, i % 17))
            .collect();
        let text = format!("X{separator}Z\n{rows}{below}");
        let recording = contents(&text, &HINTS()).unwrap();
        let samples = &recording.traces[1].samples;
        let is_last = samples.last() == Some(&f64::from(299 % 17));
        (samples.len(), is_last, recording.notes.all())
    }

    #[test]
    fn statistics_below_are_left_out() {
        for (separator, below) in [
            (',', "Average,12.5\nStdDev,3.2\nMin,-1000\nMax,1000\n"),
            (',', "\n\nMin,-1000\nMax,1000"),
            (',', "Mean: 12.5,Mean: 3\n"),
            (';', "Mittelwert;12,5\nStandardabweichung;3\n"),
            (';', "Summe (mV);12,5\n"),
            ('\t', "12.5\tAverage\n"),
            (',', "Total: 300 samples\n"),
            (',', "mean,0.1\nstd,3\n25%,2\n50%,7\n"),
        ] {
            let (rows, is_last, notes) = of(separator, below);
            assert_eq!((rows, is_last), (300, true), "{below} {notes:?}");
            assert!(
                notes
                    .join(";")
                    .contains("left out the statistics below the table, from line 30"),
                "{notes:?}"
            );
        }
        let rows: String = (0..300).map(|i| format!("{}\n", i % 17)).collect();
        let text = format!("Z\n{rows}Mean\n12.5\nStd\n3.1\n");
        let recording = contents(&text, &HINTS()).unwrap();
        assert_eq!(recording.traces[0].samples.len(), 300);
    }

    #[test]
    fn other_last_rows_stay() {
        // Samples beyond the range, and a row of a sensor that is called so.
        for below in ["MAX,7\nMAX,7\n", "12,7\n"] {
            let (rows, _, notes) = of(',', below);
            assert_eq!(rows, 300 + below.lines().count(), "{notes:?}");
            assert!(!notes.join(";").contains("statistics"), "{notes:?}");
        }
        let row = |i: usize| format!("{},{}\n", ["mean", "max"][i % 2], i % 17);
        let text = format!("kind,Z\n{}", (0..300).map(row).collect::<String>());
        let recording = contents(&text, &HINTS()).unwrap();
        assert!(!recording.notes.all().join(";").contains("statistics"));
    }

    #[test]
    fn rows_below_a_blank_line_are_said() {
        let (rows, _, notes) = of(',', "\n12.5,8\n-3,1\n");
        assert_eq!(rows, 302);
        assert!(
            notes
                .join(";")
                .contains("the last 2 rows are below a blank line: `12.5,8`"),
            "{notes:?}"
        );
        let (_, _, notes) = of(',', "1,2\n\n");
        assert!(!notes.join(";").contains("blank line"), "{notes:?}");
    }
}

//! The reader of usual rows and that of all rows give the same.

use proptest::prelude::*;

use super::super::cells::Part;
use super::super::layout::{self, Layout};
use super::super::usual::UsualReader;
use super::super::{Values, rows};

/// Numbers from 0 to `most`, each as likely as the others.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Kinds of columns.
const KINDS: usize = 18;

/// A cell of a column of some kind in row `row`.
fn cell(kind: usize, row: usize, random: &mut Random) -> String {
    let value = random.below(2_000_000) as f64 / 1000.0 - 1000.0;
    match kind {
        0 => format!("{}", row as f64 * 0.005),
        1 => format!("{}", value as i64),
        2 => format!("{value:.6}"),
        3 => format!("{}", value / 3.0),
        4 => format!("{value:.6e}"),
        5 => format!("{value:.2}").replace('.', ","),
        6 => format!(
            "2024-05-{:02}T10:{:02}:{:02}.{:03}Z",
            1 + row / 40,
            row / 60 % 60,
            row % 60,
            random.below(1000)
        ),
        7 => format!("{:02}.05.2024 23:59:{:02},5", 1 + row / 20, row % 60),
        8 => format!("2024/05/0{}", 1 + row / 20),
        9 => format!(
            "10:{:02}:{:02}.{}",
            row / 60 % 60,
            row % 60,
            random.below(10)
        ),
        10 => random.of(&["EHZ", "EHN", "EHE"]).into(),
        11 => ["EHZ", "EHN", "XX.NODE..EHE"][row % 3].into(),
        12 => digits(random),
        13 => format!("{:.18e}", value / 7.0),
        14 => {
            let power = random.below(60) as i32 - 30;
            let count = random.below(18);
            format!("{:.count$e}", value * 10f64.powi(power)).replace("e-", "E-")
        }
        15 => format!("{:.*}", random.below(20), value / 7e3),
        16 => format!("{}.{:03}", 1_714_557_600 + row, random.below(1000)),
        _ => String::new(),
    }
}

/// One to twenty digits with a sign, a point and an exponent somewhere, or without.
fn digits(random: &mut Random) -> String {
    let count = 1 + random.below(20);
    let mut text = random.of(&["", "", "-"]).to_owned();
    let point = random.below(2 * count);
    // Leading zeros, and halves between two numbers.
    let kept = random.of(&["0123456789", "0123456789", "09", "5", "0"]);
    for i in 0..count {
        if i > 0 && i == point {
            text.push('.');
        }
        text.push(char::from(kept.as_bytes()[random.below(kept.len())]));
    }
    text + random.of(&["", "", "", "e-05", "E+07", "e-19", "e+22", "e-3", "e-123"])
}

/// Cells that writers leave out, or that something damaged.
const ODD: [&str; 22] = [
    "",
    "nan",
    "NA",
    "-",
    "#N/A",
    "# x",
    "x",
    "1.2.3",
    "-0",
    "+5",
    ".5",
    "5.",
    " 7",
    "7 ",
    "1e400",
    "1e-5",
    "0x1F",
    "12345678901234567890",
    "1,5",
    "2024-05-01T24:61:00",
    "10:00",
    "0.1234567890123456789",
];

/// A table of rows of some kinds of columns; some of its cells and lines are odd.
fn table(seed: u64, odd: usize) -> String {
    let mut random = Random(seed);
    let separator = random.of(&[",", ";", "\t", "|", " "]);
    let end = random.of(&["\n", "\n", "\r\n"]);
    let kinds: Vec<usize> = (0..1 + random.below(5))
        .map(|_| random.below(KINDS))
        .collect();
    let names = (0..kinds.len()).map(|i| format!("c{i}"));
    let header = names.collect::<Vec<_>>().join(separator);
    let mut text = header.clone() + end;
    for row in 0..20 + random.below(80) {
        let is_odd = odd > 0 && random.below(odd) == 0;
        if is_odd {
            let lines = [
                "",
                "# a comment",
                "  ",
                "1",
                "\t",
                &header,
                "1,2,3,4,5,6,7,8",
                ",",
                " #",
            ];
            if random.below(2) == 0 {
                text += random.of(&lines);
                text += random.of(&["\n", "\r\n", end]);
            }
        }
        let cells = kinds.iter().map(|kind| match random.below(4) {
            0 if is_odd => random.of(&ODD).into(),
            _ => cell(*kind, row, &mut random),
        });
        text += &cells.collect::<Vec<_>>().join(separator);
        if is_odd && random.below(4) == 0 {
            text += random.of(&[separator, " ", "\t", "\r"]);
        }
        text += end;
    }
    if random.below(4) == 0 {
        text.truncate(text.len() - end.len());
    }
    text
}

/// Values as integers, which are equal if they have the same bits.
fn bits(values: &Values) -> (Vec<u64>, Vec<&[u8]>) {
    let of = |times: &[i64]| times.iter().map(|time| *time as u64).collect();
    match values {
        Values::Numbers(values) => (
            values.iter().map(|value| value.to_bits()).collect(),
            Vec::new(),
        ),
        Values::Times(times) | Values::Clocks(times) => (of(times), Vec::new()),
        Values::Texts(texts) => {
            let rows = texts.rows.iter().map(|row| u64::from(*row));
            (rows.collect(), texts.all().collect())
        }
        Values::Nothing(rows) => (vec![*rows as u64], Vec::new()),
    }
}

fn part(bytes: &[u8], layout: &Layout, usual: Option<UsualReader>) -> Part {
    let mut part = Part::new(layout);
    rows::lines(bytes, layout.start..bytes.len(), (layout, usual), &mut part);
    part
}

/// Number of rows, if the text is a table and all readers give the same, with instructions for many bytes and without.
fn same(text: &[u8]) -> Option<usize> {
    let layout = layout::find(text, 1).ok()?;
    let expected = part(text, &layout, None);
    for usual in [
        UsualReader::new(text, &layout),
        UsualReader::plain(text, &layout),
    ] {
        same_parts(text, &layout, (part(text, &layout, Some(usual)), &expected));
    }
    Some(expected.rows)
}

fn same_parts(text: &[u8], layout: &Layout, (found, expected): (Part, &Part)) {
    let text = || String::from_utf8_lossy(text);
    for (a, b) in found.columns.iter().zip(&expected.columns) {
        assert_eq!(bits(a), bits(b), "{:?} {}", layout.kinds, text());
    }
    assert_eq!(found.wrong, expected.wrong, "{}", text());
    assert_eq!(
        (&found.cut, found.last_cut),
        (&expected.cut, expected.last_cut),
        "{}",
        text()
    );
    assert_eq!(
        (&found.names, found.rows),
        (&expected.names, expected.rows),
        "{}",
        text()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn usual_and_odd_rows_are_the_same(seed: u64, odd in 0usize..8) {
        same(table(seed, odd).as_bytes());
    }

    /// Many rows, most of which are read together.
    #[test]
    fn long_tables_are_the_same(seed: u64, times in 2usize..12, odd in 0usize..300) {
        let text = table(seed, 0);
        let (header, rows) = text.split_once('\n').unwrap();
        let ending = if rows.ends_with('\n') { "" } else { "\n" };
        let more = if odd > 200 { table(seed, odd) } else { String::new() };
        same((header.to_owned() + "\n" + &(rows.to_owned() + ending).repeat(times) + &more + rows).as_bytes());
    }

    /// Bytes that are lost or changed.
    #[test]
    fn damaged_rows_are_the_same(seed: u64, damage in proptest::collection::vec((any::<u16>(), "[-0-9,;. \t\r\n#eT:x|]"), 1..8)) {
        let mut bytes = table(seed, 0).into_bytes();
        for (at, byte) in damage {
            let at = usize::from(at) % bytes.len();
            if at.is_multiple_of(3) {
                bytes.remove(at);
            } else {
                bytes[at] = byte.as_bytes()[0];
            }
        }
        same(&bytes);
    }
}

/// A return within a text is a part of it, though lines end with one.
#[test]
fn returns_within_texts_end_no_line() {
    let row = |row: usize| format!("{row};{}\r\n", if row == 70 { "EHZ\r52" } else { "EHZ" });
    let text = "n;channel\r\n".to_owned() + &(0..100).map(row).collect::<String>();
    assert_eq!(same(text.as_bytes()), Some(100));
}

/// The reader of usual rows reads all rows of usual tables, and leaves none to the other.
#[test]
fn usual_tables_have_only_usual_rows() {
    for kind in (0..10).chain([11, 13, 16]) {
        let mut random = Random(kind as u64);
        let end = if kind % 2 == 0 { "\n" } else { "\r\n" };
        let rows = (0..100).map(|row| format!("{row};{};{row}{end}", cell(kind, row, &mut random)));
        let text = format!("n;value;more{end}") + &rows.collect::<String>() + "0;0;0";
        let layout = layout::find(text.as_bytes(), 1).unwrap();
        let mut part = Part::new(&layout);
        let mut usual = UsualReader::new(text.as_bytes(), &layout);
        let (rows, _) = usual.rows(layout.start, text.len(), &mut part.columns);
        assert_eq!(rows, 100, "{text}");
        assert_eq!(same(text.as_bytes()), Some(101));
    }
}

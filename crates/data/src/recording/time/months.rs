//! Names of months in several languages.

use super::Scan;

/// Names of each month without accents, in English, German, French, Spanish, Italian, Portuguese, Dutch and Scandinavian
/// languages, and their usual abbreviations.
const MONTHS: [&str; 12] = [
    "january januar januari janner janvier enero gennaio janeiro jan janv ene gen",
    "february februar februari fevrier febrero febbraio fevereiro feb fevr fev febr",
    "march marz maerz maart mars marzo marco mar mrz mrt",
    "april avril abril aprile apr avr abr",
    "may mai mei maj mayo maggio maio mag",
    "june juni juin junio giugno junho jun giu",
    "july juli juillet julio luglio julho jul juil lug",
    "august augustus augusti aout agosto aug ago",
    "september septembre septiembre setiembre settembre setembro sep sept sett set",
    "october oktober octobre octubre ottobre outubro oct okt ott out",
    "november novembre noviembre novembro nov",
    "december dezember decembre diciembre dicembre dezembro desember dec dez dic des",
];

/// The longest name in bytes.
const LONGEST: usize = 16;

impl Scan<'_> {
    /// The month whose name is next.
    pub(super) fn month(&mut self) -> Option<i64> {
        let mut name = String::new();
        let mut rest = self.0;
        while name.len() < LONGEST
            && let Some((letter, length)) = letter(rest)
        {
            name.push(letter);
            rest = &rest[length..];
        }
        let is_own = |names: &&str| names.split(' ').any(|known| known == name);
        let number = MONTHS.iter().position(is_own)?;
        self.0 = rest;
        Some(number as i64 + 1)
    }

    /// Passes the end of an ordinal number, as in `1er mai` and `1º maggio`.
    pub(super) fn ordinal(&mut self) {
        for end in [
            &b"er "[..],
            b"st ",
            b"nd ",
            b"rd ",
            b"th ",
            "º ".as_bytes(),
            b"\xBA ",
        ] {
            if let Some(rest) = self.0.strip_prefix(end) {
                self.0 = rest;
                return;
            }
        }
    }

    /// Passes what is between the parts of a date with the name of a month: `1. Mai 2024`, `1 de mayo de 2024`.
    pub(super) fn between_parts(&mut self) {
        let passed = |scan: &mut Self| {
            let between = |byte: &&u8| matches!(byte, b' ' | b'-' | b'/' | b'.' | b',');
            let length = scan.0.iter().take_while(between).count();
            scan.0 = &scan.0[length..];
        };
        passed(self);
        for word in [&b"de "[..], b"del "] {
            if self
                .0
                .get(..word.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(word))
            {
                self.0 = &self.0[word.len()..];
                passed(self);
                return;
            }
        }
    }
}

/// The first letter of a text in lower case and without its accent, and its length in bytes; in UTF-8 or Latin-1.
fn letter(text: &[u8]) -> Option<(char, usize)> {
    match *text {
        [byte, ..] if byte.is_ascii_alphabetic() => Some((byte.to_ascii_lowercase().into(), 1)),
        [0xC3, byte @ 0x80..=0xBF, ..] => Some((plain(byte + 0x40)?, 2)),
        [byte @ 0xC0..=0xFF, ..] => Some((plain(byte)?, 1)),
        _ => None,
    }
}

/// A letter of Latin-1 without its accent.
fn plain(byte: u8) -> Option<char> {
    Some(match byte | 0x20 {
        0xE0..=0xE5 => 'a',
        0xE7 => 'c',
        0xE8..=0xEB => 'e',
        0xEC..=0xEF => 'i',
        0xF2..=0xF6 => 'o',
        0xF9..=0xFC => 'u',
        _ => return None,
    })
}

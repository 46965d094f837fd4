//! The header of SAC files: 70 floats, 40 integers and 192 characters, binary or alphanumeric.

use crate::error::recording::SacError;

/// Bytes of a binary header.
pub(super) const HEADER: usize = 632;
/// Bytes of the footer of version 7: 22 float64.
pub(super) const FOOTER: usize = 176;
/// The value of undefined fields.
pub(super) const UNDEFINED: f64 = -12345.0;

const FLOATS: usize = 70;
const INTEGERS: usize = 40;
const TEXTS: usize = 192;
/// Lines of an alphanumeric header: floats, integers, texts.
const LINES: [usize; 3] = [14, 8, 8];
/// Fewest undefined floats of a header; most files have about 60.
const MOSTLY_UNDEFINED: usize = 20;

/// A header in either form.
pub(super) struct Header {
    floats: Vec<f64>,
    integers: Vec<i32>,
    texts: Vec<u8>,
    /// Byte order of a binary file; none for an alphanumeric one.
    pub big_endian: Option<bool>,
}

impl Header {
    /// The header of a binary or alphanumeric file; none for other files.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Self::binary(bytes).or_else(|| Self::alphanumeric(bytes))
    }

    fn binary(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEADER {
            return None;
        }
        let orders = [true, false].map(|big_endian| Self::in_order(bytes, big_endian));
        orders
            .into_iter()
            .find(|header| header.is_plausible(bytes.len()))
    }

    fn in_order(bytes: &[u8], big_endian: bool) -> Self {
        let words = bytes.as_chunks::<4>().0;
        let word = |word: &[u8; 4]| {
            if big_endian {
                u32::from_be_bytes(*word)
            } else {
                u32::from_le_bytes(*word)
            }
        };
        let float = |bits: &[u8; 4]| f64::from(f32::from_bits(word(bits)));
        let integers = &words[FLOATS..FLOATS + INTEGERS];
        Self {
            floats: words[..FLOATS].iter().map(float).collect(),
            integers: integers.iter().map(|bits| word(bits) as i32).collect(),
            texts: bytes[HEADER - TEXTS..HEADER].to_vec(),
            big_endian: Some(big_endian),
        }
    }

    /// Whether this is plausible as the header of a binary file of `bytes` bytes. Files of other formats may have the version where it
    /// belongs: some floats must be undefined, or the samples fit into the file. Without a version, size and interval must fit.
    fn is_plausible(&self, bytes: usize) -> bool {
        let needed = self.samples().map_or(0, |n| HEADER.saturating_add(4 * n));
        let is_interval = (1e-9..=1e9).contains(&self.floats[0]);
        let fits = needed > HEADER && needed <= bytes && is_interval;
        match self.version() {
            Some(6 | 7) => self.undefined() > 0 || fits,
            Some(_) => false,
            None => {
                let whole = bytes == needed || bytes == needed + FOOTER;
                fits && (whole || self.undefined() >= MOSTLY_UNDEFINED)
            }
        }
    }

    fn undefined(&self) -> usize {
        let undefined = self.floats.iter().filter(|v| **v == UNDEFINED);
        undefined.count()
    }

    fn alphanumeric(bytes: &[u8]) -> Option<Self> {
        let mut lines = Lines { bytes, at: 0 };
        let (mut floats, mut integers, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..LINES[0] {
            floats.extend(five(lines.next()?, 15)?);
        }
        for _ in 0..LINES[1] {
            let line = five(lines.next()?, 10)?;
            if line.iter().any(|v| v.fract() != 0.0) {
                return None;
            }
            integers.extend(line.iter().map(|v| *v as i32));
        }
        for _ in 0..LINES[2] {
            let mut line = lines.next()?.to_vec();
            line.resize(24, b' ');
            texts.extend(line);
        }
        let header = Self {
            floats,
            integers,
            texts,
            big_endian: None,
        };
        let sac = matches!(header.version(), None | Some(6 | 7));
        (sac && header.undefined() >= MOSTLY_UNDEFINED).then_some(header)
    }

    pub(super) fn float(&self, number: usize) -> f64 {
        self.floats[number]
    }

    /// Integers are numbered on from the floats, as SAC's manual does.
    pub(super) fn integer(&self, number: usize) -> Option<i32> {
        Some(self.integers[number - FLOATS]).filter(|v| f64::from(*v) != UNDEFINED)
    }

    /// Version of the header.
    pub(super) fn version(&self) -> Option<i32> {
        self.integer(76)
    }

    /// Number of samples.
    pub(super) fn samples(&self) -> Option<usize> {
        usize::try_from(self.integer(79)?).ok()
    }

    /// A text of 8 characters, by its place in a binary file. It ends with a NUL or with spaces.
    pub(super) fn text(&self, at: usize) -> String {
        let at = at - (HEADER - TEXTS);
        let text = String::from_utf8_lossy(&self.texts[at..at + 8]);
        let text = text.split('\0').next().unwrap_or_default().trim();
        if text == "-12345" {
            String::new()
        } else {
            text.to_owned()
        }
    }
}

/// Samples of an alphanumeric file, which follow its header.
///
/// # Errors
/// If a line is not made of numbers.
pub(super) fn numbers(bytes: &[u8]) -> Result<Vec<f64>, SacError> {
    let mut lines = Lines { bytes, at: 0 };
    let header: usize = LINES.iter().sum();
    for _ in 0..header {
        lines.next();
    }
    let mut samples = Vec::new();
    for (number, line) in lines.enumerate() {
        let wrong = || SacError::Line {
            line: header + number + 1,
            text: String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned(),
        };
        // Rounded to float32, as in binary files and as SAC and ObsPy read them.
        let values = fields(line, 15).ok_or_else(wrong)?;
        samples.extend(values.iter().map(|value| f64::from(*value as f32)));
    }
    Ok(samples)
}

/// Lines of a text, without their ends.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        self.at += length + 1;
        Some(rest[..length].trim_ascii_end())
    }
}

/// The five numbers of a line.
fn five(line: &[u8], width: usize) -> Option<Vec<f64>> {
    fields(line, width).filter(|values| values.len() == 5)
}

/// Numbers of a line with spaces between them, or in columns of `width` characters.
fn fields(line: &[u8], width: usize) -> Option<Vec<f64>> {
    let line = std::str::from_utf8(line).ok()?;
    // Long enough for any SAC line; other files may have endless lines.
    if line.len() > 8 * width {
        return None;
    }
    let spaced = line.split_ascii_whitespace().map(|text| text.parse().ok());
    let columns = || {
        let columns = line.as_bytes().chunks(width);
        let number = |text| std::str::from_utf8(text).ok()?.trim().parse().ok();
        columns.map(number).collect()
    };
    spaced.collect::<Option<Vec<f64>>>().or_else(columns)
}

//! The types of samples of CSS 3.0.

use super::super::words::all;
use crate::error::recording::CssProblem;

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Integers of so many bytes.
    Integer { width: usize, big_endian: bool },
    /// Floats of so many bytes.
    Float { width: usize, big_endian: bool },
    /// Text of so many characters.
    Text { width: usize, of: Numbers },
}

/// What a text is read as, as by ObsPy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    Integers,
    Singles,
    Doubles,
}

impl Kind {
    /// The type of a name, in whatever case; none if it is not read.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let big_endian = name.starts_with(['s', 't']);
        let text = |width, of| Some(Self::Text { width, of });
        match &*name {
            "s2" | "i2" | "s3" | "i3" | "s4" | "i4" => Some(Self::Integer {
                width: usize::from(name.as_bytes()[1] - b'0'),
                big_endian,
            }),
            "t4" | "f4" | "t8" | "f8" => Some(Self::Float {
                width: usize::from(name.as_bytes()[1] - b'0'),
                big_endian,
            }),
            "c0" | "c#" => text(12, Numbers::Integers),
            "a0" | "a#" => text(15, Numbers::Singles),
            "b0" | "b#" => text(24, Numbers::Doubles),
            _ => None,
        }
    }

    /// Bytes of a sample.
    pub fn width(self) -> usize {
        match self {
            Self::Integer { width, .. } | Self::Float { width, .. } | Self::Text { width, .. } => {
                width
            }
        }
    }

    /// The whole samples in `bytes`.
    ///
    /// # Errors
    /// If a sample as text is none.
    pub fn decode(self, bytes: &[u8]) -> Result<Vec<f64>, CssProblem> {
        Ok(match self {
            Self::Integer { width, big_endian } => match width {
                2 => all(bytes, big_endian, |word| i16::from_be_bytes(word).into()),
                3 => all(bytes, big_endian, |[high, middle, low]| {
                    f64::from(i32::from_be_bytes([high, middle, low, 0]) >> 8)
                }),
                _ => all(bytes, big_endian, |word| i32::from_be_bytes(word).into()),
            },
            Self::Float { width, big_endian } => match width {
                4 => all(bytes, big_endian, |word| f32::from_be_bytes(word).into()),
                _ => all(bytes, big_endian, f64::from_be_bytes),
            },
            Self::Text { width, of } => {
                let texts = bytes.chunks_exact(width).enumerate();
                let numbers = texts.map(|(at, text)| {
                    of.read(text).ok_or_else(|| CssProblem::Sample {
                        number: at + 1,
                        text: String::from_utf8_lossy(text).trim().to_owned(),
                    })
                });
                numbers.collect::<Result<_, _>>()?
            }
        })
    }
}

impl Numbers {
    fn read(self, text: &[u8]) -> Option<f64> {
        let is_blank = |c: char| c.is_ascii_whitespace() || c == '\0';
        let text = str::from_utf8(text).ok()?.trim_matches(is_blank);
        match self {
            Self::Integers => text.parse::<i64>().ok().map(|value| value as f64),
            Self::Singles => text
                .parse::<f64>()
                .ok()
                .map(|value| f64::from(value as f32)),
            Self::Doubles => text.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_three_bytes_have_signs() {
        let read = |name: &str, bytes: &[u8]| Kind::of(name).unwrap().decode(bytes).unwrap();
        assert_eq!(read("s3", &[0, 1, 2, 0xFF, 0xFF, 0xFE, 9]), [258.0, -2.0]);
        assert_eq!(read("i3", &[2, 1, 0, 0xFE, 0xFF, 0xFF]), [258.0, -2.0]);
        assert_eq!(Kind::of("e1"), None);
        assert_eq!(Kind::of("S3"), Kind::of("s3"));
    }
}

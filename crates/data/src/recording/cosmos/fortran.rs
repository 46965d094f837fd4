//! Numbers in a Fortran format such as `(8F10.3)`: columns of a fixed width, without blanks between them where they are full.

/// A format of one kind of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Form {
    /// Numbers in a line.
    pub count: usize,
    /// Characters of each.
    pub width: usize,
}

impl Form {
    /// The format in the last brackets of a line.
    pub fn of(line: &str) -> Option<Self> {
        let inner = &line[line.rfind('(')? + 1..];
        let inner = inner[..inner.find(')')?].to_ascii_uppercase();
        // A scale of printed exponents, `1P`, changes no number with an exponent.
        let plain = inner
            .trim()
            .trim_start_matches("1P")
            .trim_start_matches([',', ' ']);
        let letter = plain.find(['I', 'F', 'E', 'D', 'G'])?;
        let width = plain[letter + 1..].split('.').next()?;
        let form = Self {
            count: plain[..letter].trim().parse().ok()?,
            width: width.trim().parse().ok()?,
        };
        ((1..=100).contains(&form.count) && (2..=40).contains(&form.width)).then_some(form)
    }

    /// The format of a row of eight numbers that no line tells: 10 columns each, unless the row is shorter.
    pub fn of_eight(row: &str) -> Self {
        let length = row.trim_end().len();
        let is_whole = length.is_multiple_of(8) && (5..=20).contains(&(length / 8));
        Self {
            count: 8,
            width: if is_whole { length / 8 } else { 10 },
        }
    }

    /// Adds the numbers of a line.
    ///
    /// # Errors
    /// The text of one that is malformed.
    pub fn numbers(self, line: &str, values: &mut Vec<f64>) -> Result<(), String> {
        let line = line.trim_end();
        let mut rest = line;
        for _ in 0..self.count {
            if rest.trim().is_empty() {
                return Ok(());
            }
            let end = rest
                .char_indices()
                .nth(self.width)
                .map_or(rest.len(), |(at, _)| at);
            let text = rest[..end].trim();
            rest = &rest[end..];
            if text.is_empty() || text.contains('*') {
                // Fortran writes stars where a number has too many digits.
                values.push(f64::NAN);
                continue;
            }
            let number = text.replace(['D', 'd'], "e").parse::<f64>();
            values.push(number.map_err(|_| text.to_owned())?);
        }
        Ok(())
    }
}

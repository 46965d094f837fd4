//! Decimal commas, as spreadsheets in many countries write them.

/// What the cells of a table say of commas. `1,234` alone may also be a number with a separator of thousands.
#[derive(Debug, Default)]
pub(super) struct Commas {
    /// Whether a cell can be read only with a decimal comma.
    any: bool,
    /// Whether a cell has a decimal point.
    any_point: bool,
}

impl Commas {
    /// Takes a value of the table.
    pub fn see(&mut self, cell: &str) {
        let cell = cell.trim_end_matches('%').trim_end();
        self.any_point |= cell.contains('.') && cell.replace(',', "").parse::<f64>().is_ok();
        self.any |= parts(cell).is_some_and(|(whole, fraction)| {
            whole.trim_start_matches('-') == "0" || fraction.len() != 3
        });
    }

    /// Whether commas are decimal: some can be nothing else, and no value has a point.
    pub fn are_decimal(&self) -> bool {
        self.any && !self.any_point
    }
}

/// The digits before and after the only comma of a number.
fn parts(cell: &str) -> Option<(&str, &str)> {
    let (whole, rest) = cell.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let end = rest.find(['e', 'E']).unwrap_or(rest.len());
    let (fraction, power) = rest.split_at(end);
    let is_power = power.is_empty() || power[1..].parse::<i32>().is_ok();
    let is_number = digits(whole.trim_start_matches(['-', '+'])) && digits(fraction) && is_power;
    is_number.then_some((whole, fraction))
}

/// The cell with a decimal point, if the table has decimal commas.
pub(super) fn pointed(cell: String, comma: bool) -> String {
    let is_number = || parts(cell.trim_end_matches('%').trim_end()).is_some();
    if comma && is_number() {
        return cell.replacen(',', ".", 1);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_of_decimals_and_of_thousands() {
        for (cells, expected) in [
            (&["0,5", "1,25"][..], true),
            (&["-0,125", "3"], true),
            (&["1,234", "2,345"], false),
            (&["1,25", "0.5"], false),
            (&["1,234.5", "0,5"], false),
            (&["1,5e-3", "nan"], true),
            (&["0,5 %", ""], true),
            (&["a,b", "1"], false),
        ] {
            let mut commas = Commas::default();
            cells.iter().for_each(|cell| commas.see(cell));
            assert_eq!(commas.are_decimal(), expected, "{cells:?}");
        }
        assert_eq!(pointed("-0,5".into(), true), "-0.5");
        assert_eq!(pointed("-0,5".into(), false), "-0,5");
        assert_eq!(pointed("[1,2]".into(), true), "[1,2]");
    }
}

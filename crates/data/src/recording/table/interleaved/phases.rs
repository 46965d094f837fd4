//! Values of a channel by the place of a row in groups of rows. Those of one sensor are alike at every place; those of two sensors
//! in turn, or of a sensor and one at half its rate, need not be, even if both are noise.

use super::super::clock::median;

/// Rows of a channel, at least.
const FEWEST: usize = 256;
/// Parts of a channel that must agree, and rows of each that are looked at.
const PARTS: usize = 4;
const LONGEST: usize = 1024;
/// Different values of a channel, at least.
const VALUES: usize = 5;
/// Share of rows that are not the median, at least: of few different values, signs tell little.
const APART: f64 = 0.5;
/// Correlation from group to group, at least, if there is none from row to row.
const ON: f64 = 0.2;
/// Difference of the correlations from one place to the next, at least, and the part of it that each part of the channel has.
const UNLIKE: f64 = 0.15;
const AGREED: f64 = 0.25;
/// Correlation that is none.
const NONE: f64 = 0.15;
/// Factor between the deviations at two places, at least, and that in each part of the channel.
const WIDER: f64 = 1.5;
const WIDER_IN_PART: f64 = 1.25;
/// Standard errors of what is certain, and of what may be chance.
const CERTAIN: f64 = 6.0;
const CHANCE: f64 = 3.0;
/// Standard error of a median deviation of one value, as a part of it.
const ERROR_OF_DEVIATION: f64 = 1.17;

/// How the places differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PlaceDifference {
    /// Values go on from group to group, not from row to row.
    FromGroupToGroup,
    /// Values go on from some rows to the next, not from others.
    FromSomeRows,
    /// The deviations at one place are so many times those at another.
    Deviations(f64),
}

/// How the places of groups of `rows` rows differ; `None` if they are alike, as of one sensor.
pub(super) fn unlike(values: &[f64], rows: usize) -> Option<PlaceDifference> {
    if values.len() < FEWEST || !has_values(values) {
        return None;
    }
    let each = (values.len() / PARTS).min(LONGEST) / rows * rows;
    let last = (values.len() - each) / rows;
    let firsts = (0..PARTS).map(|part| last * part / (PARTS - 1) * rows);
    let parts = firsts.map(|first| Part::of(&values[first..first + each], rows));
    let parts: Vec<Part> = parts.collect();
    let all = parts
        .iter()
        .fold(Part::empty(rows), |all, part| all.with(part));
    if all.apart < APART * (each * PARTS) as f64 {
        return None;
    }
    let from: Vec<f64> = all.from.iter().map(Product::mean).collect();
    let error = 1.0 / all.from[0].pairs.max(1.0).sqrt();
    let group = all.group.mean();
    let (least, most) = (place(&from, f64::lt), place(&from, f64::gt));
    let from_rows = from.iter().map(|mean| mean.abs());
    let from_rows = from_rows.fold(all.beyond.mean().abs(), f64::max);
    // Tones at even parts of the rate differ from place to place, and turn over from group to group.
    let certain = CERTAIN * error;
    let chance = CHANCE * error;
    if rows == 2
        && group >= ON.max(certain)
        && from_rows <= (group / 4.0).max(chance.min(group / 2.0))
    {
        return Some(PlaceDifference::FromGroupToGroup);
    }
    let difference = from[most] - from[least];
    let is_tone = group < -difference / 4.0 || all.groups.mean() < -difference / 4.0;
    let agree =
        |part: &Part| part.from[most].mean() - part.from[least].mean() >= AGREED * difference;
    // Values that are there twice are those of a sensor that was asked too often.
    let is_repeated = all
        .equal
        .iter()
        .any(|equal| *equal * rows as f64 > APART * (each * PARTS) as f64);
    if !is_repeated && !is_tone && difference >= UNLIKE.max(certain) && parts.iter().all(agree) {
        return Some(PlaceDifference::FromSomeRows);
    }
    let (narrow, wide) = (
        place(&all.deviations, f64::lt),
        place(&all.deviations, f64::gt),
    );
    let factor = all.deviations[wide] / all.deviations[narrow];
    let of_chance = (certain * ERROR_OF_DEVIATION * std::f64::consts::SQRT_2).exp();
    let agree = |part: &Part| part.deviations[wide] >= WIDER_IN_PART * part.deviations[narrow];
    let is_noise = group >= -NONE && from_rows <= NONE;
    (is_noise && factor.is_finite() && factor >= WIDER.max(of_chance) && parts.iter().all(agree))
        .then_some(PlaceDifference::Deviations(factor))
}

fn has_values(values: &[f64]) -> bool {
    let mut known: Vec<f64> = Vec::new();
    for value in values.iter().filter(|value| value.is_finite()) {
        if !known.contains(value) {
            known.push(*value);
        }
        if known.len() == VALUES {
            return true;
        }
    }
    false
}

/// The place of the value before which all others come.
fn place(values: &[f64], is_before: fn(&f64, &f64) -> bool) -> usize {
    (1..values.len()).fold(0, |best, at| {
        if is_before(&values[at], &values[best]) {
            at
        } else {
            best
        }
    })
}

/// Products of the signs of two values: they are the same for loud and quiet parts, and single values far from others do not count.
#[derive(Clone, Copy, Debug, Default)]
struct Product {
    sum: f64,
    pairs: f64,
}

impl Product {
    fn add(&mut self, one: f64, other: f64) {
        let product = one * other;
        if product.is_finite() && product != 0.0 {
            self.sum += product;
            self.pairs += 1.0;
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            pairs: self.pairs + other.pairs,
        }
    }

    fn mean(&self) -> f64 {
        self.sum / self.pairs.max(1.0)
    }
}

/// What is known of a part of a channel.
#[derive(Clone, Debug)]
struct Part {
    /// Median deviations from the median, by place.
    deviations: Vec<f64>,
    /// From each place to the next row.
    from: Vec<Product>,
    /// From group to group, from each to the second next, and to the row beyond the next group.
    group: Product,
    groups: Product,
    beyond: Product,
    /// Rows whose value is that of the next, by place.
    equal: Vec<f64>,
    /// Rows that are not the median.
    apart: f64,
}

impl Part {
    fn empty(rows: usize) -> Self {
        Self {
            deviations: vec![0.0; rows],
            from: vec![Product::default(); rows],
            group: Product::default(),
            groups: Product::default(),
            beyond: Product::default(),
            equal: vec![0.0; rows],
            apart: 0.0,
        }
    }

    fn of(values: &[f64], rows: usize) -> Self {
        let mut part = Self::empty(rows);
        let mut signs = vec![f64::NAN; values.len()];
        for place in 0..rows {
            let of_place = || values.iter().enumerate().skip(place).step_by(rows);
            let finite = || of_place().filter(|(_, value)| value.is_finite());
            let mut known: Vec<f64> = finite().map(|(_, value)| *value).collect();
            let middle = median(&mut known);
            known
                .iter_mut()
                .for_each(|value| *value = (*value - middle).abs());
            part.deviations[place] = median(&mut known);
            for (at, value) in finite() {
                signs[at] = if *value == middle {
                    0.0
                } else {
                    (value - middle).signum()
                };
            }
        }
        for (at, sign) in signs.iter().enumerate() {
            part.apart += f64::from(sign.abs() == 1.0);
            let other = |rows: usize| signs.get(at + rows).copied().unwrap_or(f64::NAN);
            part.from[at % rows].add(*sign, other(1));
            part.group.add(*sign, other(rows));
            part.groups.add(*sign, other(2 * rows));
            part.beyond.add(*sign, other(rows + 1));
            part.equal[at % rows] += f64::from(values.get(at + 1) == Some(&values[at]));
        }
        part
    }

    fn with(self, other: &Self) -> Self {
        let sums = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| a + b).collect();
        Self {
            deviations: sums(&self.deviations, &other.deviations),
            from: self
                .from
                .iter()
                .zip(&other.from)
                .map(|(a, b)| a.with(*b))
                .collect(),
            group: self.group.with(other.group),
            groups: self.groups.with(other.groups),
            beyond: self.beyond.with(other.beyond),
            equal: sums(&self.equal, &other.equal),
            apart: self.apart + other.apart,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::noise;
    use super::*;

    /// Rows whose sensor is told by their place.
    fn rows(sensor_of: &[usize], value: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let mut next = [0; 2];
        let row = |row: usize| {
            let sensor = sensor_of[row % sensor_of.len()];
            next[sensor] += 1;
            value(sensor, next[sensor])
        };
        (0..1500).map(row).collect()
    }

    /// Noise that goes on: a mean over some values.
    fn smooth(sensor: usize, i: usize) -> f64 {
        (0..4).map(|offset| noise(9000 * sensor + i + offset)).sum()
    }

    #[test]
    fn two_sensors_in_turn() {
        let of = |value: fn(usize, usize) -> f64| unlike(&rows(&[0, 1], value), 2);
        assert_eq!(of(smooth), Some(PlaceDifference::FromGroupToGroup));
        let wider = |sensor: usize, i: usize| (1.0 + sensor as f64) * noise(9000 * sensor + i);
        let found = of(wider);
        assert!(
            matches!(found, Some(PlaceDifference::Deviations(factor)) if (factor - 2.0).abs() < 0.3),
            "{found:?}"
        );
        // Both have the same signal, and noise of their own.
        let common = |sensor: usize, i: usize| noise(i) + 0.3 * noise(9000 * (1 + sensor) + i);
        assert_eq!(of(common), Some(PlaceDifference::FromSomeRows));
    }

    #[test]
    fn one_at_half_the_rate() {
        for places in [[0, 1, 0], [1, 0, 0], [0, 0, 1]] {
            assert_eq!(
                unlike(&rows(&places, smooth), 3),
                Some(PlaceDifference::FromSomeRows)
            );
            let wider = |sensor: usize, i: usize| (1.0 + sensor as f64) * noise(9000 * sensor + i);
            let found = unlike(&rows(&places, wider), 3);
            assert!(
                matches!(found, Some(PlaceDifference::Deviations(_))),
                "{found:?}"
            );
        }
    }

    #[test]
    fn one_sensor_is_alike() {
        let turn = std::f64::consts::TAU;
        let tone = |i: usize, part: f64| (turn * i as f64 / part + 0.3).sin() + 0.3 * noise(i);
        let kinds: [&dyn Fn(usize) -> f64; 12] = [
            &noise,
            &|i| smooth(0, i),
            &|i| noise(i + 1) - noise(i),
            // Hum at even parts of the rate, and near them.
            &|i| tone(i, 2.0) + noise(i + 5000),
            &|i| tone(i, 2.03),
            &|i| tone(i, 3.0),
            &|i| tone(i, 4.0) + noise(i + 5000),
            &|i| tone(i, 6.0),
            &|i| f64::signum(tone(i, 8.0)) + 0.1 * noise(i),
            // Values that are there twice, as of a sensor that was asked too often.
            &|i| smooth(0, i / 2),
            // An event, and few different values.
            &|i| {
                noise(i)
                    * if i > 700 {
                        (-((i - 700) as f64) / 80.0).exp()
                    } else {
                        0.01
                    }
            },
            &|i| f64::round(3.0 * noise(i)),
        ];
        for (number, kind) in kinds.iter().enumerate() {
            let values: Vec<f64> = (0..1500).map(kind).collect();
            for rows in [2, 3] {
                assert_eq!(unlike(&values, rows), None, "{number} {rows}");
            }
        }
    }
}

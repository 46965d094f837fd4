//! Classes that were recorded at hours of the day when no other was.

use std::collections::HashSet;

use super::Traits;

const DAY: i64 = 24 * 60;
/// Hours between classes that tell them apart, in minutes.
const APART: i64 = 2 * 60;
/// On fewer days, hours tell little: one visit may come after another.
const FEWEST_DAYS: usize = 3;

/// When the windows of a class begin.
#[derive(Default)]
struct Times {
    /// Days, numbered from 1970.
    days: HashSet<i64>,
    /// Whether a window begins in each minute of the day, in UTC.
    minutes: Vec<bool>,
}

impl Times {
    fn add(&mut self, minute: i64) {
        self.days.insert(minute.div_euclid(DAY));
        self.minutes.resize(DAY as usize, false);
        self.minutes[minute.rem_euclid(DAY) as usize] = true;
    }

    /// Minutes of the day in which windows begin.
    fn all(&self) -> Vec<i64> {
        let taken = self.minutes.iter().enumerate().filter(|(_, taken)| **taken);
        taken.map(|(minute, _)| minute as i64).collect()
    }

    /// Whether a window begins within some minutes of this one.
    fn has_near(&self, minute: i64, distance: i64) -> bool {
        let near = -distance + 1..distance;
        let mut near = near.map(|step| (minute + step).rem_euclid(DAY) as usize);
        near.any(|minute| self.minutes.get(minute) == Some(&true))
    }

    /// The shortest part of the day that has all of them, as in `23:00 to 04:10`.
    fn span(&self) -> String {
        let all = self.all();
        let after = |i: usize| (all[(i + 1) % all.len()] - all[i]).rem_euclid(DAY);
        let last = (0..all.len()).max_by_key(|i| after(*i)).unwrap_or(0);
        let (from, to) = (all[(last + 1) % all.len()], all[last] + 1);
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
        format!("{} to {}", clock(from), clock(to))
    }
}

/// Reports classes whose windows all begin hours away from those of every other class, on several days. `labels` are the
/// classes of all windows.
pub(in crate::import) fn own_hours(
    traits: &Traits,
    labels: &[usize],
    class_names: &[String],
) -> Option<String> {
    let mut times: Vec<Times> = class_names.iter().map(|_| Times::default()).collect();
    for (minute, label) in traits.minutes.iter().zip(labels) {
        // Without a date, the hour may be that of a stopwatch.
        let (0, minute) = (*minute)? else {
            return None;
        };
        times.get_mut(*label)?.add(minute);
    }
    let there = |times: &Times| !times.days.is_empty();
    if times.iter().filter(|times| there(times)).count() < 2 {
        return None;
    }
    let is_apart = |class: &usize| {
        let others = times.iter().enumerate().filter(|(other, _)| other != class);
        let days: HashSet<i64> = others
            .clone()
            .flat_map(|(_, other)| &other.days)
            .copied()
            .collect();
        let minutes = times[*class].all();
        let is_near = |other: &Times| minutes.iter().any(|minute| other.has_near(*minute, APART));
        times[*class].days.len() >= FEWEST_DAYS
            && days.len() >= FEWEST_DAYS
            && !others.clone().any(|(_, other)| is_near(other))
    };
    let apart: Vec<usize> = (0..times.len()).filter(is_apart).collect();
    let named = |class: &usize| format!("`{}` from {}", class_names[*class], times[*class].span());
    let named: Vec<String> = apart.iter().map(named).collect();
    (!named.is_empty()).then(|| {
        format!(
            "windows of some classes begin at hours at which no other class has any: {} (UTC): what is learnt of them may be the time \
             of day",
            named.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::advice::minute;

    #[test]
    fn classes_at_night_alone() {
        let classes = ["car".to_owned(), "quiet".to_owned()];
        // The class, the day and the minute of the day of each window.
        let said = |windows: &[(usize, i64, i64)]| {
            let mut traits = Traits::default();
            for (_, day, minutes) in windows {
                let nanos = ((20_000 + day) * DAY + minutes) * 60_000_000_000;
                traits.add(&[1.0], 1, Some(minute(nanos, 0)));
            }
            let labels: Vec<usize> = windows.iter().map(|(class, ..)| *class).collect();
            own_hours(&traits, &labels, &classes)
        };
        let day_and_night: Vec<_> = (0..3)
            .flat_map(|day| [(0, day, 540), (0, day, 600), (1, day, 1430), (1, day, 20)])
            .collect();
        assert_eq!(
            said(&day_and_night).unwrap(),
            "windows of some classes begin at hours at which no other class has any: `car` from 09:00 to 10:01, `quiet` from 23:50 to \
             00:21 (UTC): what is learnt of them may be the time of day"
        );
        // On one visit, a class may come after another.
        assert_eq!(said(&day_and_night[..8]), None);
        // An hour apart.
        let near: Vec<_> = (0..4)
            .flat_map(|day| [(0, day, 540), (1, day, 610)])
            .collect();
        assert_eq!(said(&near), None);
        let once = [&day_and_night[..], &[(1, 7, 660)]].concat();
        assert_eq!(said(&once), None);
        // Without dates.
        let mut traits = Traits::default();
        traits.add(&[1.0], 1, Some(minute(0, 0)));
        assert_eq!(own_hours(&traits, &[0], &classes), None);
    }
}

//! The choice of the form of the front end `bands`, based on the data.
//!
//! A few wide bands hold less noise and less of a site than many narrow ones, which some classes need. Features in time and
//! the rhythm help where classes differ in how signals come and go, and harm where that depends on the background of a site;
//! the power of the window helps where they differ in how loud they are, and the correlation of channels where they differ in
//! the direction of movement. Where slow movements of bodies matter, raw samples may be better than all of these.
//! A small network is therefore trained with each, and validation decides.

use serde::{Deserialize, Serialize};

use super::front_end_form::Form;
use super::paired::{MOST_WORSE, Paired};

/// By how much of the loss the correlation of channels has to be better.
const LEAST_GAIN: f64 = 0.03;

/// By how much of the loss other features have to be better, if they are better by a standard error and groups are too few
/// for a t test to find that.
const LARGE_GAIN: f64 = 0.2;

/// By how much of the loss raw samples have to be better, besides a standard error: they depend on the sensor and its place in
/// more ways than spectra.
const LEAST_GAIN_OF_RAW: f64 = 0.1;

/// A difference of losses that does not speak against few bands, whatever its standard error: other seeds of the trials change
/// losses by more.
const SMALL_LOSS: f64 = 0.01;

/// Which form the front end has, and why; stored as `front_end_choice` in the metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontEndSearch {
    /// Number of groups of the validation split.
    groups: usize,
    /// Cross-entropy of the validation split after short trainings in the usual form.
    loss_of_usual: f64,
    /// Other forms that were tried.
    tried: Vec<TriedForm>,
    /// The form that is taken.
    chosen: Form,
}

/// A form that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct TriedForm {
    form: Form,
    /// The form that was taken before.
    against: Form,
    /// Cross-entropy after short trainings in it.
    loss: f64,
    /// Standard error of the difference between the two, over groups; `None` if there is one group only.
    standard_error: Option<f64>,
    /// Cross-entropy in the form taken before, if another network than for the other forms was trained in both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss_against: Option<f64>,
}

impl FrontEndSearch {
    /// Only the usual form was tried, with this number of groups.
    pub fn new(groups: usize, loss_of_usual: f64) -> Self {
        Self {
            groups,
            loss_of_usual,
            tried: Vec::new(),
            chosen: Form::USUAL,
        }
    }

    /// Takes note of a trial of a form after `against`, the one taken before its kind was tried. Returns whether it is taken
    /// for now. Fewer features are taken unless they are worse by more than [`MOST_WORSE`] or a standard error, and few bands unless
    /// they are also worse by more than [`SMALL_LOSS`]; more features
    /// only if they are clearly better, or by [`LARGE_GAIN`] and a standard error; of the few features of the correlation,
    /// [`LEAST_GAIN`] and a standard error suffice.
    pub fn is_taken(&mut self, form: Form, against: Form, found: Paired) -> bool {
        let [loss_against, loss] = found.scores;
        let standard_error = Some(found.standard_error).filter(|error| error.is_finite());
        let best = self.tried.iter().find(|tried| tried.form == self.chosen);
        let is_simpler = form.is_simpler_than(against);
        // The losses of raw samples are those of another network.
        let is_lowest = is_simpler || form.raw || best.is_none_or(|best| loss < best.loss);
        let gain = loss_against - loss;
        let is_clear = standard_error.is_some_and(|error| {
            if is_simpler {
                let least = if form.is_coarser_than(against) {
                    SMALL_LOSS
                } else {
                    0.0
                };
                gain >= -error.min(MOST_WORSE * loss_against).max(least)
            } else if form == against.with_correlation() {
                gain > error.max(LEAST_GAIN * loss_against)
            } else if form.raw {
                gain > error.max(LEAST_GAIN_OF_RAW * loss_against)
            } else {
                found.is_clear_gain(self.groups) || gain > error.max(LARGE_GAIN * loss_against)
            }
        });
        self.tried.push(TriedForm {
            form,
            against,
            loss,
            standard_error,
            loss_against: form.raw.then_some(loss_against),
        });
        let is_taken = is_clear && is_lowest;
        if is_taken {
            self.chosen = form;
        }
        is_taken
    }

    /// Forgets the last trial of a form, which is to be repeated with more trainings.
    pub fn forget_last(&mut self) {
        if let Some(last) = self.tried.pop() {
            self.chosen = last.against;
        }
    }

    /// The form that is taken.
    pub fn chosen(&self) -> Form {
        self.chosen
    }

    /// Loss in a form that was tried, or the usual one.
    fn loss_of(&self, form: Form) -> f64 {
        let tried = self.tried.iter().find(|tried| tried.form == form);
        tried.map_or(self.loss_of_usual, |tried| tried.loss)
    }

    /// Message to the user.
    pub fn message(&self) -> String {
        let mut why = Vec::new();
        let is_hardly_worse = |chosen: bool, is_this: fn(Form) -> bool| {
            let of_this = self.tried.iter().filter(|tried| is_this(tried.form));
            let mut of_this = of_this.filter(|tried| tried.form.is_simpler_than(tried.against));
            chosen && of_this.any(|tried| tried.loss > self.loss_of(tried.against))
        };
        if is_hardly_worse(self.chosen.coarse, |form| !form.long_frames) {
            why.push("few bands are hardly worse and hold less noise");
        }
        if is_hardly_worse(self.chosen.long_frames, |form| form.long_frames) {
            why.push("one frame is hardly worse and holds less noise");
        }
        // What fewer features cost was said.
        let with_as_many = Form {
            long_frames: false,
            ..self.chosen
        };
        let loss = self.loss_of(with_as_many);
        let is_lower = |tried: &TriedForm| {
            tried.loss < tried.loss_against.unwrap_or(loss) && !tried.form.long_frames
        };
        if !self.chosen.raw && self.tried.iter().any(is_lower) {
            why.push("the lower loss of another form may be chance");
        }
        let colon = if why.is_empty() { "" } else { ": " };
        format!(
            "short trials chose the front end: training with {}{colon}{} (`spectral_processing` in the dataset configuration \
             sets it)\n{}",
            self.chosen.name(),
            why.join("; "),
            self.table(),
        )
    }

    /// The losses of all forms, a line each.
    fn table(&self) -> String {
        let head = format!(
            "  validation loss over {} (standard error of the difference from the form taken before)",
            support::words::counted(self.groups, "group"),
        );
        let usual = format!(
            "  {:.3}          {}",
            self.loss_of_usual,
            Form::USUAL.name()
        );
        let tried = self.tried.iter().map(|tried| {
            let error = tried.standard_error;
            let error = error.map_or(String::new(), |error| format!("({error:.3})"));
            let against = tried.loss_against.map_or(String::new(), |loss| {
                format!(" (another network, which has {loss:.3} in the form taken before)")
            });
            format!(
                "  {:.3} {error:7}  {}{against}",
                tried.loss,
                tried.form.name()
            )
        });
        let lines: Vec<String> = [head, usual].into_iter().chain(tried).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(first: f64, second: f64, standard_error: f64) -> Paired {
        Paired {
            scores: [first, second],
            standard_error,
        }
    }

    const USUAL: Form = Form::USUAL;

    #[test]
    fn more_features_must_be_clearly_better() {
        let is_taken = |against, loss, standard_error, groups| {
            let found = paired(against, loss, standard_error);
            FrontEndSearch::new(groups, against).is_taken(USUAL.with_time(false), USUAL, found)
        };
        assert!(is_taken(1.01, 0.85, 0.05, 32));
        assert!(!is_taken(0.05, 0.17, 0.01, 72));
        assert!(!is_taken(0.66, 0.65, 0.01, 28));
        // A few groups agree by chance.
        assert!(is_taken(0.6, 0.5, 0.05, 32) && !is_taken(0.6, 0.5, 0.05, 4));
        // Unless the gain is large.
        assert!(is_taken(0.6, 0.45, 0.07, 4) && !is_taken(0.6, 0.45, 0.16, 4));
        assert!(!is_taken(0.6, 0.1, f64::INFINITY, 1) && !is_taken(f64::NAN, 0.1, 0.01, 30));
        assert!(!is_taken(0.6, f64::NAN, 0.01, 30));
    }

    #[test]
    fn fewer_features_must_not_be_clearly_worse() {
        let try_coarse = |usual, loss, standard_error| {
            let mut search = FrontEndSearch::new(20, usual);
            let found = paired(usual, loss, standard_error);
            (
                search.is_taken(USUAL.with_coarse_bands(), USUAL, found),
                search.message(),
            )
        };
        let (is_taken, message) = try_coarse(0.4, 0.403, 0.04);
        let expected = "training with 8 bands: few bands are hardly worse and hold less noise";
        assert!(is_taken && message.contains(expected), "{message}");
        assert!(!try_coarse(2.0, 2.03, 0.04).0 && !try_coarse(2.0, 2.015, 0.012).0);
        // Small losses differ by chance.
        assert!(try_coarse(0.017, 0.02, 0.002).0 && !try_coarse(0.017, 0.028, 0.002).0);
        assert!(try_coarse(0.4, 0.39, 0.0).0);
        assert!(!try_coarse(0.4, 0.3, f64::INFINITY).0 && !try_coarse(0.4, f64::NAN, 0.04).0);
    }

    /// Of those that are clearly better than the one before, the one with the lowest loss.
    #[test]
    fn the_best_of_several_is_taken() {
        let mut search = FrontEndSearch::new(30, 0.95);
        let coarse = USUAL.with_coarse_bands();
        let (time, rhythm) = (coarse.with_time(false), coarse.with_time(true));
        assert!(search.is_taken(coarse, USUAL, paired(0.95, 0.9, 0.02)));
        assert!(search.is_taken(time, coarse, paired(0.9, 0.8, 0.02)));
        let higher = paired(0.9, 0.85, 0.02);
        assert!(!search.clone().is_taken(rhythm, coarse, higher));
        let mut unclear = search.clone();
        assert!(!unclear.is_taken(rhythm, coarse, paired(0.9, 0.7, 0.3)));
        let chance = unclear.message();
        let expected = "training with 8 bands and features in time: the lower loss of another form may be chance (`spec";
        assert!(chance.contains(expected), "{chance}");
        assert!(search.is_taken(rhythm, coarse, paired(0.9, 0.7, 0.02)));
        assert_eq!(search.chosen(), rhythm);
        let message = search.message();
        let expected = "over 30 groups (standard error of the difference from the form taken before)\n  0.950          the usual bands \
                        alone\n  0.900 (0.020)  8 bands\n  0.800 (0.020)  8 bands and features in time\n";
        assert!(message.contains(expected), "{message}");
        let expected = "training with 8 bands, features in time and the rhythm (`spec";
        assert!(message.contains(expected), "{message}");
        let power = rhythm.with_power();
        assert!(search.is_taken(power, rhythm, paired(0.7, 0.6, 0.02)));
        let message = search.message();
        let expected = "training with 8 bands, features in time, the rhythm and the power of the window (`spec";
        assert!(message.contains(expected), "{message}");
    }

    /// A t test of three groups would not find a gain that all of them have.
    #[test]
    fn correlation_is_taken_if_it_is_better_by_a_standard_error() {
        let is_taken = |loss, standard_error| {
            let form = USUAL.with_correlation();
            FrontEndSearch::new(3, 1.16).is_taken(form, USUAL, paired(1.16, loss, standard_error))
        };
        assert!(is_taken(1.05, 0.06) && !is_taken(1.05, 0.12));
        assert!(!is_taken(1.13, 0.001) && !is_taken(1.05, f64::INFINITY));
    }

    #[test]
    fn raw_samples_are_taken_if_they_are_much_better() {
        let is_taken = |loss, standard_error| {
            let mut search = FrontEndSearch::new(30, 0.7);
            let is_taken = search.is_taken(Form::RAW, USUAL, paired(1.0, loss, standard_error));
            (is_taken, search.message())
        };
        let (taken, message) = is_taken(0.8, 0.05);
        let expected = "training with raw samples in short segments (`spec";
        assert!(taken && message.contains(expected), "{message}");
        let expected = "\n  0.700          the usual bands alone\n  0.800 (0.050)  raw samples in short segments (another network, \
                        which has 1.000 in the form taken before)";
        assert!(message.ends_with(expected), "{message}");
        let (_, message) = is_taken(1.1, 0.05);
        assert!(
            message.contains("the usual bands alone (`spec"),
            "{message}"
        );
        let (_, message) = is_taken(0.95, 0.05);
        assert!(message.contains("may be chance"), "{message}");
        assert!(!is_taken(0.92, 0.01).0 && !is_taken(0.8, 0.2).0);
    }

    /// What a first training shows may be chance.
    #[test]
    fn a_trial_can_be_repeated() {
        let mut search = FrontEndSearch::new(30, 0.7);
        let coarse = USUAL.with_coarse_bands();
        assert!(search.is_taken(coarse, USUAL, paired(0.7, 0.6, 0.02)));
        assert!(search.is_taken(Form::RAW, coarse, paired(0.66, 0.58, 0.06)));
        search.forget_last();
        assert_eq!(search.chosen(), coarse);
        assert!(!search.is_taken(Form::RAW, coarse, paired(0.64, 0.6, 0.05)));
        assert_eq!(search.chosen(), coarse);
        assert_eq!(search.message().matches("raw samples").count(), 1);
    }

    /// As few bands are, where the loss is hardly higher.
    #[test]
    fn one_frame_is_taken_unless_it_is_clearly_worse() {
        let coarse = USUAL.with_coarse_bands();
        let long = coarse.with_long_frames();
        let try_long = |loss, standard_error| {
            let mut search = FrontEndSearch::new(30, 0.95);
            assert!(search.is_taken(coarse, USUAL, paired(0.95, 0.9, 0.02)));
            let is_taken = search.is_taken(long, coarse, paired(0.9, loss, standard_error));
            (is_taken, search.chosen(), search.message())
        };
        let (is_taken, chosen, message) = try_long(0.905, 0.02);
        let expected = "training with 8 bands and one frame per segment: one frame is hardly worse and holds less noise (`spec";
        assert!(
            is_taken && chosen == long && message.contains(expected),
            "{message}"
        );
        let (is_taken, _, message) = try_long(0.89, 0.02);
        let expected = "training with 8 bands and one frame per segment (`spec";
        assert!(is_taken && message.contains(expected), "{message}");
        let (is_taken, chosen, _) = try_long(0.91, 0.02);
        assert!(!is_taken && chosen == coarse && !try_long(1.0, 0.5).0);
    }
}

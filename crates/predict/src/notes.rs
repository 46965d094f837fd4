//! What to say of a site after its samples were joined and cut into windows.

use crate::analysis::Analysis;
use crate::error::PredictError;
use crate::feed::Site;
use crate::join::JoinCounts;
use crate::slide::Cutting;

/// Notes on a site after its analysis.
///
/// # Errors
/// If its channels have no time in common at one rate.
pub(crate) fn joining_notes(
    site: &Site,
    counts: &JoinCounts,
    analysis: &Analysis,
    cutting: Cutting,
) -> Result<Vec<String>, PredictError> {
    let (stretches, short) = analysis.slider().stretches();
    if stretches == 0
        && let Some((_, rates)) = &counts.apart
    {
        let problem = format!("{}: the channels have different rates: {rates}", site.name);
        return Err(PredictError::Usage(problem));
    }
    let mut notes = Vec::new();
    if let Some(rate) = analysis.slider().slower() {
        notes.push(format!(
            "warning: recorded at {rate} Hz and resampled to the model's {} Hz: nothing above {} Hz, which the model knows \
             from its training",
            cutting.rate,
            rate / 2.0
        ));
    }
    let mut note = |count: u64, text: String| {
        if count > 0 {
            notes.push(format!("note: {count} {text}"));
        }
    };
    note(
        counts.gaps as u64,
        format!("gaps in channels, {} samples are missing", counts.missing),
    );
    note(
        counts.repeated,
        "repeated samples dropped; the earlier trace counts".into(),
    );
    note(
        counts.not_numbers,
        "samples are not finite or fill values, and count as gaps".into(),
    );
    note(
        site.damaged() as u64,
        "damaged records skipped; they count as gaps".into(),
    );
    note(
        counts.unshared,
        "samples skipped: the other channels have none at that time".into(),
    );
    let seconds = cutting.window as f64 / cutting.rate;
    note(
        short as u64,
        format!("stretches are shorter than a window of {seconds} s"),
    );
    if let Some((seconds, rates)) = &counts.apart {
        notes.push(format!(
            "note: {seconds:.3} s skipped, where the channels have different rates: {rates}"
        ));
    }
    if let Some((seconds, rates)) = &counts.resampled {
        notes.push(format!(
            "note: {seconds:.3} s in which the channels have different rates are resampled to {} Hz by channel: {rates}",
            cutting.rate
        ));
    }
    Ok(notes)
}

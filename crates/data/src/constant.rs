//! Channels without signal, as of a sensor that is not connected.

/// Whether all samples are the same, for each channel of a window `[channels, samples]`.
///
/// # Example
/// ```
/// let found = data::constant_channels(&[1.0, 2.0, 5.0, 5.0], 2);
/// assert_eq!(found.collect::<Vec<_>>(), [false, true]);
/// ```
pub fn constant_channels(window: &[f32], channels: usize) -> impl Iterator<Item = bool> {
    let length = (window.len() / channels).max(1);
    let of_channels = window.chunks(length);
    of_channels.map(|channel| channel.iter().all(|value| *value == channel[0]))
}

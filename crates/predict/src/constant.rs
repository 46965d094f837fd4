//! Counts windows with a channel whose samples are all the same, as of a sensor that is not connected. A network gives them a
//! class, too, and may be sure of it.

/// Windows with constant channels.
#[derive(Clone, Debug)]
pub(crate) struct ConstantChannels {
    windows: usize,
    /// By channel.
    constant: Vec<usize>,
}

impl ConstantChannels {
    pub fn new(channels: usize) -> Self {
        Self {
            windows: 0,
            constant: vec![0; channels],
        }
    }

    /// Adds a window, channel by channel.
    pub fn add(&mut self, window: &[f32]) {
        self.windows += 1;
        let found = data::constant_channels(window, self.constant.len());
        for (count, is_constant) in self.constant.iter_mut().zip(found) {
            *count += usize::from(is_constant);
        }
    }

    /// Warnings for the user. Channels are numbered from 1.
    pub fn warnings(&self) -> Vec<String> {
        let of = |(channel, &count): (usize, &usize)| {
            (count > 0).then(|| {
                format!(
                    "channel {}: all samples are the same in {count} of {}: is the sensor connected? The classes of these windows say \
                     nothing",
                    channel + 1,
                    support::words::counted(self.windows, "window"),
                )
            })
        };
        self.constant.iter().enumerate().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_without_signal_are_counted_by_channel() {
        let mut found = ConstantChannels::new(2);
        found.add(&[1.0, 2.0, 3.0, 3.0, 1.0, 3.0]);
        assert!(found.warnings().is_empty());
        found.add(&[1.0, 2.0, 3.0, 7.0, 7.0, 7.0]);
        found.add(&[0.0; 6]);
        let warnings = found.warnings();
        assert!(warnings[0].starts_with("channel 1: all samples are the same in 1 of 3 windows:"));
        assert!(warnings[1].starts_with("channel 2: all samples are the same in 2 of 3 windows:"));
    }
}

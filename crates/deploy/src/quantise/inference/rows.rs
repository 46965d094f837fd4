//! Products of the positions of a layer with its kernel, by panels of channels, groups and tiles of positions.
#![allow(unsafe_code)]

use super::instructions::Instructions;
use super::kernels::{Destination, Tile, Words};
use super::layout::Group;
use super::vector::PANEL;

/// Data that products read and write, for all samples.
pub(super) struct Rows<'a> {
    pub instructions: Instructions,
    pub samples: usize,
    /// Words per sample of the input, numbers per sample of the output.
    pub lengths: (usize, usize),
    pub from: *const i32,
    pub to: Destination<'a>,
}

impl Rows<'_> {
    /// Computes all channels of the output, by panels, groups and tiles.
    ///
    /// # Safety
    /// The processor must support the instructions, and the rows must be inside the memory pointed to.
    pub unsafe fn multiply<const BYTES: bool>(
        &self,
        groups: &[Group],
        kernel: &[Words],
        channels: usize,
    ) {
        let panel = kernel.len() / channels.div_ceil(PANEL);
        for channel in (0..channels).step_by(PANEL) {
            let kernel = &kernel[channel / PANEL * panel..][..panel];
            for group in groups {
                // SAFETY: the caller upholds this function's contract.
                unsafe {
                    let channels = (channel, (channels - channel).min(PANEL));
                    self.panel::<BYTES>(group, kernel, channels);
                }
            }
        }
    }

    /// Computes one panel.
    ///
    /// # Safety
    /// See [`Rows::multiply`].
    unsafe fn panel<const BYTES: bool>(
        &self,
        group: &Group,
        kernel: &[Words],
        (channel, count): (usize, usize),
    ) {
        let bias = match self.to {
            Destination::Units(_, finish) if group.bias.is_empty() => &finish.bias,
            Destination::Units(..) | Destination::Sums(_) => &group.bias,
        };
        let rows = self.samples * group.rows.len();
        let tiles = rows.div_ceil(self.instructions.rows());
        let all =
            (0..self.samples).flat_map(|sample| group.rows.iter().map(move |row| (sample, row)));
        let mut all = all.map(|(sample, (from, to))| {
            let from = sample * self.lengths.0 + from;
            let to = sample * self.lengths.1 + to + channel;
            // SAFETY: the caller upholds this function's contract.
            (unsafe { self.from.add(from) }, to)
        });
        let mut first = 0;
        for tile in 0..tiles {
            // Splits into tiles of nearly equal height.
            let end = (tile + 1) * rows / tiles;
            macro_rules! tiles_of {
                ($($height:literal)*) => {
                    match end - first {
                        $($height => {
                            let tile = Tile::<$height, BYTES> {
                                rows: std::array::from_fn(|_| all.next().expect("as many as counted")),
                                to: self.to,
                                bias,
                                runs: &group.runs,
                                kernel,
                                channel,
                                count,
                            };
                            // SAFETY: the caller upholds this function's contract.
                            unsafe { self.instructions.run(tile) }
                        })*
                        _ => unreachable!("higher than any tile"),
                    }
                };
            }
            tiles_of!(1 2 3 4 5 6 7 8 9 10 11 12);
            first = end;
        }
    }
}

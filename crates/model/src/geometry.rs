//! 'Same' convolutions over one sample: the input position that every kernel tap reads for every output position.

use crate::plan::ValueShape;

/// Zeros before and after `input` positions of an axis under 'same' padding with a kernel of length `kernel`. An odd
/// zero goes after the data, as in TensorFlow's 'SAME'.
///
/// ```
/// assert_eq!(model::same_padding(7, 3, 1), (1, 1));
/// assert_eq!(model::same_padding(7, 2, 1), (0, 1));
/// assert_eq!(model::same_padding(4, 3, 2), (0, 1));
/// ```
pub fn same_padding(input: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let output = input.div_ceil(stride);
    let total = ((output - 1) * stride + kernel).saturating_sub(input);
    (total / 2, total - total / 2)
}

/// Geometry of a convolution over one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Geometry {
    pub height: usize,
    pub width: usize,
    pub kernel: (usize, usize),
    /// Along the width.
    pub stride: usize,
}

impl Geometry {
    /// Geometry of a kernel of `kernel` height and width over `input`; flat values count as one position.
    pub fn new(input: ValueShape, kernel: (usize, usize), stride: usize) -> Self {
        let (height, width) = input.height_and_width();
        Self {
            height,
            width,
            kernel,
            stride,
        }
    }

    pub fn positions_in(&self) -> usize {
        self.height * self.width
    }

    pub fn positions_out(&self) -> usize {
        self.height * self.width.div_ceil(self.stride)
    }

    pub fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Input position under every tap of every output position (tap index fastest); `None` for padding.
    pub fn sources(&self) -> Vec<Option<usize>> {
        let (kh, kw) = self.kernel;
        let (top, _) = same_padding(self.height, kh, 1);
        let (left, _) = same_padding(self.width, kw, self.stride);
        let mut sources = Vec::with_capacity(self.positions_out() * self.taps());
        for row in 0..self.height {
            for column in (0..self.width).step_by(self.stride) {
                for i in 0..kh {
                    for j in 0..kw {
                        let y = (row + i).checked_sub(top).filter(|y| *y < self.height);
                        let x = (column + j).checked_sub(left).filter(|x| *x < self.width);
                        sources.push(y.zip(x).map(|(y, x)| y * self.width + x));
                    }
                }
            }
        }
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_that_of_tensorflow() {
        // (input, kernel, stride) -> padding before the data; see the module's reference.
        for (case, expected) in [
            ((7, 2, 1), 0),
            ((7, 3, 1), 1),
            ((2, 2, 1), 0),
            ((7, 7, 2), 3),
            ((4, 3, 2), 0),
            ((7, 3, 2), 1),
            ((4, 1, 2), 0),
            ((1, 3, 1), 1),
        ] {
            let (input, kernel, stride) = case;
            assert_eq!(same_padding(input, kernel, stride).0, expected, "{case:?}");
        }
    }
}

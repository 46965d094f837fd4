//! Operations after the sums of a layer.

use super::vector::Vector;

/// Operations on the sums of a layer: `relu(relu(sum + bias) * scale + shift)`, where either ReLU and the scaling may
/// be missing. The scaling is a batch normalisation after a ReLU. It costs one multiply-add while the sums are in
/// registers, and the zeros that pad the input of the next convolution stay zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Finish {
    /// Padded to the length of the vectors that read it, like the other fields.
    pub bias: Vec<f32>,
    pub relu: bool,
    pub scaling: Option<(Vec<f32>, Vec<f32>)>,
    pub relu_after: bool,
}

impl Finish {
    /// Pads all fields to `length`.
    pub fn pad(&mut self, length: usize) {
        self.bias.resize(length, 0.0);
        if let Some((scale, shift)) = &mut self.scaling {
            scale.resize(length, 0.0);
            shift.resize(length, 0.0);
        }
    }

    /// Applies the operations after the bias, for columns from `column` on.
    ///
    /// # Safety
    /// See [`Vector`]; all fields must be long enough for the vectors that read them.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub unsafe fn rest<V: Vector>(&self, sum: V, column: usize) -> V {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let mut value = if self.relu { sum.rectified() } else { sum };
            if let Some((scale, shift)) = &self.scaling {
                let scale = V::load(scale.as_ptr().add(column));
                let shift = V::load(shift.as_ptr().add(column));
                value = value.multiply_add(scale, shift);
            }
            if self.relu_after {
                value = value.rectified();
            }
            value
        }
    }
}

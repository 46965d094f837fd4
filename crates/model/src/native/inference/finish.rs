//! What follows the sums of a layer.

use super::vector::Vector;

/// What is done to the sums of a layer: `rectify(rectify(sum + bias) * scale + shift)`, where either rectifier and the
/// scaling may be missing. A batch normalisation behind a rectifier is the scaling, so that it costs one
/// multiply-add while the sums are in registers, and the zeros that the next convolution pads with stay zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Finish {
    /// As long as the vectors that read it, as all of these.
    pub bias: Vec<f32>,
    pub relu: bool,
    pub scaling: Option<(Vec<f32>, Vec<f32>)>,
    pub relu_after: bool,
}

impl Finish {
    /// Makes its numbers `length` long.
    pub fn pad(&mut self, length: usize) {
        self.bias.resize(length, 0.0);
        if let Some((scale, shift)) = &mut self.scaling {
            scale.resize(length, 0.0);
            shift.resize(length, 0.0);
        }
    }

    /// What follows the bias, for columns from `column` on.
    ///
    /// # Safety
    /// As [`Vector`] says; its numbers are as many as are read.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub unsafe fn rest<V: Vector>(&self, sum: V, column: usize) -> V {
        // SAFETY: as promised to this function.
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

//! Helpers of the Burn engines: logits kept on the device, and waiting for the device.

use burn::tensor::{Device, Tensor};

use crate::error::TrainerError;

/// Number of steps queued before the host waits for the device: enough to keep it busy, few enough that Ctrl-C and
/// the progress bar respond. Also the number of small tensors collected before they are merged.
const QUEUED: usize = 64;

/// Logits of all steps in an epoch, kept in few tensors.
#[derive(Default)]
pub(super) struct DeviceLogits(Vec<Tensor<2>>);

impl DeviceLogits {
    /// Appends the first `count` rows of a step's logits.
    pub fn push(&mut self, logits: Tensor<2>, count: usize) {
        let [rows, _] = logits.dims();
        self.0.push(if count < rows {
            logits.narrow(0, 0, count)
        } else {
            logits
        });
        if self.0.len() >= QUEUED {
            self.0 = vec![Tensor::cat(std::mem::take(&mut self.0), 0)];
        }
    }

    /// Copies all logits to the host.
    pub fn to_host(&self) -> Vec<f32> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let data = Tensor::cat(self.0.clone(), 0).into_data_as::<f32>();
        data.try_into_vec().expect("the data was converted to f32")
    }
}

/// Waits for the device after every [`QUEUED`] steps.
pub(super) fn wait_every_few_steps(device: &Device, steps: u64) -> Result<(), TrainerError> {
    if !steps.is_multiple_of(QUEUED as u64) {
        return Ok(());
    }
    device.sync().map_err(|error| TrainerError::Device {
        device: "the device".into(),
        problem: error.to_string(),
        advice: "",
    })
}

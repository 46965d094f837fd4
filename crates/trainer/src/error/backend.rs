//! Errors in the choice of a backend or a device.

/// Why a network cannot be computed where the user asks for.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The program was built without the backend.
    #[error(
        "this build has no `{backend}` backend; build it in with: \
         cargo run --release -p trainer --features {backend} -- --backend {backend}"
    )]
    NotBuiltIn {
        /// Name of the backend.
        backend: &'static str,
    },
    /// The backend has no devices to choose from.
    #[error("--backend {backend} has no devices ({index:?})")]
    NoDevices {
        /// Name of the backend.
        backend: &'static str,
        /// The requested device.
        index: Option<usize>,
    },
    /// No device was found.
    #[error("no device for --backend {backend} was found: {advice}, or use --backend native")]
    NotFound {
        /// Name of the backend.
        backend: &'static str,
        /// What to install.
        advice: String,
    },
    /// There are fewer devices.
    #[error(
        "--device {index} does not exist: --backend {backend} has devices 0 to {last}; `trainer devices` lists them"
    )]
    NoSuchDevice {
        /// Name of the backend.
        backend: &'static str,
        /// The requested device.
        index: usize,
        /// The last device.
        last: usize,
    },
    /// The device is simulated on the CPU, and its driver cannot run these kernels.
    #[error(
        "{device} is no GPU, and software drivers crash on the kernels of feature `vulkan`: build with \
         --features wgpu alone, or use --backend native"
    )]
    SoftwareDriver {
        /// Name of the device.
        device: String,
    },
    /// The driver refuses to open the device.
    #[error("{device} cannot be opened: {problem}: {advice}, or use --backend native")]
    Open {
        /// Name of the device.
        device: String,
        /// Message of the driver.
        problem: String,
        /// What to install.
        advice: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::BackendError;

    #[test]
    fn messages_say_what_to_do() {
        let backend = "cuda";
        let cases = [
            (
                BackendError::NotBuiltIn { backend },
                "this build has no `cuda` backend; build it in with: cargo run --release -p trainer --features cuda -- \
                 --backend cuda",
            ),
            (
                BackendError::NotFound {
                    backend,
                    advice: "install its driver".into(),
                },
                "no device for --backend cuda was found: install its driver, or use --backend native",
            ),
            (
                BackendError::NoSuchDevice {
                    backend,
                    index: 4,
                    last: 1,
                },
                "--device 4 does not exist: --backend cuda has devices 0 to 1; `trainer devices` lists them",
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(error.to_string(), expected);
        }
    }
}

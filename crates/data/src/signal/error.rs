//! Errors of filters and resampling.

/// Error from designing or applying a filter.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SignalError {
    /// The order of a filter is out of range.
    #[error("order {order}: must be from 1 to {highest}")]
    Order {
        /// Requested order.
        order: usize,
        /// Highest order that can be designed.
        highest: usize,
    },
    /// The lower edge of a pass band is not below the upper one.
    #[error("the band from {low} to {high} Hz is empty")]
    EmptyBand {
        /// Lower edge in Hz.
        low: f64,
        /// Upper edge in Hz.
        high: f64,
    },
    /// A cut-off frequency is not between 0 and the Nyquist frequency.
    #[error("{frequency} Hz is not between 0 and {nyquist} Hz, half the sampling rate")]
    Frequency {
        /// Cut-off frequency in Hz.
        frequency: f64,
        /// Half the sampling rate in Hz.
        nyquist: f64,
    },
    /// The input is too short for zero-phase filtering.
    #[error("{samples} samples are too few for this filter: it needs more than {padding}")]
    TooShort {
        /// Number of samples.
        samples: usize,
        /// Number of samples by which each end is extended.
        padding: usize,
    },
    /// A fraction is zero, infinite or has too large a term.
    #[error("{up}/{down} is not a ratio of sampling rates")]
    Ratio {
        /// Numerator.
        up: usize,
        /// Denominator.
        down: usize,
    },
    /// A sampling rate is out of range.
    #[error("{0} is not a valid sampling rate in Hz")]
    Rate(f64),
    /// The sampling rate is far too low.
    #[error(
        "the sampling rate is {from} Hz: resampled to {to} Hz, nearly all samples would be made up; if its times are milliseconds \
         and not seconds, the rate is {} Hz: name the unit in the column, such as `time_ms`, or give the rate (`sampling_rate` of the \
         recording, `--rate` of `predict`); else choose a lower rate for the windows", 1000.0 * from
    )]
    TooSlow {
        /// Old rate in Hz.
        from: f64,
        /// New rate in Hz.
        to: f64,
    },
    /// Two sampling rates are too far apart.
    #[error("cannot resample {from} Hz to {to} Hz: they differ by more than a factor of a million")]
    TooFarApart {
        /// Old rate in Hz.
        from: f64,
        /// New rate in Hz.
        to: f64,
    },
}

/// For callers that add the position of the problem to the message.
impl From<SignalError> for String {
    fn from(error: SignalError) -> Self {
        error.to_string()
    }
}

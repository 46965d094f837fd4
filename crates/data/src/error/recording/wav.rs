//! Errors of WAV files.

/// What is wrong with a WAV file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// The file does not begin as WAV files do.
    #[error("not a WAV file")]
    NotWav,
    /// A RIFF file of another form.
    #[error("a RIFF file of the form `{form}`, not a WAV file")]
    Form {
        /// The four letters of the form.
        form: String,
    },
    /// The file ends inside the format chunk.
    #[error("the header is truncated")]
    HeaderTruncated,
    /// A chunk is missing.
    #[error("there is no `{name}` chunk")]
    NoChunk {
        /// The chunk.
        name: &'static str,
    },
    /// The format chunk is too short.
    #[error("the `fmt ` chunk is too short")]
    FormatTooShort,
    /// The format chunk is too short for its extension.
    #[error("the `fmt ` chunk is too short for WAVE_FORMAT_EXTENSIBLE")]
    ExtensionTooShort,
    /// The codec is not supported.
    #[error(
        "the samples are coded as {codec}, which is not supported: convert the file to PCM first"
    )]
    Codec {
        /// Name and number.
        codec: String,
    },
    /// The codec of the extension is unknown.
    #[error("the samples have the unknown sub-format {guid}: convert the file to PCM first")]
    SubFormat {
        /// The GUID in hexadecimal digits.
        guid: String,
    },
    /// No channels.
    #[error("there are no channels")]
    NoChannels,
    /// Implausibly many channels.
    #[error(
        "the header claims {count} channels, more than the {limit} that are read: it is probably damaged"
    )]
    TooManyChannels {
        /// Channels by the header.
        count: usize,
        /// Channels that are read.
        limit: usize,
    },
    /// The frame size is not a multiple of the channels.
    #[error("frames of {bytes} bytes do not fit {channels} channels")]
    FrameSize {
        /// Bytes per frame.
        bytes: usize,
        /// Channels.
        channels: usize,
    },
    /// More bits than bytes.
    #[error("samples of {bits} bits do not fit into {bytes} bytes")]
    BitDepth {
        /// Bits per sample.
        bits: usize,
        /// Bytes per sample.
        bytes: usize,
    },
    /// The sample width is not supported.
    #[error(
        "{kind} of {bytes} bytes are not supported: expected integers of 1, 2, 3, 4 or 8 bytes, or floats of 4 or 8"
    )]
    Width {
        /// `integers` or `floats`.
        kind: &'static str,
        /// Bytes per sample.
        bytes: usize,
    },
    /// The header has no sampling rate.
    #[error("the header has no sampling rate: give `sampling_rate`")]
    NoRate,
}

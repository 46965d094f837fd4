//! LZF, the filter of HDF5 that h5py brings along: M. Lehmann's LibLZF.

use hdf5_reader::error::Error;
use hdf5_reader::messages::filter_pipeline::FilterDescription;

/// Number under which it is registered with the HDF Group.
pub(super) const FILTER: u16 = 32000;

/// Unpacks a chunk.
///
/// # Errors
/// If it is damaged.
pub(super) fn unpack(_: &FilterDescription, packed: &[u8], _: usize) -> Result<Vec<u8>, Error> {
    decode(packed).ok_or_else(|| Error::InvalidData("a chunk packed with LZF is damaged".into()))
}

fn decode(packed: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(2 * packed.len());
    let mut rest = packed.iter();
    while let Some(control) = rest.next() {
        let control = usize::from(*control);
        if control < 32 {
            let (run, after) = rest.as_slice().split_at_checked(control + 1)?;
            plain.extend_from_slice(run);
            rest = after.iter();
            continue;
        }
        let mut length = control >> 5;
        if length == 7 {
            length += usize::from(*rest.next()?);
        }
        let back = ((control & 0x1F) << 8 | usize::from(*rest.next()?)) + 1;
        let start = plain.len().checked_sub(back)?;
        // The copy may overlap its own output.
        for i in start..start + length + 2 {
            plain.push(plain[i]);
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn runs_and_repetitions() {
        assert_eq!(decode(b"\x02abc").unwrap(), b"abc");
        assert_eq!(decode(b"\x01ab\x20\x01").unwrap(), b"ababa");
        assert_eq!(decode(b"\x00a\xe0\x05\x00").unwrap(), b"a".repeat(15));
        for damaged in [&b"\x05ab"[..], b"\x20\x00", b"\x00a\xe0", b"\x00a\x20"] {
            assert_eq!(decode(damaged), None);
        }
    }
}

//! Event files that were packed, as archives keep them. Those of gzip are unpacked as they are read.

use std::fmt::{self, Display, Formatter};
use std::io::Read;
use std::path::Path;

use crate::files::open_regular;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    name: &'static str,
    /// The program that unpacks it.
    program: &'static str,
}

/// First bytes, names and programs.
const KNOWN: [(&[u8], Packing); 4] = [
    (b"BZh", packing("bzip2", "bunzip2")),
    (b"\xfd7zXZ\0", packing("xz", "unxz")),
    (b"\x28\xb5\x2f\xfd", packing("zstd", "unzstd")),
    (b"PK\x03\x04", packing("zip", "unzip")),
];

const fn packing(name: &'static str, program: &'static str) -> Packing {
    Packing { name, program }
}

impl Packing {
    /// How the file at `path` is packed, by its first bytes; `None` if it is not, or cannot be read.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let mut head = Vec::new();
        let file = open_regular(path).ok()?;
        file.take(8).read_to_end(&mut head).ok()?;
        let found = KNOWN.iter().find(|(mark, _)| head.starts_with(mark));
        found.map(|(_, packing)| *packing)
    }
}

impl Display for Packing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { name, program } = self;
        write!(
            f,
            "packed with {name}, which is not read: unpack it with `{program}`"
        )
    }
}

//! `data convert`.

use std::path::Path;

use super::split::target;
use crate::config::DatasetConfig;
use crate::error::DataError;
use crate::import::{self, Imported, SPLITS, WriteOptions};
use crate::reader::Record;
use crate::samples;
use crate::split::Loading;

/// Rewrites the samples of `config` to `out` with the same splits and order.
pub(super) fn convert(
    config: &DatasetConfig,
    out: &Path,
    how: WriteOptions,
    watch: &mut dyn FnMut(Loading),
) -> Result<Imported, DataError> {
    let target = target(config, [1.0 / 3.0; 3], 0)?;
    import::resplit(&target, out, how, &mut |_| {}, |sink| {
        for (split, index) in samples::indices(config) {
            let number = SPLITS.iter().position(|known| *known == split);
            let sources = config.sources(&index)?;
            for (done, source) in sources.iter().enumerate() {
                samples::of_source(config, source, &mut |_, record, label| {
                    let label = label.into();
                    sink(Record { label, ..record }, number)
                })?;
                watch(Loading {
                    split,
                    done: done + 1,
                    of: sources.len(),
                });
            }
        }
        Ok(())
    })
}

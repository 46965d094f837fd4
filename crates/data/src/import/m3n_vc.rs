//! Folders of the M3N-VC dataset.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::labels::{Label, Time};
use super::recording::Recording;
use crate::error::{DataError, ImportError, in_file};
use crate::index::matches;
use crate::recording;

/// A folder of M3N-VC.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct M3nVc {
    /// Folder with `run_ids.parquet`.
    pub folder: PathBuf,
    /// Nodes such as `rs1`; default: all that exist.
    pub sensors: Option<Vec<String>>,
}

impl M3nVc {
    /// One recording per node and run; all nodes of a run form one group.
    pub(super) fn recordings(&self, base: &Path) -> Result<Vec<Recording>, DataError> {
        let folder = base.join(&self.folder);
        let scene = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let list = folder.join("run_ids.parquet");
        let runs = recording::runs(&list)?;
        let mut recordings = Vec::new();
        for run in runs {
            let pattern = folder.join(format!("run{}_rs*_geo.parquet", run.id));
            let files = matches(&pattern)
                .map_err(|problem| in_file(&pattern)(ImportError::from(problem)))?;
            for file in files {
                let name = file
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .replace("_geo", "");
                let sensor = name.rsplit('_').next().unwrap_or_default();
                if self
                    .sensors
                    .as_ref()
                    .is_some_and(|wanted| !wanted.iter().any(|code| code == sensor))
                {
                    continue;
                }
                let (start, end) = (Time::Moment(run.start), Time::Moment(run.end));
                recordings.push(Recording {
                    name: Some(format!("{scene}/{name}")),
                    // Already absolute, or relative to the working directory; joining it again must not change it.
                    files: vec![std::path::absolute(&file).unwrap_or(file)],
                    labels: vec![Label {
                        start,
                        end,
                        class: run.label.clone(),
                        event: None,
                        file: None,
                    }],
                    group: Some(format!("{scene}/run{}", run.id)),
                    split: run.set.clone(),
                    ..Default::default()
                });
            }
        }
        if recordings.is_empty() {
            return Err(in_file(&folder)(ImportError::NoRunFile));
        }
        Ok(recordings)
    }
}

//! Runs pipelines from windows to features on all threads.

use rayon::prelude::*;

use super::Preprocessing;
use super::pipeline::Pipeline;
use crate::error::PreprocessingError;
use crate::reader::Record;

/// Pipelines that are planned once per thread: planning takes as long as several windows.
pub(crate) struct Pipelines<'a> {
    preprocessing: &'a Preprocessing,
    planned: Vec<Pipeline>,
}

impl<'a> Pipelines<'a> {
    /// No pipeline is planned yet.
    pub fn new(preprocessing: &'a Preprocessing) -> Self {
        Self {
            preprocessing,
            planned: Vec::new(),
        }
    }

    /// Applies `finish` to the features of each record, in order. The features are neither compressed nor scaled.
    pub fn map<T: Send>(
        &mut self,
        records: &[Record],
        finish: impl Fn(Vec<f32>, [usize; 3]) -> Result<T, PreprocessingError> + Sync,
    ) -> Vec<Result<T, PreprocessingError>> {
        while self.planned.len() < rayon::current_num_threads() {
            match self.preprocessing.pipeline() {
                Ok(pipeline) => self.planned.push(pipeline),
                Err(problem) => return records.iter().map(|_| Err(problem.clone())).collect(),
            }
        }
        let each = records.len().div_ceil(self.planned.len()).max(1);
        let parts = records.par_chunks(each).zip(&mut self.planned);
        let parts = parts.flat_map_iter(|(records, pipeline)| {
            let finish = &finish;
            records.iter().map(move |record| {
                let mut features = Vec::new();
                let shape = pipeline.features(&record.values, &record.shape, &mut features)?;
                finish(features, shape)
            })
        });
        parts.collect()
    }
}

//! Targets of the loss.

/// What the network should answer for each label, times the weight of the class. The loss of a sample is
/// `-sum(target * ln(probability))`, that of a batch the mean over its samples.
///
/// # Example
/// ```
/// use model::Targets;
///
/// let targets = Targets::new(2, 0.5).weighted(&[1.0, 4.0]);
/// assert_eq!(targets.row(0), [0.75, 0.25]);
/// assert_eq!(targets.row(1), [1.0, 3.0]);
///
/// // A sample of class 1, of which a teacher is not sure.
/// let targets = targets.distilled(&[0.5, 0.5], &[1], 0.5);
/// assert_eq!(targets.row(2), [1.5, 2.5]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// `[labels, classes]`.
    values: Vec<f32>,
    classes: usize,
    /// Weight of each label, the sum of its row.
    weights: Vec<f32>,
}

impl Targets {
    /// Targets of `1 - smoothing` for the label, and a share of `smoothing` for every class, as Keras' `label_smoothing`.
    pub fn new(classes: usize, smoothing: f32) -> Self {
        let share = smoothing / classes as f32;
        let value = |i: usize| {
            let base = if i.is_multiple_of(classes + 1) {
                1.0 - smoothing
            } else {
                0.0
            };
            base + share
        };
        Self {
            values: (0..classes * classes).map(value).collect(),
            classes,
            weights: vec![1.0; classes],
        }
    }

    /// The same with a weight for each class, as Keras' `class_weight`.
    ///
    /// # Panics
    /// If there is not one weight per class.
    pub fn weighted(mut self, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), self.classes, "one weight a class");
        let rows = self.values.chunks_exact_mut(self.classes);
        for (row, weight) in rows.zip(weights) {
            row.iter_mut().for_each(|target| *target *= weight);
        }
        self.weights = weights.to_vec();
        self
    }

    /// The same with targets of their own for some samples, as in knowledge distillation (G. Hinton et al., 2015): a share
    /// of `share` is the probabilities of a teacher, the rest the targets of the sample's class. Label `classes + i` stands
    /// for sample `i`.
    ///
    /// # Shapes
    /// `teacher` `[samples, classes]`, flattened; `labels` `[samples]`, the classes of the samples.
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn distilled(mut self, teacher: &[f32], labels: &[u32], share: f32) -> Self {
        assert_eq!(
            teacher.len(),
            labels.len() * self.classes,
            "one row a sample"
        );
        self.values.reserve_exact(teacher.len());
        for (row, &label) in teacher.chunks_exact(self.classes).zip(labels) {
            let weight = self.weight(label);
            for (class, probability) in row.iter().enumerate() {
                let target = self.values[label as usize * self.classes + class];
                self.values
                    .push((1.0 - share) * target + share * weight * probability);
            }
            self.weights.push(weight);
        }
        self
    }

    /// Number of labels: that of the classes and of the samples with targets of their own.
    pub fn labels(&self) -> usize {
        self.weights.len()
    }

    /// The targets for a label.
    pub fn row(&self, label: u32) -> &[f32] {
        &self.values[label as usize * self.classes..][..self.classes]
    }

    /// The weight of a label.
    pub fn weight(&self, label: u32) -> f32 {
        self.weights[label as usize]
    }

    /// The targets of a batch, `[size, classes]`. Rows after the last label are zero padding.
    pub fn of(&self, labels: &[u32], size: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(size * self.classes);
        labels
            .iter()
            .for_each(|label| values.extend_from_slice(self.row(*label)));
        values.resize(size * self.classes, 0.0);
        values
    }
}

//! Lifetimes of values, and which of them need gradients.

use super::Plan;

impl Plan {
    /// Number of readers of every value, by index; the output of the network counts as one more.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.values.len()];
        for input in self.steps.iter().flat_map(|step| step.inputs()) {
            uses[input.index()] += 1;
        }
        uses[self.output.index()] += 1;
        uses
    }

    /// Whether a value depends on a trainable tensor, by index. The backward pass skips values that do not.
    pub fn depends_on_parameters(&self) -> Vec<bool> {
        let mut depends = vec![false; self.values.len()];
        for step in &self.steps {
            let mut tensors = step.kind.tensors().into_iter();
            depends[step.output.index()] = tensors.any(|id| self.tensor(id).role.trainable())
                || step.inputs().any(|input| depends[input.index()]);
        }
        depends
    }

    /// Peak number of floats alive while one sample is classified: input and output of a step, and every value that a
    /// later step reads. Steps that work in place reuse an input that nothing reads afterwards.
    pub fn peak_activations(&self) -> usize {
        let elements = |value: super::ValueId| self.shape(value).elements();
        let mut uses = self.uses();
        let mut alive = elements(self.input);
        let mut peak = alive;
        for step in &self.steps {
            step.inputs().for_each(|input| uses[input.index()] -= 1);
            let output = elements(step.output);
            let mut finished: Vec<_> = step
                .inputs()
                .filter(|input| uses[input.index()] == 0)
                .collect();
            finished.dedup();
            let reuses = step.kind.works_in_place()
                && finished.iter().any(|&input| elements(input) == output);
            peak = peak.max(if reuses { alive } else { alive + output });
            alive += output;
            alive -= finished.into_iter().map(elements).sum::<usize>();
        }
        peak
    }
}

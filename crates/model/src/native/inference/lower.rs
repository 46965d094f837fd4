//! Turns a plan and its weights into layers: fuses batch normalisations and ReLUs into the operations before them,
//! evaluates and packs kernels, and assigns slots to values. Values that are never alive together share a slot.

mod operation;

#[cfg(test)]
pub(super) use self::operation::{convolution, direct};

use self::operation::{floats, operation};
use super::finish::Finish;
use super::instructions::Instructions;
use super::layer::{Layer, Operation, Slot};
use crate::geometry::Geometry;
use crate::plan::{Plan, Step, StepKind, TensorId, ValueId};
use crate::weights::Weights;

/// Maximum size of a convolution's evaluated kernels, in values, for which it uses [`Lines`]: a megabyte, which fits
/// second-level caches. Beyond, reading the kernels takes longer than the saved products.
const EVALUATED: usize = 1 << 18;
/// Minimum of input times output channels for [`Lines`]: below, evaluating the inputs costs more.
const CHANNELS: usize = 256;

/// The layers of a network.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub layers: Vec<Layer>,
    /// Values per sample of each slot.
    pub slots: Vec<usize>,
    /// The slot of the input, if a layer cannot read it sample by sample.
    pub input: Option<Slot>,
    pub output: Slot,
}

/// A layer under construction.
struct Draft {
    kind: Kind,
    finish: Finish,
    from: ValueId,
    other: Option<ValueId>,
    to: ValueId,
}

enum Kind {
    Conv {
        geometry: Geometry,
        kernel: Vec<f64>,
        bias: Vec<f64>,
    },
    Depthwise {
        sources: Vec<Option<usize>>,
        kernel: Vec<f64>,
        bias: Vec<f64>,
    },
    MaxPool {
        columns: usize,
    },
    Add,
    Average,
}

impl Program {
    pub fn new(plan: &Plan, weights: &Weights, isa: Instructions) -> Self {
        let mut lowering = Lowering {
            plan,
            weights,
            uses: plan.uses(),
            alias: (0..plan.values.len()).collect(),
            drafts: Vec::new(),
        };
        for step in &plan.steps {
            lowering.step(step);
        }
        lowering.finish(isa)
    }
}

struct Lowering<'a> {
    plan: &'a Plan,
    weights: &'a Weights,
    uses: Vec<usize>,
    /// For each value, the value that it is identical to.
    alias: Vec<usize>,
    drafts: Vec<Draft>,
}

impl Lowering<'_> {
    fn values(&self, id: TensorId) -> Vec<f64> {
        let values = self.weights.tensor(id).values.iter();
        values.map(|v| f64::from(*v)).collect()
    }

    fn step(&mut self, step: &Step) {
        let shape = self.plan.shape(step.input);
        match step.kind {
            StepKind::Conv {
                kernel,
                bias,
                size,
                stride,
            } => self.conv(step, Geometry::new(shape, size, stride), kernel, bias),
            StepKind::Dense { kernel, bias } => {
                self.conv(step, Geometry::new(shape, (1, 1), 1), kernel, bias);
            }
            StepKind::Depthwise { kernel, bias, size } => {
                let kind = Kind::Depthwise {
                    sources: Geometry::new(shape, size, 1).sources(),
                    kernel: self.values(kernel),
                    bias: self.values(bias),
                };
                self.push(step, kind);
            }
            StepKind::BatchNorm {
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            } => {
                let norm = [gamma, beta, mean, variance];
                let [scale, shift] = self.weights.scale_and_shift(norm, epsilon);
                self.scaling(step, &scale, &shift);
            }
            StepKind::Relu => {
                if self.before(step).is_none() {
                    let channels = shape.channels();
                    self.pointwise(step, &vec![1.0; channels], &vec![0.0; channels]);
                }
                let draft = self.before_or_own(step);
                if draft.finish.scaling.is_none() {
                    draft.finish.relu = true;
                } else {
                    draft.finish.relu_after = true;
                }
            }
            StepKind::MaxPool { columns } => self.push(step, Kind::MaxPool { columns }),
            StepKind::Add { .. } => self.push(step, Kind::Add),
            StepKind::GlobalAveragePool => self.push(step, Kind::Average),
            // Nothing is dropped: its output is its input.
            StepKind::Dropout { .. } => {
                self.alias[step.output.index()] = self.alias[step.input.index()];
                let readers = self.uses[step.output.index()];
                let source = self.alias[step.input.index()];
                self.uses[source] += readers - 1;
            }
        }
    }

    fn conv(&mut self, step: &Step, geometry: Geometry, kernel: TensorId, bias: TensorId) {
        let kind = Kind::Conv {
            geometry,
            kernel: self.values(kernel),
            bias: self.values(bias),
        };
        self.push(step, kind);
    }

    fn push(&mut self, step: &Step, kind: Kind) {
        self.drafts.push(Draft {
            kind,
            finish: Finish::default(),
            from: step.input,
            other: step.kind.other_input(),
            to: step.output,
        });
    }

    /// A scaling as a separate layer.
    fn pointwise(&mut self, step: &Step, scale: &[f64], shift: &[f64]) {
        let positions = self.plan.shape(step.input).positions();
        let kind = Kind::Depthwise {
            sources: (0..positions).map(Some).collect(),
            kernel: scale.to_vec(),
            bias: shift.to_vec(),
        };
        self.push(step, kind);
    }

    /// The layer whose output only this step reads; it takes over the output of the step.
    fn before(&mut self, step: &Step) -> Option<&mut Draft> {
        let value = self.alias[step.input.index()];
        if self.uses[value] != 1 {
            return None;
        }
        let mut drafts = self.drafts.iter_mut();
        let draft = drafts.find(|draft| draft.to.index() == value && !draft.finish.relu_after)?;
        draft.to = step.output;
        Some(draft)
    }

    fn before_or_own(&mut self, step: &Step) -> &mut Draft {
        let mut drafts = self.drafts.iter_mut();
        let draft = drafts.find(|draft| draft.to == step.output);
        draft.expect("a layer puts out what the step does")
    }

    /// A batch normalisation.
    fn scaling(&mut self, step: &Step, scale: &[f64], shift: &[f64]) {
        let fits = |draft: &Draft| draft.finish.scaling.is_none();
        let value = self.alias[step.input.index()];
        let takes = self.drafts.iter().any(|d| d.to.index() == value && fits(d));
        let Some(draft) = takes.then(|| self.before(step)).flatten() else {
            return self.pointwise(step, scale, shift);
        };
        match &mut draft.kind {
            Kind::Conv { kernel, bias, .. } | Kind::Depthwise { kernel, bias, .. }
                if !draft.finish.relu =>
            {
                for row in kernel.chunks_exact_mut(scale.len()) {
                    row.iter_mut().zip(scale).for_each(|(k, s)| *k *= s);
                }
                let both = scale.iter().zip(shift);
                let biases = bias.iter_mut().zip(both);
                biases.for_each(|(b, (scale, shift))| *b = *b * scale + shift);
            }
            Kind::Conv { .. }
            | Kind::Depthwise { .. }
            | Kind::MaxPool { .. }
            | Kind::Add
            | Kind::Average => draft.finish.scaling = Some((floats(scale), floats(shift))),
        }
    }

    /// Assigns slots, packs kernels, and completes the program.
    fn finish(self, isa: Instructions) -> Program {
        let plan = self.plan;
        let elements = |value: usize| plan.values[value].elements();
        let resolve = |id: ValueId| self.alias[id.index()];
        let input = resolve(plan.input);
        let mut last_read = vec![0; plan.values.len()];
        for (i, draft) in self.drafts.iter().enumerate() {
            for id in std::iter::once(draft.from).chain(draft.other) {
                last_read[resolve(id)] = i;
            }
        }
        last_read[resolve(plan.output)] = usize::MAX;
        let mut slots = Slots::default();
        let mut slot_of = vec![None; plan.values.len()];
        let mut layers = Vec::new();
        let operations: Vec<(Operation, Finish)> = self
            .drafts
            .iter()
            .map(|draft| operation(plan, draft, isa))
            .collect();
        let by_lines = |op: &Operation| matches!(op, Operation::Lines(..));
        let reads = |draft: &Draft| draft.other.is_some_and(|id| resolve(id) == input);
        let copied =
            self.drafts.iter().zip(&operations).any(|(draft, (op, _))| {
                reads(draft) || resolve(draft.from) == input && !by_lines(op)
            });
        // Slot 0 is the input as it was given.
        slots.take(0);
        let copy = copied.then(|| slots.take(elements(input)));
        for (i, (draft, (mut operation, finish))) in self.drafts.iter().zip(operations).enumerate()
        {
            let slot = |id: ValueId| {
                if resolve(id) == input {
                    return copy.unwrap_or(0);
                }
                slot_of[resolve(id)].expect("a value is there before it is read")
            };
            if let (Operation::Add { other }, Some(id)) = (&mut operation, draft.other) {
                *other = slot(id);
            }
            let from = slot(draft.from);
            let to = slots.take(elements(draft.to.index()));
            let shape = |id: ValueId| (plan.shape(id).positions(), plan.shape(id).channels());
            layers.push(Layer {
                operation,
                finish,
                from,
                to,
                before: shape(draft.from),
                after: shape(draft.to),
            });
            slot_of[draft.to.index()] = Some(to);
            let mut read: Vec<usize> = std::iter::once(draft.from)
                .chain(draft.other)
                .map(resolve)
                .collect();
            read.dedup();
            for value in read {
                if value != input && last_read[value] == i {
                    slots.free.push(slot_of[value].expect("it was read"));
                }
            }
        }
        let output = slot_of[resolve(plan.output)].expect("the output is put out");
        Program {
            layers,
            slots: slots.lengths,
            input: copy,
            output,
        }
    }
}

/// Slots in use and free ones.
#[derive(Default)]
struct Slots {
    lengths: Vec<usize>,
    free: Vec<Slot>,
}

impl Slots {
    /// Takes the free slot that fits best; if none is large enough, enlarges one.
    fn take(&mut self, length: usize) -> Slot {
        let distance = |slot: &usize| {
            let available = self.lengths[*slot];
            (available < length, available.abs_diff(length))
        };
        let best = (0..self.free.len()).min_by_key(|i| distance(&self.free[*i]));
        let Some(best) = best else {
            self.lengths.push(length);
            return self.lengths.len() - 1;
        };
        let slot = self.free.swap_remove(best);
        self.lengths[slot] = self.lengths[slot].max(length);
        slot
    }
}

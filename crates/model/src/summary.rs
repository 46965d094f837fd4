//! `model_summary.txt`: layers, shapes, parameters, multiply-accumulates and memory.

use std::fmt::Write;

use crate::architecture::Architecture;
use crate::plan::{Plan, StepKind};

/// Bytes per KiB, the unit of memory sizes of sensor nodes.
const KIB: f64 = 1024.0;

/// Memory of a network that classifies one sample at a time, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// All parameters as float32.
    pub weights: usize,
    /// Peak size of activations alive at the same time, as float32.
    pub activations: usize,
}

impl Memory {
    /// Memory of a planned network.
    pub fn of(plan: &Plan) -> Self {
        Self {
            weights: 4 * plan.total_parameters(),
            activations: 4 * plan.peak_activations(),
        }
    }

    /// Weights and activations.
    pub fn total(&self) -> usize {
        self.weights + self.activations
    }
}

fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn shape(dims: &[usize]) -> String {
    let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
    dims.join(" x ")
}

/// Renders the table and the totals as text.
pub fn text(architecture: &Architecture, plan: &Plan) -> String {
    let rows = rows(plan);
    let header = ["Layer", "Operation", "Output", "Parameters", "MACs"].map(String::from);
    let mut widths = header.clone().map(|h| h.len());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let line = |cells: &[String; 5]| {
        let [a, b, c, d, e] = cells;
        let [wa, wb, wc, wd, we] = widths;
        let line = format!("{a:<wa$}  {b:<wb$}  {c:<wc$}  {d:>wd$}  {e:>we$}");
        line.trim_end().to_owned()
    };
    let rule = "-".repeat(widths.iter().sum::<usize>() + 8);
    let mut out = format!(
        "{}: input {}, {} classes\n{rule}\n{}\n{rule}\n",
        architecture.kind,
        architecture.input,
        architecture.num_classes,
        line(&header)
    );
    for row in &rows {
        let _ = writeln!(out, "{}", line(row));
    }
    let _ = writeln!(out, "{rule}");
    for (name, value) in totals(architecture, plan) {
        let _ = writeln!(out, "{name:<22}{value}");
    }
    out
}

/// Renders the same as Markdown, for TensorBoard's TEXT tab.
pub fn markdown(architecture: &Architecture, plan: &Plan) -> String {
    let mut out = String::from(
        "| Layer | Operation | Output | Parameters | MACs |\n|---|---|---|---:|---:|\n",
    );
    for [a, b, c, d, e] in rows(plan) {
        let _ = writeln!(out, "| {a} | {b} | {c} | {d} | {e} |");
    }
    out.push_str("\n| Total | |\n|---|---|\n");
    for (name, value) in totals(architecture, plan) {
        let _ = writeln!(out, "| {name} | {value} |");
    }
    out
}

/// Cells of the table: layer, operation, output, parameters, multiply-accumulates.
fn rows(plan: &Plan) -> Vec<[String; 5]> {
    let cost = |n: usize| if n == 0 { "-".into() } else { thousands(n) };
    let mut rows: Vec<[String; 5]> = Vec::new();
    for step in &plan.steps {
        // An activation function is shown in the row of the layer before it.
        if step.kind == StepKind::Relu
            && let Some([_, operation, ..]) = rows.last_mut()
        {
            operation.push_str(", ReLU");
            continue;
        }
        let tensors = step.kind.tensors().into_iter();
        let parameters = tensors.map(|id| plan.tensor(id).elements()).sum();
        rows.push([
            step.layer.clone(),
            operation(&step.kind),
            shape(&plan.shape(step.output).dims()),
            cost(parameters),
            cost(plan.step_macs(step)),
        ]);
    }
    rows
}

fn operation(kind: &StepKind) -> String {
    match *kind {
        StepKind::Conv {
            size: (height, width),
            stride,
            ..
        } => {
            let stride = match stride {
                1 => String::new(),
                stride => format!(" stride (1,{stride})"),
            };
            format!("conv ({height},{width}){stride}")
        }
        StepKind::Depthwise {
            size: (height, width),
            ..
        } => format!("depthwise ({height},{width})"),
        StepKind::BatchNorm { .. } => "batch norm".into(),
        StepKind::Relu => "ReLU".into(),
        StepKind::MaxPool { columns } => format!("max pool (1,{columns})"),
        StepKind::Add { .. } => "add".into(),
        StepKind::GlobalAveragePool => "global average pool".into(),
        StepKind::Dense { .. } => "dense".into(),
        StepKind::Dropout { rate, .. } => format!("dropout {rate}"),
    }
}

fn totals(architecture: &Architecture, plan: &Plan) -> Vec<(&'static str, String)> {
    let memory = Memory::of(plan);
    let kib = |bytes: usize| format!("{:.1} KiB", bytes as f64 / KIB);
    let total = plan.total_parameters();
    let trainable = plan.trainable_parameters();
    let mut totals = vec![
        ("Parameters", thousands(total)),
        ("Trainable", thousands(trainable)),
        ("Not trainable", thousands(total - trainable)),
        ("MACs per sample", thousands(plan.macs())),
        ("Weights (float32)", kib(memory.weights)),
        (
            "Peak activations",
            format!("{} (one sample, input included)", kib(memory.activations)),
        ),
        ("Memory", kib(memory.total())),
    ];
    if let Some(budget) = architecture.kind.budget_kib() {
        totals.push(("Budget", verdict(memory, total, budget)));
    }
    totals
}

/// Whether the network fits the budget, and if not, whether 8-bit weights would.
fn verdict(memory: Memory, parameters: usize, budget: usize) -> String {
    let kib = |bytes: usize| bytes as f64 / KIB;
    let over = kib(memory.total()) - budget as f64;
    if over <= 0.0 {
        return format!("{budget} KiB: fits, {:.1} KiB to spare", -over);
    }
    let small = kib(parameters + memory.activations);
    let fits = if small <= budget as f64 {
        "fits"
    } else {
        "does not fit either"
    };
    format!(
        "{budget} KiB: exceeded by {over:.1} KiB as float32; with 8-bit weights {small:.1} KiB, which {fits}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{InputShape, ModelKind};

    fn summary(kind: ModelKind) -> String {
        let architecture = Architecture::new(kind, InputShape::default(), 3);
        text(&architecture, &Plan::new(&architecture).unwrap())
    }

    #[test]
    fn summaries() {
        for kind in ModelKind::ALL {
            insta::assert_snapshot!(kind.name(), summary(kind));
        }
    }
}

use super::*;
use proptest::prelude::*;

fn values(n: usize, seed: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 31 + seed * 17) % 23) as f32 / 7.0 - 1.5)
        .collect()
}

fn kernels() -> Vec<(&'static str, Kernel)> {
    let mut kernels: Vec<(&str, Kernel)> = vec![("portable", portable)];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            kernels.push(("avx2", avx2::write));
        }
        if is_x86_feature_detected!("avx512f") {
            kernels.push(("avx512", avx512::write));
        }
    }
    kernels
}

proptest! {
    /// Every kernel gives the same bits as the portable one, which agrees with sums in float64, for every shape,
    /// orientation, start and end.
    #[test]
    fn products_are_right_to_the_bit(
        (rows, inner, columns) in (1usize..20, 0usize..40, 1usize..120),
        (runs, gap, start) in (0usize..4, 0usize..3, 0usize..3),
        transposed: bool, relu: bool, again: bool,
    ) {
        let (a_row, a_inner) = if transposed { (1, rows) } else { (inner, 1) };
        let (b_inner, c_row) = (columns + gap, columns + gap);
        let (a, b) = (values((runs + 1) * rows * inner.max(1), 1), values((runs + 1) * inner.max(1) * b_inner, 2));
        let runs: Vec<Run> = (0..runs).map(|i| Run { a: i * rows * inner, b: i * inner * b_inner }).collect();
        // Two blocks; the first may be visited in two parts.
        let length = rows * c_row;
        let half = if again { runs.len() / 2 } else { runs.len() };
        let mut blocks = vec![Block { c: 0, runs: 0..half, first: true, last: !again }];
        blocks.push(Block { c: length, runs: half..runs.len(), first: true, last: true });
        if again {
            blocks.push(Block { c: 0, runs: half..runs.len(), first: false, last: true });
        }
        let bias = values(columns, 4);
        let product = Product {
            rows, columns, inner, a: &a, a_row, a_inner, b: &b, b_inner, c_row, blocks: &blocks, runs: &runs,
            start: [Start::Zero, Start::Bias(&bias), Start::Add][start], relu,
        };
        let before = values(2 * length, 3);
        let mut expected = before.clone();
        product.check(&expected);
        portable(&product, &mut expected);
        for (name, kernel) in kernels() {
            let mut out = before.clone();
            kernel(&product, &mut out);
            prop_assert_eq!(&out, &expected, "{}", name);
        }
        for (c, used) in [(0, 0..runs.len()), (length, half..runs.len())] {
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                let at = c + i * c_row + j;
                let mut sum = [0.0, f64::from(bias[j]), f64::from(before[at])][start];
                let mut magnitude = sum.abs();
                for run in &runs[used.clone()] {
                    for p in 0..inner {
                        let term = f64::from(a[run.a + i * a_row + p * a_inner])
                            * f64::from(b[run.b + p * b_inner + j]);
                        sum += term;
                        magnitude += term.abs();
                    }
                }
                let sum = if relu { sum.max(0.0) } else { sum };
                // A chain of k fused multiply-adds rounds k times, each by at most half an epsilon of the partial sum:
                // Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1.
                let steps = (used.len() * inner) as f64;
                let error = (f64::from(expected[at]) - sum).abs();
                prop_assert!(error <= steps * f64::from(f32::EPSILON) * magnitude, "({}, {}): off by {}", i, j, error);
            }
        }
        // Values between the rows are unchanged.
        for row in 0..2 * rows {
            prop_assert_eq!(&expected[row * c_row + columns..(row + 1) * c_row], &before[row * c_row + columns..(row + 1) * c_row]);
        }
    }
}

#[test]
#[should_panic(expected = "the right matrix")]
fn what_lies_outside_is_refused() {
    let (a, b) = ([0.0; 8], [0.0; 7]);
    let product = Product {
        rows: 2,
        columns: 2,
        inner: 4,
        a: &a,
        a_row: 4,
        a_inner: 1,
        b: &b,
        b_inner: 2,
        c_row: 2,
        blocks: &[],
        runs: &[Run { a: 0, b: 0 }],
        start: Start::Zero,
        relu: false,
    };
    product.write(&mut [0.0; 4]);
}

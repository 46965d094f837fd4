use super::*;
use proptest::prelude::*;

fn values(n: usize, seed: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 37 + seed * 11) % 41) as f32 / 20.0 - 1.0)
        .collect()
}

proptest! {
    /// Forward pass, input gradient and kernel gradient agree with the definition in float64 for many geometries, batch
    /// sizes and block sizes. Small batches give the same bits as large ones.
    #[test]
    fn convolutions_are_right(
        (height, width) in (1usize..3, 1usize..8),
        (kernel, stride) in ((1usize..3, 1usize..4), 1usize..3),
        channels in prop::sample::select(vec![1usize, 5, 33, 130, 600]),
        out in prop::sample::select(vec![1usize, 3, 16, 50, 130]),
        samples in 1usize..7,
    ) {
        let geometry = Geometry { height, width, kernel, stride };
        let length = geometry.taps() * channels * out;
        let mut conv = Conv::new(geometry, channels, out, 0..length, length..length + out);
        conv.transposed = Some(0);
        let (length_in, length_out) = conv.lengths();
        let parameters = values(length + out, 1);
        let (x, gradient) = (values(samples * length_in, 2), values(samples * length_out, 3));
        let mut y = vec![f32::NAN; samples * length_out];
        conv.forward(&parameters, &x, &mut y);
        let mut alone = vec![f32::NAN; length_out];
        conv.forward(&parameters, &x[..length_in], &mut alone);
        prop_assert_eq!(&alone, &y[..length_out]);
        let mut transposed = vec![0.0; length];
        for tap in 0..geometry.taps() {
            let part = tap * channels * out..(tap + 1) * channels * out;
            super::super::kernels::transpose(&parameters[part.clone()], channels, out, &mut transposed[part]);
        }
        let mut back = vec![f32::NAN; samples * length_in];
        conv.backward(&transposed, &gradient, false, &mut back);
        let (mut d_kernel, mut d_bias) = (vec![f32::NAN; length], vec![f32::NAN; out]);
        conv.parameter_gradients(&x, &gradient, false, &mut d_kernel, &mut d_bias);

        let (mut y64, mut back64) = (vec![0.0f64; y.len()], vec![0.0f64; back.len()]);
        let mut d_kernel64 = vec![0.0f64; length];
        let (taps, rows_out) = (geometry.taps(), geometry.positions_out());
        for sample in 0..samples {
            for row in 0..rows_out {
                let at = (sample * rows_out + row) * out;
                for o in 0..out {
                    y64[at + o] += f64::from(parameters[length + o]);
                }
                for tap in 0..taps {
                    let Some(source) = conv.sources[row * taps + tap] else { continue };
                    for c in 0..channels {
                        let from = (sample * geometry.positions_in() + source) * channels + c;
                        for o in 0..out {
                            let k = (tap * channels + c) * out + o;
                            y64[at + o] += f64::from(x[from]) * f64::from(parameters[k]);
                            back64[from] += f64::from(gradient[at + o]) * f64::from(parameters[k]);
                            d_kernel64[k] += f64::from(x[from]) * f64::from(gradient[at + o]);
                        }
                    }
                }
            }
        }
        for (what, ours, exact, terms) in [
            ("forward", &y, &y64, taps * channels),
            ("backward", &back, &back64, taps * out),
            ("kernel", &d_kernel, &d_kernel64, samples * rows_out),
        ] {
            // Values are at most 1: Higham's bound for a chain of this length.
            let bound = f64::from(f32::EPSILON) * ((terms + 1) * (terms + 1)) as f64;
            for (ours, exact) in ours.iter().zip(exact) {
                prop_assert!((f64::from(*ours) - exact).abs() <= bound, "{}: {} is not {}", what, ours, exact);
            }
        }
        for o in 0..out {
            let exact: f64 = gradient.iter().skip(o).step_by(out).map(|g| f64::from(*g)).sum();
            prop_assert!((f64::from(d_bias[o]) - exact).abs() <= 1e-3);
        }
    }
}

use super::*;
use crate::roots::{cosine_window, root};

#[test]
fn only_regular_frames_of_transformed_lengths_have_a_grid() {
    let grid = |starts: &[usize], frame| Grid::new(starts, frame).map(|grid| grid.hop);
    assert_eq!(grid(&[0, 32, 64], 128), Some(32));
    assert_eq!(grid(&[0], 64), Some(64));
    assert_eq!(grid(&[0, 256], 256), Some(256));
    assert_eq!(grid(&[0, 32, 65], 128), None, "irregular");
    assert_eq!(grid(&[0, 512], 256), None, "apart");
    assert_eq!(grid(&[0, 3], 64), None, "no multiple");
    assert_eq!(grid(&[0, 25], 125), None);
    assert_eq!(grid(&[0, 8], 16), None);
    assert_eq!(grid(&[0, 8], 2048), None);
}

/// Samples of two channels.
pub(crate) fn values(samples: usize) -> Vec<f32> {
    (0..2 * samples)
        .map(|i| ((i * i) % 1009) as f32 - 300.0 + 9.0 * (i / samples) as f32)
        .collect()
}

/// Four times the squared magnitudes of bins `0..=length / 2` of a frame, as sums over its samples.
pub(crate) fn expected(frame: &[f64], window: &[f64]) -> Vec<f64> {
    let power = |k: usize| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, (v, w)) in frame.iter().zip(window).enumerate() {
            let (cos, sin) = root(k * n, frame.len());
            re += v * w * cos;
            im -= v * w * sin;
        }
        4.0 * (re * re + im * im)
    };
    (0..=frame.len() / 2).map(power).collect()
}

/// Compared with sums over the samples, for every length.
#[test]
fn spectra_are_those_of_the_definition() {
    for length in [32, 64, 128, 256, 512, 1024] {
        for hop in [length / 4, length, 8] {
            let frames = 10;
            let samples = hop * (frames - 1) + length + 5;
            let values = values(samples);
            let window = cosine_window(length, 0.5);
            let grid = Grid {
                frame: length,
                hop,
                frames,
            };
            let mut transformed = Frames::<f64>::new(grid, &window);
            transformed.read(&values, 2);
            let fours = [(0, 3), (1, 8)].map(|(channel, first)| Four { channel, first });
            let mut found = vec![0.0; (length / 2 + 1) * ROW];
            transformed.powers(&fours, &mut found, &[0, FOUR], ROW);
            for lane in [0, 3, 4, 5] {
                let four = fours[lane / FOUR];
                let start = four.channel * samples + (four.first + lane % FOUR) * hop;
                let frame = &values[start..start + length];
                let frame: Vec<f64> = frame.iter().map(|v| f64::from(*v)).collect();
                let expected = expected(&frame, &window);
                let largest = expected.iter().fold(0.0, |a: f64, b| a.max(*b));
                for (k, expected) in expected.iter().enumerate() {
                    let off = (found[k * ROW + lane] - expected).abs();
                    assert!(off < 1e-13 * largest, "{length}, {hop}, bin {k}");
                }
            }
        }
    }
}

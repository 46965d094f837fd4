//! Random numbers that depend only on `(seed, stream)` and the position in the stream. Initial weights and dropout
//! masks are therefore the same on every backend, with any number of threads, and after resuming. The generator is
//! ChaCha8 of `rand_chacha`, whose output is documented as stable.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// Stream number `stream` of `seed`. Different streams are independent.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Skips `count` numbers.
    pub fn skip(&mut self, count: usize) {
        self.0.set_word_pos(self.0.get_word_pos() + count as u128);
    }

    /// Uniform in `[0, 1)`, with 24 random bits.
    pub fn uniform(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_reproducible_and_differ() {
        let first = |seed, stream| Rng::new(seed, stream).uniform();
        assert_eq!(first(1, 0), first(1, 0));
        assert_ne!(first(1, 0), first(1, 1));
        assert_ne!(first(1, 0), first(2, 0));
    }

    #[test]
    fn skipping_is_drawing() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let (mut drawn, mut skipped) = (Rng::new(7, 3), Rng::new(7, 3));
            for _ in 0..count {
                drawn.uniform();
            }
            skipped.skip(count);
            assert_eq!(drawn.uniform(), skipped.uniform(), "{count}");
        }
    }

    #[test]
    fn uniform_is_uniform() {
        let mut rng = Rng::new(42, 0);
        let mean = (0..100_000).map(|_| rng.uniform()).sum::<f32>() / 100_000.0;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
    }
}

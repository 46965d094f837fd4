//! Seeded random numbers: every use has a stream of its own, so that no result depends on threads or on order.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What random numbers are drawn for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Trees = 1,
    Kernels = 2,
    Subset = 3,
    Bootstrap = 4,
}

/// The generator number `number` of a purpose.
pub(crate) fn generator(seed: u64, purpose: Purpose, number: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(((purpose as u64) << 48) | number as u64);
    generator
}

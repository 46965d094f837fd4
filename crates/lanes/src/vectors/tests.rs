use super::portable::Portable;
use super::sealed::Run;
use super::*;

/// Uses every operation.
struct AllOperations<'a, T: Float, S, const A: bool>(
    Fours<'a, S>,
    &'a Row<T::Array>,
    FoursMut<'a, T>,
);

impl<T: Float, S: Source<T>, const A: bool> Kernel<T> for AllOperations<'_, T, S, A> {
    #[inline(always)]
    fn run<I: Isa<T>>(mut self, isa: I) {
        let mut copy = *self.1;
        for part in 0..I::PARTS {
            let numbers = S::gather(isa, isa.part::<S, A>(&self.0, part), 1);
            let row = isa.load(self.1, part);
            let tenth = isa.splat(T::nearest(0.1));
            let sum = tenth.mul_add(numbers - row, numbers * row);
            let sum = tenth.mul_sub_from(row, sum) + tenth;
            sum.store(&mut copy, part);
            let mut to = isa.part_mut::<A>(&mut self.2, part);
            isa.load(&copy, part).scatter(&mut to, 1);
        }
    }
}

/// Checks every instruction set against single numbers, for sources of one type and rows of another.
macro_rules! same_bits {
    ($source:ty, $float:ty) => {
        same_bits!($source, $float, [20, 3, 31, 0], [11, 25, 0, 6], false);
        same_bits!($source, $float, [7, 11, 15, 19], [3, 7, 11, 15], true);
    };
    ($source:ty, $float:ty, $from:expr, $to:expr, $adjacent:literal) => {{
        let source: Vec<$source> = (0..40).map(|i| 1e3 / (i * i - 90) as $source).collect();
        let row: Row<<$float as Float>::Array> =
            Row(std::array::from_fn(|i| 1.0 / (3.0 + i as $float)));
        let groups = <$float as Float>::ROW / 4;
        let (from, to) = (&$from[..groups], &$to[..groups]);
        assert_eq!(
            Fours::new(&source, from).are_adjacent(4 * groups),
            $adjacent
        );
        let mut expected: Vec<$float> = vec![-1.0; 32];
        for lane in 0..<$float as Float>::ROW {
            let number = <$float>::from(source[from[lane / 4] + 1 + lane % 4]);
            let row = row.0[lane];
            expected[to[lane / 4] + 1 + lane % 4] = {
                let sum = <$float>::mul_add(0.1, number - row, number * row);
                <$float>::mul_add(-0.1, row, sum) + 0.1
            };
        }
        let run_on = |run: &dyn Fn(AllOperations<'_, $float, $source, $adjacent>)| {
            let mut found: Vec<$float> = vec![-1.0; 32];
            run(AllOperations(
                Fours::new(&source, from),
                &row,
                FoursMut::new(&mut found, to),
            ));
            found
        };
        assert_eq!(run_on(&|kernel| kernel.run(Portable)), expected);
        for width in Width::all() {
            let found = run_on(&|kernel| <$float>::run_with(width, kernel));
            assert_eq!(found, expected, "{width:?}");
        }
    }};
}

#[test]
fn every_instruction_set_computes_the_same_bits() {
    same_bits!(f64, f64);
    same_bits!(f32, f64);
    same_bits!(f32, f32);
}

#[test]
fn missing_groups_repeat_the_last() {
    struct Copy<'a>(Fours<'a, f32>, FoursMut<'a, f32>);
    impl Kernel<f32> for Copy<'_> {
        #[inline(always)]
        fn run<I: Isa<f32>>(mut self, isa: I) {
            for part in 0..I::PARTS {
                let mut to = isa.part_mut::<false>(&mut self.1, part);
                let from = isa.part::<_, false>(&self.0, part);
                isa.gather(from, 0).scatter(&mut to, 0);
            }
        }
    }
    let source: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let mut found = vec![-1.0; 16];
    struct Parts<'a>(FoursMut<'a, f32>);
    impl Kernel<f32> for Parts<'_> {
        #[inline(always)]
        fn run<I: Isa<f32>>(self, isa: I) {
            let lanes = isa.parts(&self.0) * I::LANES;
            assert!((8..8 + I::LANES.max(5)).contains(&lanes), "{lanes}");
        }
    }
    run(Parts(FoursMut::new(&mut [0.0; 16], &[0, 4])));
    run(Copy(
        Fours::new(&source, &[8, 0]),
        FoursMut::new(&mut found, &[0, 4, 8, 12]),
    ));
    assert_eq!(found[..4], source[8..]);
    assert_eq!(
        [&found[4..8], &found[8..12], &found[12..]],
        [&source[..4]; 3]
    );
}

#[test]
fn rows_with_missing_or_other_groups_are_not_adjacent() {
    for (firsts, expected) in [
        (&[0, 4, 8, 12][..], true),
        (&[0, 4, 8, 13], false),
        (&[4, 0, 8, 12], false),
        (&[0, 4, 8], false),
    ] {
        let found = FoursMut::new(&mut [0f32; 20], firsts).are_adjacent(16);
        assert_eq!(found, expected, "{firsts:?}");
        assert_eq!(Fours::new(&[0f32; 20], firsts).are_adjacent(16), expected);
    }
}

#[test]
#[should_panic(expected = "room for four")]
fn rows_are_written_inside_their_slice() {
    FoursMut::new(&mut [0.0; 9], &[0, 6]);
}

#[test]
#[should_panic(expected = "room for four")]
fn rows_are_read_inside_their_slice() {
    Fours::new(&[0.0; 9], &[6, 0]);
}

use super::*;

/// Uses every operation.
struct Everything<'a, T>(Fours<'a, T>, &'a Row, FoursMut<'a>);

impl<T: Number> Kernel for Everything<'_, T> {
    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let mut copy = *self.1;
        for part in 0..ROW / I::LANES {
            let numbers = T::gather(isa, self.0, 1, part);
            let row = isa.load(self.1, part);
            let sum = numbers * row + isa.splat(0.1) * (numbers - row);
            sum.store(&mut copy, part);
            isa.load(&copy, part).scatter(&mut self.2, 1, part);
        }
    }
}

#[test]
fn every_instruction_set_computes_the_same_bits() {
    same_bits::<f64>(
        &[8.0, 0.3, -7.5, 1e20, 3.25],
        &[8.0, 1e-30, 2.0, -0.0, 9.0, 7.0],
    );
    same_bits::<f32>(
        &[8.0, 0.3, -7.5, 1e20, 3.25],
        &[8.0, 1e-30, 2.0, -0.0, 9.0, 7.0],
    );
}

fn same_bits<T: Number + Into<f64>>(low: &[T], high: &[T]) {
    let row = Row(std::array::from_fn(|i| 1.0 / (3.0 + i as f64)));
    let value = |i: usize| {
        let number: f64 = if i < 4 { low[i + 1] } else { high[i - 3] }.into();
        number * row.0[i] + 0.1 * (number - row.0[i])
    };
    let mut expected = [-1.0; 12];
    (0..4).for_each(|i| expected[7 + i] = value(i));
    (0..4).for_each(|i| expected[2 + i] = value(4 + i));
    let run_on = |run: &dyn Fn(Everything<'_, T>)| {
        let mut found = [-1.0; 12];
        let to = FoursMut::new(&mut found, [6, 1]);
        run(Everything(Fours::new(low, high), &row, to));
        found
    };
    assert_eq!(run_on(&|kernel| kernel.run(Portable(()))), expected);
    for width in Width::all() {
        let found = run_on(&|kernel| run_with(width, kernel));
        assert_eq!(found, expected, "{width:?}");
    }
}

#[test]
#[should_panic(expected = "room for four")]
fn rows_are_written_inside_their_slice() {
    FoursMut::new(&mut [0.0; 9], [0, 6]);
}

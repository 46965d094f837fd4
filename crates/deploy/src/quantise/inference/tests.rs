use model::ModelKind;

use super::instructions::Instructions;
use super::*;
use crate::TrainedModel;
use crate::network::Network;
use crate::quantise::{IntegerRunner, RangeMethod};
use crate::test_model::{features, trained};

fn bits(logits: &[f32]) -> Vec<u32> {
    logits.iter().map(|v| v.to_bits()).collect()
}

/// For every network, instruction set, block height and batch size, the results have the same bits as the runner's.
#[test]
fn all_give_the_bits_of_the_reference_runner() {
    for kind in ModelKind::ALL {
        let (bundle, architecture) = trained(kind);
        let network = Network::new(&TrainedModel::new(&bundle, &architecture).unwrap()).unwrap();
        let length = architecture.input.elements();
        let x = features(&architecture, 27);
        // Ranges come from a few windows, so that others saturate.
        let quantised =
            IntegerNetwork::with_method(&network, &x[..3 * length], RangeMethod::Mse).unwrap();
        let mut runner = IntegerRunner::new(&quantised);
        let expected: Vec<f32> = x.chunks_exact(length).flat_map(|x| runner.run(x)).collect();
        let available = Instructions::available().into_iter();
        let each = available.flat_map(|instructions| [(instructions, false), (instructions, true)]);
        for (instructions, bytes) in each {
            let mut fast = IntegerInference::on(&quantised, instructions, bytes);
            for batch in [1, 2, 3, 5, 8, 27] {
                let logits: Vec<f32> = x
                    .chunks(batch * length)
                    .flat_map(|x| fast.logits(x).to_vec())
                    .collect();
                assert_eq!(
                    bits(&logits),
                    bits(&expected),
                    "{kind}, {instructions:?}, {bytes}, {batch}"
                );
            }
        }
        let distinct: std::collections::BTreeSet<_> = bits(&expected).into_iter().collect();
        assert!(distinct.len() > 4, "{kind}: logits say something");
    }
}

use model::ModelKind;

use super::*;
use crate::test_model::{features, trained};

#[test]
fn files_are_reproducible_and_named() {
    for kind in ModelKind::ALL {
        let (bundle, architecture) = trained(kind);
        let model = TrainedModel::new(&bundle, &architecture).unwrap();
        let network = Network::new(&model).unwrap();
        let x = features(&architecture, 4);
        let (quantised, _) = IntegerNetwork::new(&network, &x, &x).unwrap();
        let of = |numbers| file(&model, &network, numbers).unwrap();
        let float = of(Numbers::Float);
        assert_eq!(&float[4..8], b"TFL3");
        assert_eq!(float, of(Numbers::Float));
        let (inside, throughout) = (
            of(Numbers::Int8(&quantised)),
            of(Numbers::Int8Io(&quantised)),
        );
        assert!(throughout.len() < inside.len(), "without conversions");
        let has =
            |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        for bytes in [&float[..], &inside, &throughout] {
            assert!(
                has(bytes, "footsteps") && has(bytes, "\"normalisation\""),
                "{kind}"
            );
        }
    }
}

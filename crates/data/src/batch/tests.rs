use super::*;

#[test]
fn order_depends_on_seed_and_epoch() {
    let order = shuffled(100, 1, 0);
    assert_eq!(order, shuffled(100, 1, 0));
    assert_ne!(order, shuffled(100, 1, 1));
    assert_ne!(order, shuffled(100, 2, 0));
    let mut sorted = order;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..100).collect::<Vec<_>>());
}

#[test]
fn rare_classes_come_as_often_as_others() {
    let labels: Vec<u32> = (0..100).map(|i| if i < 90 { 0 } else { 2 }).collect();
    let order = balanced(&labels, 3, 1, 0);
    assert_eq!(order.len(), 100);
    let rare: Vec<usize> = order.iter().copied().filter(|i| labels[*i] == 2).collect();
    assert_eq!(rare.len(), 50);
    for sample in 90..100 {
        assert_eq!(rare.iter().filter(|i| **i == sample).count(), 5);
    }
    assert_eq!(order, balanced(&labels, 3, 1, 0));
    assert_ne!(order, balanced(&labels, 3, 1, 1));
}

#[test]
fn every_class_keeps_its_share_of_labels() {
    let labels: Vec<u32> = (0..100).map(|i| u32::from(i % 10 == 0)).collect();
    let kept = labelled(&labels, 0.2, 1);
    let rare = kept.iter().filter(|i| labels[**i] == 1).count();
    assert_eq!((kept.len(), rare), (20, 2));
    assert!(kept.is_sorted());
    assert_eq!(labelled(&labels, 0.001, 1).len(), 2);
    assert_eq!(labelled(&labels, 1.0, 1), (0..100).collect::<Vec<_>>());
}

#[test]
fn positions_are_spread_over_the_split() {
    assert_eq!(spread(3, 10), [0, 1, 2]);
    assert_eq!(spread(10, 4), [0, 2, 5, 7]);
    assert!(spread(0, 4).is_empty());
}

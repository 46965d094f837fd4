use super::*;

/// An item with dots in its name.
const DAY: &str = "XX.STA.00.HH.2024.060";

fn claims() -> (tempfile::TempDir, Claims) {
    let folder = tempfile::tempdir().unwrap();
    let claims = Claims::new(folder.path().to_owned());
    (folder, claims)
}

fn state(claims: &Claims, item: &str) -> Availability {
    let attempts = claims.attempts().unwrap();
    claims.availability(item, attempts.get(item).copied().unwrap_or(0))
}

/// Simulates a worker's death, which releases its lock.
fn die(claim: Claim) {
    let directory = claim.directory.clone();
    drop(claim);
    // The heartbeat thread keeps the file open a little longer.
    fs::remove_file(directory.join(LOCK)).unwrap();
    fs::write(directory.join(LOCK), "").unwrap();
}

#[test]
fn of_many_threads_one_gets_an_item() {
    let (_folder, claims) = claims();
    let taken: Vec<Vec<usize>> = std::thread::scope(|scope| {
        let take = || {
            let claimed = (0..200usize).filter(|item| {
                let claim = claims.take(&item.to_string(), 0).unwrap();
                claim.is_some_and(|claim| claim.settle("completed").is_ok())
            });
            claimed.collect()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let mut all = taken.concat();
    all.sort_unstable();
    assert_eq!(all, (0..200).collect::<Vec<_>>());
    assert!((0..200).all(|item| state(&claims, &item.to_string()) == Availability::Settled));
}

#[test]
fn the_dead_are_followed_and_the_living_are_not() {
    let (_folder, claims) = claims();
    assert_eq!(state(&claims, DAY), Availability::Free(0));
    let claim = claims.take(DAY, 0).unwrap().unwrap();
    assert_eq!(state(&claims, DAY), Availability::Held);
    assert!(claims.take(DAY, 0).unwrap().is_none());
    claim.release().unwrap();
    assert_eq!(state(&claims, DAY), Availability::Free(1));
    for attempt in 1..=MAX_DEATHS {
        assert_eq!(state(&claims, DAY), Availability::Free(attempt));
        die(claims.take(DAY, attempt).unwrap().unwrap());
    }
    assert_eq!(state(&claims, DAY), Availability::GivenUp);
    claims.reopen(DAY, MAX_DEATHS + 1).unwrap();
    assert_eq!(state(&claims, DAY), Availability::Free(MAX_DEATHS + 1));
}

#[test]
fn a_worker_that_was_taken_for_dead_gives_way_or_is_given_way_to() {
    let (_folder, claims) = claims();
    // Another worker already has the next attempt.
    fs::create_dir(claims.directory("0", 1)).unwrap();
    assert!(claims.take("0", 0).unwrap().is_none());
    assert_eq!(state(&claims, "0"), Availability::Unborn);
    // The worker of the previous attempt is alive.
    let living = claims.take("1", 0).unwrap().unwrap();
    assert!(claims.take("1", 1).unwrap().is_none());
    assert_eq!(state(&claims, "1"), Availability::Held);
    living.settle("failed").unwrap();
    assert_eq!(state(&claims, "1"), Availability::Settled);
    // The attempt that failed is not the last.
    claims.reopen("1", 2).unwrap();
    assert_eq!(state(&claims, "1"), Availability::Free(2));
}

/// Several workers check and claim the same items concurrently.
#[test]
fn an_item_never_has_two_living_workers() {
    let (_folder, claims) = claims();
    let working: Vec<AtomicBool> = (0..200).map(|_| AtomicBool::new(false)).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while working.iter().enumerate().any(|(item, working)| {
                    let name = item.to_string();
                    let attempts = claims.attempts().unwrap();
                    let before = attempts.get(&name).copied().unwrap_or(0);
                    let Availability::Free(attempt) = claims.availability(&name, before) else {
                        return claims.availability(&name, before) != Availability::Settled;
                    };
                    if let Some(claim) = claims.take(&name, attempt).unwrap() {
                        assert!(!working.swap(true, Ordering::SeqCst), "{name} has two");
                        claim.settle("completed").unwrap();
                    }
                    true
                }) {}
            });
        }
    });
}

#[test]
fn the_beat_counts_where_the_lock_is_on_another_machine() {
    let (_folder, claims) = claims();
    die(claims.take("0", 0).unwrap().unwrap());
    let elsewhere = Claims {
        host: "elsewhere".into(),
        ..claims.clone()
    };
    assert_eq!(state(&elsewhere, "0"), Availability::Held);
    let lock = File::options()
        .write(true)
        .open(claims.directory("0", 0).join(LOCK));
    lock.unwrap()
        .set_modified(SystemTime::now() - 2 * HEARTBEAT_TIMEOUT)
        .unwrap();
    assert_eq!(state(&elsewhere, "0"), Availability::Free(1));
    // A new claim may lack its lock for a moment.
    fs::create_dir(claims.directory("1", 0)).unwrap();
    assert_eq!(state(&claims, "1"), Availability::Unborn);
}

use amiary_model::outbox::{Outbox, PUBLISHED};
use stateright::{Checker, Model};

fn outbox(publish_first: bool) -> Outbox {
    Outbox {
        publishers: 3,
        runs: 5,
        crashes: 2,
        publish_first,
    }
}

#[test]
fn a_notice_is_published_before_it_counts_as_published() {
    let checker = outbox(true).checker().spawn_bfs().join();
    println!("the outbox: {} states", checker.unique_state_count());
    assert!(checker.unique_state_count() > 300);
    checker.assert_properties();
}

#[test]
fn a_notice_that_is_marked_first_is_lost_in_a_crash() {
    let checker = outbox(false).checker().spawn_bfs().join();
    assert!(checker.discovery(PUBLISHED).is_some());
}

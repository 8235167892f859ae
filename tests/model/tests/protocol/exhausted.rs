//! Every property holds in every history. The least numbers of states are there so that the model
//! can't become trivial unseen.

use super::{LENT, OWN, SMALL, checked};
use amiary_model::setup::{Budget, Setup, Wish};

fn holds(setup: Setup, least: usize) {
    let (states, broken) = checked(setup);
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(states >= least, "only {states} states were reached");
}

#[test]
fn two_images_three_workers_and_two_crashes_break_nothing() {
    let setup = Setup {
        name: "two images, one of them lent; three workers, two crashes",
        wishes: &[OWN, Wish { image: 1, ..LENT }],
        workers: 3,
        budget: Budget {
            runs: 3,
            crashes: 2,
            lost: 0,
            failures: 0,
            ..SMALL.budget
        },
        rounds: 2,
        ..SMALL
    };
    holds(setup, 100_000);
}

#[test]
fn three_runs_with_every_fault_break_nothing_of_one_image() {
    let setup = Setup {
        name: "one image; three runs, two crashes, a lost answer, a failed copy",
        budget: Budget {
            runs: 3,
            crashes: 2,
            ..SMALL.budget
        },
        ..SMALL
    };
    holds(setup, 50_000);
}

#[test]
fn three_runs_leave_no_loan_behind() {
    let setup = Setup {
        name: "one image that is lent; three runs, a crash, a failed copy",
        wishes: &[LENT],
        budget: Budget {
            runs: 3,
            lost: 0,
            ..SMALL.budget
        },
        ..SMALL
    };
    holds(setup, 50_000);
}

#[test]
fn two_destinations_of_one_account_share_a_loan() {
    let setup = Setup {
        name: "one image that is lent to two destinations",
        wishes: &[LENT, Wish { place: 2, ..LENT }],
        budget: Budget {
            crashes: 0,
            lost: 0,
            failures: 0,
            ..SMALL.budget
        },
        ..SMALL
    };
    holds(setup, 10_000);
}

#[test]
fn two_images_of_one_name_at_one_place_are_not_mistaken_for_each_other() {
    let setup = Setup {
        name: "two images of one name at one place",
        wishes: &[OWN, Wish { image: 1, ..OWN }],
        one_name: true,
        ..SMALL
    };
    holds(setup, 5_000);
}

#[test]
fn a_person_who_asks_again_gets_one_copy() {
    let setup = Setup {
        name: "a person asks after the last attempt failed",
        attempts: 1,
        budget: Budget {
            runs: 3,
            persons: 1,
            lost: 0,
            ..SMALL.budget
        },
        ..SMALL
    };
    holds(setup, 5_000);
}

/// With runs side by side a give-back may meet a copy that another run just started, which costs
/// that copy's attempt. A single worker never does that.
#[test]
fn a_single_worker_never_takes_a_loan_back_that_a_copy_needs() {
    let setup = Setup {
        name: "one worker, one image that is lent, four runs, two crashes",
        wishes: &[LENT],
        workers: 1,
        budget: Budget {
            runs: 4,
            crashes: 2,
            ..SMALL.budget
        },
        ..SMALL
    };
    holds(setup, 1_000);
}

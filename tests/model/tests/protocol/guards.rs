//! Each guard taken out: what it protects then breaks, in the shortest history that does.

use super::{LENT, OWN, SMALL, checked};
use amiary_model::guards::Guards;
use amiary_model::protocol::{ASKED, HEALED, INTENT, LOAN, NEEDED, ONE_COPY, TOLD};
use amiary_model::setup::{Budget, Setup, Wish};

/// Asserts that a property breaks, and prints how.
fn breaks(property: &str, setup: Setup) {
    let (_, broken) = checked(setup);
    let Some(story) = broken.get(property) else {
        panic!("{property} holds, or something else breaks first: {broken:#?}");
    };
    println!("  breaks: {property}");
    for line in story {
        println!("    {line}");
    }
}

fn without(name: &'static str, guards: Guards) -> Setup {
    Setup {
        name,
        guards,
        ..SMALL
    }
}

const ALL: Guards = Guards::ALL;

/// The name alone keeps a copy from being made twice. The token spares the lookup.
#[test]
fn without_tokens_names_still_keep_a_copy_from_being_made_twice() {
    let (states, broken) = checked(without(
        "no token",
        Guards {
            token: false,
            ..ALL
        },
    ));
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(states > 1_000, "{states}");
}

#[test]
fn without_names_a_forgotten_token_makes_a_second_copy() {
    breaks(ONE_COPY, without("no name", Guards { name: false, ..ALL }));
}

#[test]
fn without_tokens_and_names_a_lost_answer_makes_a_second_copy() {
    let guards = Guards {
        token: false,
        name: false,
        ..ALL
    };
    breaks(ONE_COPY, without("no token, no name", guards));
}

#[test]
fn without_versions_an_owner_is_told_twice() {
    let setup = without(
        "no version",
        Guards {
            version: false,
            ..ALL
        },
    );
    breaks(
        TOLD,
        Setup {
            budget: Budget {
                runs: 3,
                crashes: 0,
                lost: 0,
                failures: 0,
                ..SMALL.budget
            },
            ..setup
        },
    );
}

#[test]
fn without_intent_a_copy_is_made_that_no_record_knows() {
    breaks(
        INTENT,
        without(
            "no intent",
            Guards {
                intent: false,
                ..ALL
            },
        ),
    );
}

#[test]
fn without_a_recorded_loan_a_crash_leaves_it_behind() {
    let setup = without("loans recorded afterwards", Guards { loan: false, ..ALL });
    breaks(
        LOAN,
        Setup {
            wishes: &[LENT],
            ..setup
        },
    );
}

#[test]
fn a_lender_that_does_not_write_has_its_loan_forgotten() {
    let setup = without(
        "lending without a write",
        Guards {
            lending: false,
            ..ALL
        },
    );
    let budget = Budget {
        runs: 3,
        lost: 0,
        ..SMALL.budget
    };
    breaks(
        LOAN,
        Setup {
            wishes: &[LENT],
            workers: 3,
            budget,
            ..setup
        },
    );
}

/// Where nothing else keeps a lender from being overtaken, this keeps a run for an event about
/// another destination from doing so.
#[test]
fn an_event_about_another_destination_takes_back_what_is_being_lent() {
    let setup = Setup {
        wishes: &[OWN, LENT],
        budget: Budget {
            crashes: 0,
            lost: 0,
            failures: 0,
            ..SMALL.budget
        },
        prompt: false,
        ..without(
            "an event gives back",
            Guards {
                waiting: false,
                ..ALL
            },
        )
    };
    breaks(LOAN, setup);
    let (_, broken) = checked(Setup {
        guards: ALL,
        name: "an event keeps it",
        ..setup
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn giving_back_without_asking_who_copies_takes_a_loan_that_is_needed() {
    let setup = without(
        "giving back blindly",
        Guards {
            borrowing: false,
            ..ALL
        },
    );
    breaks(
        NEEDED,
        Setup {
            wishes: &[LENT],
            workers: 1,
            ..setup
        },
    );
}

#[test]
fn without_the_operation_tag_another_images_copy_is_adopted() {
    let setup = without(
        "no operation tag",
        Guards {
            operation: false,
            ..ALL
        },
    );
    breaks(
        ASKED,
        Setup {
            wishes: &[OWN, Wish { image: 1, ..OWN }],
            one_name: true,
            ..setup
        },
    );
}

#[test]
fn without_the_name_an_earlier_attempts_copy_is_adopted() {
    let setup = without(
        "any name",
        Guards {
            asked_name: false,
            ..ALL
        },
    );
    breaks(
        ASKED,
        Setup {
            budget: Budget {
                runs: 3,
                ..SMALL.budget
            },
            ..setup
        },
    );
}

#[test]
fn tags_after_the_call_leave_a_copy_that_is_not_known_again() {
    breaks(
        HEALED,
        without("tags afterwards", Guards { tags: false, ..ALL }),
    );
}

#[test]
fn a_notice_outside_its_transaction_is_lost_in_a_crash() {
    breaks(
        TOLD,
        without(
            "notices afterwards",
            Guards {
                notice: false,
                ..ALL
            },
        ),
    );
}

#[test]
fn believing_not_found_at_once_makes_a_second_copy() {
    breaks(
        ONE_COPY,
        without(
            "one look",
            Guards {
                second_look: false,
                ..ALL
            },
        ),
    );
}

/// Found by this model, and mended: see `tests/tests/system/asked_again.rs`.
#[test]
fn judging_a_copy_by_the_image_before_it_makes_a_second_copy() {
    let setup = without(
        "nothing is forgotten",
        Guards {
            forget: false,
            ..ALL
        },
    );
    let budget = Budget {
        runs: 3,
        persons: 1,
        lost: 0,
        ..SMALL.budget
    };
    breaks(
        ONE_COPY,
        Setup {
            attempts: 1,
            budget,
            ..setup
        },
    );
}

/// What the protocol rests on: a loan that was written down is made before another run can take it
/// back.
#[test]
fn a_lender_that_is_overtaken_leaves_its_loan_behind() {
    let budget = Budget {
        runs: 3,
        lost: 0,
        crashes: 0,
        failures: 0,
        ..SMALL.budget
    };
    let name = "a lender is overtaken";
    breaks(
        LOAN,
        Setup {
            name,
            wishes: &[LENT],
            workers: 3,
            budget,
            prompt: false,
            ..SMALL
        },
    );
}

/// A call whose answer was lost is made again and refused for good.
#[test]
fn another_name_after_a_refusal_makes_a_second_copy_where_an_earlier_call_was_done() {
    let budget = Budget {
        runs: 3,
        refusals: 1,
        failures: 0,
        ..SMALL.budget
    };
    let guards = Guards { same: false, ..ALL };
    let setup = without("no same name after a refusal", guards);
    breaks(ONE_COPY, Setup { budget, ..setup });
}

#[test]
fn a_refusal_after_a_lost_answer_makes_no_second_copy() {
    let budget = Budget {
        refusals: 2,
        ..SMALL.budget
    };
    let name = "refusals after lost answers";
    let (_, broken) = checked(Setup {
        name,
        budget,
        ..SMALL
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

//! What is asked of a key before a copy is started under it.

use super::toy::{Toy, family, grants, place};
use super::{ELSEWHERE, IRELAND, copies, notices, reasons};
use crate::observation::{Mandate, Seen};
use crate::plan::Action;
use crate::policy::Encryption;

type Share = fn(&mut Toy);

#[test]
fn an_unencrypted_source_is_copied_unencrypted_where_the_policy_says_so() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let destination = toy.family().destinations.get_mut(&place(IRELAND)).unwrap();
    destination.encryption = Encryption::Unencrypted;
    let plan = toy.plan(Mandate::Event);
    let mut steps = plan.steps();
    let unencrypted = steps.any(|(_, step)| match &step.action {
        Action::Copy(replica) => replica.request.as_ref().unwrap().key.is_none(),
        _ => false,
    });
    assert!(unencrypted);
}

#[test]
fn a_key_that_could_not_be_used_is_told_with_its_mend_and_one_not_read_is_not() {
    let cases = [
        (Seen::Absent, "create it there, or name another", true),
        (
            Seen::Refused("denied".to_owned()),
            "can't be read: denied; allow kms:DescribeKey",
            true,
        ),
        (
            Seen::Unknown("throttled".to_owned()),
            "could not be read: throttled",
            false,
        ),
        (Seen::NotRead, "was not read in this run", false),
    ];
    for (seen, expected, told) in cases {
        let mut toy = Toy::new(family(&[IRELAND]));
        toy.keys.insert(place(IRELAND), seen);
        let plan = toy.plan(Mandate::Event);
        assert!(reasons(&plan).contains(expected), "{}", reasons(&plan));
        assert_eq!(notices(&plan).len(), usize::from(told), "{expected}");
        assert!(copies(&plan).is_empty());
    }
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.keys.clear();
    assert!(reasons(&toy.plan(Mandate::Event)).contains("was not read in this run"));
}

#[test]
fn a_key_that_aws_manages_is_refused_exactly_where_the_replica_is_shared() {
    let shares: [(Share, bool); 4] = [
        (|_| (), true),
        (|toy| toy.family().sharing.as_source = true, false),
        (|toy| toy.family().sharing.launch = grants(&[1]), false),
        (
            |toy| toy.family().sharing.snapshots = [super::toy::account("900000000001")].into(),
            false,
        ),
    ];
    for (share, is_copied) in shares {
        let mut toy = Toy::new(family(&[IRELAND]));
        share(&mut toy);
        let mut key = super::toy::key(&place(IRELAND));
        key.aws_managed = true;
        toy.keys.insert(place(IRELAND), Seen::Read(key));
        let plan = toy.plan(Mandate::Event);
        assert_eq!(!copies(&plan).is_empty(), is_copied, "{}", reasons(&plan));
    }
}

#[test]
fn a_source_under_a_key_that_can_not_be_lent_is_told_before_any_call() {
    let cases = [
        (
            Seen::Read(true),
            "encrypted under the AWS-managed key",
            true,
        ),
        (
            Seen::Refused("denied".to_owned()),
            "the source's key can't be read: denied",
            true,
        ),
        (
            Seen::Absent,
            "the source's key does not exist any more",
            true,
        ),
        (
            Seen::Unknown("throttled".to_owned()),
            "could not be read: throttled",
            false,
        ),
        (
            Seen::NotRead,
            "the source's key was not read in this run",
            false,
        ),
    ];
    for (seen, expected, told) in cases {
        let mut toy = Toy::new(family(&[ELSEWHERE, IRELAND]));
        toy.source.image.encrypted = true;
        toy.source.under_aws_key = seen;
        let plan = toy.plan(Mandate::Event);
        assert!(reasons(&plan).contains(expected), "{}", reasons(&plan));
        assert_eq!(notices(&plan).len(), usize::from(told), "{expected}");
        assert_eq!(
            copies(&plan),
            [IRELAND],
            "the account's own copy needs no loan"
        );
        assert!(
            super::source(&plan).unwrap().loans.is_empty(),
            "nothing is lent in vain"
        );
        assert_eq!(plan.left.len(), 1, "{:?}", plan.left);
    }
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    toy.source.image.encrypted = true;
    toy.source.under_aws_key = Seen::Read(false);
    assert!(reasons(&toy.plan(Mandate::Event)).contains("waits until the source is lent"));
}

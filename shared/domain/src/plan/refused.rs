//! Owns what follows where AWS refused a step and would refuse it again: the destination says why,
//! and its owner hears of it once.

use super::{ActivePolicy, told};
use crate::ids::Place;
use crate::lineage::{Change, Lineage, Record, Replica, ReplicaState};
use crate::notice::NoticeKind;
use jiff::Timestamp;

/// The changes of the record after a step at a place was refused: of the replica there, or, where
/// lending the source to an account was refused, of every destination that waits for the loan.
pub fn refused(
    active: &ActivePolicy,
    lineage: &Lineage,
    place: &Place,
    said: &str,
    now: Timestamp,
) -> Vec<Change> {
    concerned(active, lineage, place, now)
        .into_iter()
        .filter(|replica| replica.cause.as_deref() != Some(said))
        .map(|replica| {
            let replica = Replica {
                cause: Some(said.to_owned()),
                ..replica
            };
            let (policy, source) = (&active.policy, &lineage.source);
            let notices = told::about_replica(policy, source, NoticeKind::Waiting, &replica, said);
            let record = Record::Replica(Box::new(replica));
            Change {
                record,
                entry: format!("refused: {said}"),
                notices,
            }
        })
        .collect()
}

fn concerned(
    active: &ActivePolicy,
    lineage: &Lineage,
    place: &Place,
    now: Timestamp,
) -> Vec<Replica> {
    if let Some(replica) = lineage
        .replicas
        .get(place)
        .filter(|replica| replica.image.is_some() || replica.state == ReplicaState::Copying)
    {
        return vec![replica.clone()];
    }
    let Some(family) = active.policy.families.get(&lineage.source.family) else {
        return Vec::new();
    };
    let destinations = family
        .destinations
        .keys()
        .filter(|to| to.account == place.account);
    destinations
        .map(|to| {
            let recorded = lineage.replicas.get(to).cloned();
            recorded.unwrap_or_else(|| Replica::wanted(&lineage.source, to, active.revision, now))
        })
        .filter(|replica| replica.image.is_none())
        .filter(|replica| matches!(replica.state, ReplicaState::Wanted | ReplicaState::Copying))
        .collect()
}

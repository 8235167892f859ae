//! Owns who is told what: the notices that go with changes of the record.

use crate::ids::Place;
use crate::lineage::{Replica, Source};
use crate::notice::{Notice, NoticeKind};
use crate::policy::Policy;

/// A notice about a source, to the owner of its family; none where the policy names no owner any
/// more. `what` distinguishes it from other notices of the same source.
pub(super) fn notice(
    policy: &Policy,
    source: &Source,
    kind: NoticeKind,
    what: &str,
    destinations: Vec<(Place, String)>,
) -> Option<Notice> {
    let family = policy.families.get(&source.family)?;
    let owner = policy.owners.get(&family.owner)?;
    Some(Notice {
        id: format!("{}/{}/{what}", source.image, kind.as_str()),
        topic: owner.topic.clone(),
        owner: family.owner.clone(),
        kind,
        family: source.family.clone(),
        source: source.image.clone(),
        name: source.name.clone(),
        destinations,
    })
}

/// A notice about one replica, once for each version of its record.
pub(super) fn about_replica(
    policy: &Policy,
    source: &Source,
    kind: NoticeKind,
    replica: &Replica,
    said: &str,
) -> Vec<Notice> {
    let what = format!("{}/{}", replica.destination, replica.version + 1);
    let destinations = vec![(replica.destination.clone(), said.to_owned())];
    notice(policy, source, kind, &what, destinations)
        .into_iter()
        .collect()
}

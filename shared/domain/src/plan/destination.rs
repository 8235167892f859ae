//! Owns what is decided about one destination, by how far its replica is.

use super::copy::{self, failed_attempt, known};
use super::decided::Decided;
use super::{Context, RETRY_AFTER, converge, told};
use crate::ids::Place;
use crate::image::{Image, ImageState};
use crate::lineage::{Change, Record, Replica, ReplicaState, SourceStatus};
use crate::notice::NoticeKind;
use crate::observation::{ImageFacts, Seen};
use jiff::{SignedDuration, Timestamp};

/// How long after it was asked for a copy is expected to end.
const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(24);
const NOT_FOUND: &str = "its image was not found";

/// Decides about one destination.
pub(super) fn decide(context: &Context, place: &Place, recorded: Option<&Replica>) -> Decided {
    if *place == context.source.image.place {
        return Decided::left("the source itself is here");
    }
    let Some(destination) = context.family.destinations.get(place) else {
        return recorded.map_or_else(Decided::default, |replica| unwanted(context, replica));
    };
    let Some(replica) = recorded else {
        return copy::start(context, destination, None);
    };
    let back = context
        .observation
        .replicas
        .get(place)
        .and_then(Seen::read)
        .is_some_and(|facts| facts.image.state == ImageState::Available);
    match replica.state {
        ReplicaState::Gone if back => look(context, replica),
        ReplicaState::Withdrawn if replica.image.is_some() => look(context, replica),
        ReplicaState::Failed | ReplicaState::Gone if !context.asked_by_a_person() => {
            Decided::left(format!(
                "{}: {}; to try again: amiary replicate {}",
                replica.state,
                replica.cause.as_deref().unwrap_or("no cause was recorded"),
                replica.source
            ))
        }
        ReplicaState::Wanted
        | ReplicaState::Failed
        | ReplicaState::Gone
        | ReplicaState::Withdrawn => copy::start(context, destination, Some(replica)),
        _ if replica.image.is_none() => adopt_or_copy(context, destination, replica),
        _ => look(context, replica),
    }
}

/// A destination that the policy does not name: what was not copied yet is withdrawn, a copy under
/// way is watched to its end, what is there stays.
fn unwanted(context: &Context, replica: &Replica) -> Decided {
    let seen = context.observation.replicas.get(&replica.destination);
    match replica.state {
        ReplicaState::Wanted => withdrawn(context, replica, "nothing was copied yet"),
        ReplicaState::Withdrawn => Decided::default(),
        ReplicaState::Copying => match seen.unwrap_or(&Seen::NotRead) {
            seen if came_to_nothing(replica, seen, context.now) => {
                withdrawn(context, replica, "no image came of its copy")
            }
            Seen::Read(facts) if replica.image.is_none() => adopt(replica, facts),
            Seen::Read(facts) if facts.image.state == ImageState::Pending => {
                Decided::left("the policy does not name this destination; its copy is under way")
            }
            Seen::Read(_) => withdrawn(context, replica, "its copy ended, and stays unshared"),
            Seen::Absent if replica.due <= context.now => {
                withdrawn(context, replica, "its image is not there any more")
            }
            _ => Decided::left(
                "the policy does not name this destination; how its copy is, is unknown",
            ),
        },
        _ => {
            Decided::left("the policy does not name this destination: what is there stays as it is")
        }
    }
}

/// Whether a copy that was asked for, and of which no image is known, was not made: some minutes
/// after the call no image has its name, or another image does.
fn came_to_nothing(replica: &Replica, seen: &Seen<ImageFacts>, now: Timestamp) -> bool {
    let name = replica.request.as_ref().map(|request| &request.name);
    let is_missing = match seen {
        Seen::Absent => true,
        Seen::Read(facts) => {
            let image = &facts.image;
            image.at.place == replica.destination
                && name == Some(&image.name)
                && !copy::is_ours(replica, image)
        }
        _ => false,
    };
    replica.image.is_none() && replica.due <= now && is_missing
}

fn withdrawn(context: &Context, replica: &Replica, why: &str) -> Decided {
    let withdrawn = Replica {
        state: ReplicaState::Withdrawn,
        revision: context.active.revision,
        ..replica.clone()
    };
    Decided::write(Change {
        record: Record::Replica(Box::new(withdrawn)),
        entry: format!("the policy no longer names this destination: {why}"),
        notices: Vec::new(),
    })
}

/// A copy whose image is not recorded: its answer was lost. If its image was seen, by its event or
/// its name, it is taken; if not, the same call is made again, or the attempt ends where there is
/// nothing to copy any more.
fn adopt_or_copy(
    context: &Context,
    destination: &crate::policy::Destination,
    replica: &Replica,
) -> Decided {
    let seen = context.observation.replicas.get(&replica.destination);
    match seen.unwrap_or(&Seen::NotRead) {
        Seen::Read(facts) if copy::is_ours(replica, &facts.image) => adopt(replica, facts),
        seen if context.source.status == SourceStatus::Unavailable
            && came_to_nothing(replica, seen, context.now) =>
        {
            let cause = "no image came of the copy, and the source is not available any more";
            let policy = &context.active.policy;
            Decided::write(copy::for_good(policy, context.source, replica, cause))
        }
        _ => copy::start(context, destination, Some(replica)),
    }
}

fn adopt(replica: &Replica, facts: &ImageFacts) -> Decided {
    if !copy::is_ours(replica, &facts.image) {
        return Decided::left(format!(
            "{} is not the copy that was asked for",
            facts.image.at.id
        ));
    }
    Decided::write(known(
        replica,
        facts.image.at.id.clone(),
        "it carries this copy's operation tag and name, and was made from the source",
    ))
}

/// A replica whose image is known: what it is now decides.
fn look(context: &Context, replica: &Replica) -> Decided {
    let not_read = Seen::NotRead;
    match context
        .observation
        .replicas
        .get(&replica.destination)
        .unwrap_or(&not_read)
    {
        Seen::NotRead => Decided::default(),
        Seen::Unknown(reason) | Seen::Refused(reason) => {
            Decided::left(format!("its image could not be read: {reason}"))
        }
        Seen::Absent => absent(context, replica),
        Seen::Read(facts) => by_state(context, replica, facts),
    }
}

fn by_state(context: &Context, replica: &Replica, facts: &ImageFacts) -> Decided {
    let image = &facts.image;
    if image.at.place != replica.destination {
        return elsewhere(context, replica, image);
    }
    if replica.cause.as_deref() == Some(NOT_FOUND) && image.state == ImageState::Pending {
        let found = Replica {
            cause: None,
            ..replica.clone()
        };
        return Decided::write(Change {
            record: Record::Replica(Box::new(found)),
            entry: "its image was found, and is being copied".to_owned(),
            notices: Vec::new(),
        });
    }
    match &image.state {
        ImageState::Available => converge::decide(context, replica, facts),
        ImageState::Pending => pending(context, replica),
        ImageState::Failed => {
            let cause = facts
                .image
                .state_reason
                .as_deref()
                .unwrap_or("the copy failed");
            let cause = format!("{}: {cause}", facts.image.at.id);
            let change = failed_attempt(
                &context.active.policy,
                context.source,
                replica,
                &cause,
                context.now,
            );
            Decided::write(change)
        }
        ImageState::Deregistered => gone(context, replica, "it was deregistered"),
        ImageState::Disabled => gone(context, replica, "it was disabled"),
        ImageState::Other(state) => {
            Decided::left(format!("it is {state}: nothing is known to do about that"))
        }
    }
}

/// An image of another place: nothing follows from it. A copy that lands there, and not only for a
/// moment, was made with the credentials of another account; of that its owner is told once.
fn elsewhere(context: &Context, replica: &Replica, image: &Image) -> Decided {
    let said = format!(
        "{} is said to belong to {}, not to {}: give the account its role in [accounts]",
        image.at.id, image.at.place, replica.destination
    );
    let is_told = replica.cause.as_ref() == Some(&said);
    let is_fresh = replica.state != ReplicaState::Copying || context.now < replica.due;
    if is_told || is_fresh {
        return Decided::left(said);
    }
    waits(context, replica, said)
}

/// A copy under way. One that takes very long is told of once, and waited for all the same.
fn pending(context: &Context, replica: &Replica) -> Decided {
    let image = replica.image.as_ref().map_or("", |id| id.as_str());
    let said = format!(
        "{image} is still being copied after {} hours: look at its snapshots in {}, and at EC2's health",
        STUCK_AFTER.as_hours(),
        replica.destination
    );
    let is_told = replica.cause.as_ref() == Some(&said);
    if is_told || context.now < replica.due + STUCK_AFTER {
        return Decided::left(format!("{image} is still being copied"));
    }
    waits(context, replica, said)
}

/// A copy that is waited for: its owner is told why.
fn waits(context: &Context, replica: &Replica, said: String) -> Decided {
    let waiting = Replica {
        cause: Some(said.clone()),
        ..replica.clone()
    };
    let (policy, source) = (&context.active.policy, context.source);
    let notices = told::about_replica(policy, source, NoticeKind::Waiting, &waiting, &said);
    Decided::write(Change {
        record: Record::Replica(Box::new(waiting)),
        entry: said,
        notices,
    })
}

/// EC2 says that there is no such image. Just after a copy that may be its delay, so that only a
/// second look some minutes later is believed.
fn absent(context: &Context, replica: &Replica) -> Decided {
    let seen_before = replica.cause.as_deref() == Some(NOT_FOUND);
    if !seen_before {
        let missing = Replica {
            cause: Some(NOT_FOUND.to_owned()),
            due: context.now + RETRY_AFTER,
            ..replica.clone()
        };
        let again = Some(missing.due);
        let entry =
            format!("{NOT_FOUND}: it is looked for again before anything follows from that");
        let record = Record::Replica(Box::new(missing));
        let change = Change {
            record,
            entry,
            notices: Vec::new(),
        };
        return Decided {
            again,
            ..Decided::write(change)
        };
    }
    if context.now < replica.due {
        return Decided {
            again: Some(replica.due),
            ..Decided::left(format!(
                "{NOT_FOUND}: it is looked for again after {}",
                replica.due
            ))
        };
    }
    if replica.state == ReplicaState::Copying {
        let cause = "the image of the copy vanished";
        let change = failed_attempt(
            &context.active.policy,
            context.source,
            replica,
            cause,
            context.now,
        );
        return Decided::write(change);
    }
    gone(context, replica, "it was deregistered")
}

fn gone(context: &Context, replica: &Replica, what: &str) -> Decided {
    let gone = Replica {
        state: ReplicaState::Gone,
        cause: Some(what.to_owned()),
        ..replica.clone()
    };
    let image = replica.image.as_ref().map_or("", |id| id.as_str());
    let said = format!("the replica {image} is gone: {what}, and not by Amiary");
    let notices = told::about_replica(
        &context.active.policy,
        context.source,
        NoticeKind::Lost,
        &gone,
        &said,
    );
    Decided::write(Change {
        record: Record::Replica(Box::new(gone)),
        entry: said,
        notices,
    })
}

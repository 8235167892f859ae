//! Owns the start of a copy, and what follows from EC2's answer to it.

use super::decided::Decided;
use super::{Action, Context, RETRY_AFTER, Step, loan, told};
use crate::ids::{ImageId, Place};
use crate::image::{Image, ImageState, Key};
use crate::lineage::{Change, CopyRequest, Record, Replica, ReplicaState, Source};
use crate::naming::{self, OPERATION_TAG};
use crate::notice::NoticeKind;
use crate::observation::Seen;
use crate::policy::{Destination, Encryption, Policy};
use jiff::Timestamp;

/// How often a copy is tried before a person is asked.
pub const MOST_ATTEMPTS: u32 = 3;

/// Plans the copy to a destination that has none: starts it, or says what it waits for.
pub(super) fn start(
    context: &Context,
    destination: &Destination,
    recorded: Option<&Replica>,
) -> Decided {
    if !context.source_is_available() {
        return Decided::left("nothing is copied: the source was not seen available in this run");
    }
    let replica = match recorded {
        None => new_replica(context, &destination.place),
        Some(replica) if replica.state == ReplicaState::Copying => return resume(context, replica),
        Some(replica) if replica.state == ReplicaState::Wanted => {
            if replica.due > context.now && !context.asked_by_a_person() {
                let cause = replica
                    .cause
                    .as_deref()
                    .unwrap_or("the attempt before failed");
                return Decided::left(format!("tried again after {}: {cause}", replica.due));
            }
            replica.clone()
        }
        Some(replica) => again(context, replica),
    };
    let key = match preflight(context, destination) {
        Ok(key) => key,
        Err(Refusal::Unknown(reason)) => return Decided::left(reason),
        Err(Refusal::Mend(cause)) => return wait(context, replica, recorded, cause),
    };
    if let Some(needed) = loan::missing(context, &destination.place) {
        return needed;
    }
    ask(context, replica, key)
}

fn resume(context: &Context, replica: &Replica) -> Decided {
    if let Some(needed) = loan::missing(context, &replica.destination) {
        return needed;
    }
    Decided::steps(vec![Step {
        action: Action::Copy(Box::new(replica.clone())),
        reason: "the copy was asked for, and its answer is not recorded: the same call again"
            .to_owned(),
    }])
}

fn ask(context: &Context, replica: Replica, key: Option<String>) -> Decided {
    let source = context.source;
    let (tags, no_room) = naming::replica_tags(
        &context.family.tags,
        &source.image,
        &source.tags,
        &source.family,
        &replica.destination,
    );
    let request = CopyRequest {
        token: naming::client_token(&source.image, &replica.destination, replica.attempt),
        name: naming::replica_name(&source.name, replica.attempt),
        description: format!("Replica of {}", source.image),
        key,
        tags,
    };
    let intent = Replica {
        state: ReplicaState::Copying,
        tagged: request.tags.keys().cloned().collect(),
        request: Some(request),
        cause: None,
        revision: context.active.revision,
        due: context.now + RETRY_AFTER,
        ..replica
    };
    let reason = format!(
        "family {} wants a replica in {}",
        context.family.name, intent.destination
    );
    let copying = Replica {
        version: intent.version + 1,
        ..intent.clone()
    };
    let entry = format!("copy asked for, attempt {}: {reason}", intent.tries);
    let mut decided = Decided::steps(vec![
        Step {
            action: write(intent, entry),
            reason: "the intent is written down first".to_owned(),
        },
        Step {
            action: Action::Copy(Box::new(copying)),
            reason,
        },
    ]);
    if !no_room.is_empty() {
        decided.left.push(format!(
            "an image holds {} tags: left out {}",
            naming::MOST_TAGS,
            super::list(no_room)
        ));
    }
    decided
}

fn new_replica(context: &Context, place: &Place) -> Replica {
    Replica::wanted(context.source, place, context.active.revision, context.now)
}

/// A destination that ended without a replica, wanted again: with a token that was never used.
fn again(context: &Context, ended: &Replica) -> Replica {
    Replica {
        attempt: ended.attempt + u32::from(ended.request.is_some()),
        version: ended.version,
        ..new_replica(context, &ended.destination)
    }
}

/// Records what a wanted replica waits for; its owner is told once of each cause.
fn wait(context: &Context, replica: Replica, recorded: Option<&Replica>, cause: String) -> Decided {
    let said_before = recorded
        .is_some_and(|r| r.state == ReplicaState::Wanted && r.cause.as_deref() == Some(&cause));
    if said_before {
        return Decided::left(cause);
    }
    let waiting = Replica {
        cause: Some(cause.clone()),
        ..replica
    };
    let notices = told::about_replica(
        &context.active.policy,
        context.source,
        NoticeKind::Waiting,
        &waiting,
        &cause,
    );
    let change = Change {
        record: Record::Replica(Box::new(waiting)),
        entry: format!("waits: {cause}"),
        notices,
    };
    let reason = "its owner has to hear of it".to_owned();
    Decided {
        left: vec![cause],
        ..Decided::steps(vec![Step {
            action: Action::Write(Box::new(change)),
            reason,
        }])
    }
}

enum Refusal {
    /// Not known now; the next run may know.
    Unknown(String),
    /// A person has to mend it first.
    Mend(String),
}

/// What can be known to fail before the call: EC2 checks keys only after it has accepted a copy,
/// see [Encryption with AMI copies](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html).
fn preflight(context: &Context, destination: &Destination) -> Result<Option<String>, Refusal> {
    let place = &destination.place;
    if place.account != context.source.image.place.account {
        check_source_key(context)?;
    }
    let name = match &destination.encryption {
        Encryption::Unencrypted if context.source.encrypted => {
            return Err(Refusal::Mend(
                "the source is encrypted and the policy says encrypt = false: a copy can't be \
                 decrypted; name a key for this destination"
                    .to_owned(),
            ));
        }
        Encryption::Unencrypted => return Ok(None),
        Encryption::Key(name) => name,
    };
    match context
        .observation
        .keys
        .get(place)
        .unwrap_or(&Seen::NotRead)
    {
        Seen::Read(key) => check_key(context, place, name, key).map(Some),
        Seen::Absent => Err(Refusal::Mend(format!(
            "there is no key {name} in {place}: create it there, or name another in the policy"
        ))),
        Seen::Refused(reason) => Err(Refusal::Mend(format!(
            "the key {name} in {place} can't be read: {reason}; allow kms:DescribeKey on it"
        ))),
        Seen::Unknown(reason) => Err(Refusal::Unknown(format!(
            "the key {name} could not be read: {reason}"
        ))),
        Seen::NotRead => Err(Refusal::Unknown(format!(
            "the key {name} was not read in this run"
        ))),
    }
}

fn check_key(context: &Context, place: &Place, name: &str, key: &Key) -> Result<String, Refusal> {
    let sharing = &context.family.sharing;
    let shared = sharing.as_source || !sharing.launch.is_empty() || !sharing.snapshots.is_empty();
    let problem = if !key.symmetric {
        "is not a symmetric encryption key, the only kind EBS takes: name another".to_owned()
    } else if key.aws_managed && shared {
        "is managed by AWS, and what it encrypts can't be shared: name a customer-managed key"
            .to_owned()
    } else if key.state == "Disabled" {
        format!(
            "is disabled: enable it (aws kms enable-key --region {} --key-id {})",
            place.region, key.arn
        )
    } else if key.state != "Enabled" {
        format!("is {}, not Enabled: mend it, or name another", key.state)
    } else {
        return Ok(key.arn.clone());
    };
    Err(Refusal::Mend(format!(
        "the key {name} in {place} {problem}"
    )))
}

/// An image under the AWS-managed key can't be lent to another account.
fn check_source_key(context: &Context) -> Result<(), Refusal> {
    if !context.source.encrypted {
        return Ok(());
    }
    match context.observation.source.read().map(|facts| &facts.under_aws_key) {
        Some(Seen::Read(false)) => Ok(()),
        Some(Seen::Read(true)) => Err(Refusal::Mend(
            "the source is encrypted under the AWS-managed key and can't be lent to another account: \
             build it under a customer-managed key"
                .to_owned(),
        )),
        Some(Seen::Refused(reason)) => Err(Refusal::Mend(format!(
            "the source's key can't be read: {reason}; allow kms:DescribeKey on it"
        ))),
        Some(Seen::Absent) => Err(Refusal::Mend("the source's key does not exist any more".to_owned())),
        Some(Seen::Unknown(reason)) => {
            Err(Refusal::Unknown(format!("the source's key could not be read: {reason}")))
        }
        Some(Seen::NotRead) | None => {
            Err(Refusal::Unknown("the source's key was not read in this run".to_owned()))
        }
    }
}

/// What EC2 answered to a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyAnswer {
    /// The copy is under way as this image.
    Started(ImageId),
    /// The name is taken; by this image, if it could be found.
    NameTaken(Option<Box<Image>>),
    /// The destination takes no more copies now.
    QuotaFull(String),
    /// The token was used with other parameters, so that this attempt can't be repeated.
    TokenMismatch(String),
    /// EC2 refused the call, and would again.
    Refused(String),
}

/// The record after EC2's answer to a copy that `copying` asked for.
pub fn after_copy(
    policy: &Policy,
    source: &Source,
    copying: &Replica,
    answer: CopyAnswer,
    now: Timestamp,
) -> Change {
    match answer {
        CopyAnswer::Started(image) => known(copying, image, "the copy is under way"),
        CopyAnswer::NameTaken(Some(image)) if is_ours(copying, &image) => {
            if image.state == ImageState::Failed {
                let cause = image
                    .state_reason
                    .unwrap_or_else(|| "the copy failed".to_owned());
                return failed_attempt(policy, source, copying, &cause, now);
            }
            known(
                copying,
                image.at.id,
                "the copy was under way already, found by its name and operation tag",
            )
        }
        CopyAnswer::NameTaken(Some(image)) => {
            let cause = format!(
                "the name {:?} is taken in {} by {}, which is not this copy: rename or deregister it",
                image.name, copying.destination, image.at.id
            );
            for_good(policy, source, copying, &cause)
        }
        CopyAnswer::NameTaken(None) => {
            let cause = "the name is taken by an image that can't be seen yet".to_owned();
            if copying.cause.as_ref() == Some(&cause) && now >= copying.due {
                return for_good(policy, source, copying, &cause);
            }
            let unseen = Replica {
                cause: Some(cause.clone()),
                ..copying.clone()
            };
            Change {
                record: Record::Replica(Box::new(unseen)),
                entry: cause,
                notices: Vec::new(),
            }
        }
        CopyAnswer::QuotaFull(said) => {
            let cause = format!("{} takes no more copies now: {said}", copying.destination);
            let queued = Replica {
                state: ReplicaState::Wanted,
                request: None,
                cause: Some(cause.clone()),
                due: now,
                ..copying.clone()
            };
            Change {
                record: Record::Replica(Box::new(queued)),
                entry: format!("queued: {cause}"),
                notices: Vec::new(),
            }
        }
        CopyAnswer::Refused(said) if may_be_delay(copying, now) => {
            let cause =
                format!("refused, perhaps because the loan is not seen everywhere yet: {said}");
            let waiting = Replica {
                cause: Some(cause.clone()),
                ..copying.clone()
            };
            Change {
                record: Record::Replica(Box::new(waiting)),
                entry: cause,
                notices: Vec::new(),
            }
        }
        CopyAnswer::TokenMismatch(said) => failed_attempt(policy, source, copying, &said, now),
        CopyAnswer::Refused(said) => refused_attempt(policy, source, copying, &said, now),
    }
}

/// Whether a refusal may be EC2's own delay: what was lent to another account just now is not seen
/// everywhere at once. The same call is then made again for a while, and counts as no new attempt.
fn may_be_delay(copying: &Replica, now: Timestamp) -> bool {
    copying.destination.account != copying.source.place.account
        && now < copying.due + RETRY_AFTER * 2
}

/// Whether an image is a copy: by the operation its tags name, its name, and the source EC2
/// recorded. What was made from an instance is none, whatever source EC2 recorded for it.
pub fn is_ours(copying: &Replica, image: &Image) -> bool {
    let operation = naming::operation(&copying.source, &copying.destination);
    let name = copying.request.as_ref().map(|request| &request.name);
    image.tags.get(OPERATION_TAG) == Some(&operation)
        && name == Some(&image.name)
        && image.source_instance.is_none()
        && image.at.place == copying.destination
        && image.source.as_ref().is_some_and(|(region, id)| {
            *region == copying.source.place.region && *id == copying.source.id
        })
}

pub(super) fn known(copying: &Replica, image: ImageId, how: &str) -> Change {
    let entry = format!("{image}: {how}");
    Change {
        record: Record::Replica(Box::new(Replica {
            image: Some(image),
            ..copying.clone()
        })),
        entry,
        notices: Vec::new(),
    }
}

/// The record after an attempt that failed: another attempt with a new token, or the end.
pub(super) fn failed_attempt(
    policy: &Policy,
    source: &Source,
    replica: &Replica,
    cause: &str,
    now: Timestamp,
) -> Change {
    if replica.tries < MOST_ATTEMPTS {
        let next = Replica {
            state: ReplicaState::Wanted,
            attempt: replica.attempt + 1,
            tries: replica.tries + 1,
            request: None,
            image: None,
            cause: Some(cause.to_owned()),
            due: now + RETRY_AFTER,
            ..replica.clone()
        };
        let entry = format!("attempt {} failed: {cause}", replica.tries);
        return Change {
            record: Record::Replica(Box::new(next)),
            entry,
            notices: Vec::new(),
        };
    }
    for_good(policy, source, replica, cause)
}

/// The record after a refusal: as far as is known nothing was made, so that the next attempt asks
/// with the same token for the same name. Should an earlier call have made the copy after all, its
/// answer lost, the next one finds it and makes no other.
fn refused_attempt(
    policy: &Policy,
    source: &Source,
    copying: &Replica,
    said: &str,
    now: Timestamp,
) -> Change {
    let mut change = failed_attempt(policy, source, copying, said, now);
    if let Record::Replica(replica) = &mut change.record {
        replica.attempt = copying.attempt;
        replica.request = None;
    }
    change
}

/// What is recorded of a copy that was started while another run wrote that its attempt had ended;
/// nothing where the record knows an image already, or another attempt began.
pub fn started_after_all(recorded: &Replica, copying: &Replica, image: ImageId) -> Option<Change> {
    let is_open = recorded.image.is_none()
        && recorded.attempt == copying.attempt
        && matches!(
            recorded.state,
            ReplicaState::Wanted | ReplicaState::Copying | ReplicaState::Failed
        );
    let copying = Replica {
        tries: recorded.tries,
        version: recorded.version,
        ..copying.clone()
    };
    is_open.then(|| known(&copying, image, "the copy is under way after all"))
}

/// The record of a destination that is not tried again until a person asks.
pub(super) fn for_good(policy: &Policy, source: &Source, replica: &Replica, cause: &str) -> Change {
    let failed = Replica {
        state: ReplicaState::Failed,
        cause: Some(cause.to_owned()),
        ..replica.clone()
    };
    let notices = told::about_replica(policy, source, NoticeKind::Failed, &failed, cause);
    let entry = format!(
        "failed for good after {} of {MOST_ATTEMPTS} attempts: {cause}",
        replica.tries
    );
    Change {
        record: Record::Replica(Box::new(failed)),
        entry,
        notices,
    }
}

pub(super) fn write(replica: Replica, entry: String) -> Action {
    Action::Write(Box::new(Change {
        record: Record::Replica(Box::new(replica)),
        entry,
        notices: Vec::new(),
    }))
}

//! Owns applying: a plan's steps in their order, each destination's apart from the others', and
//! what became of every one.

use crate::chain::chain;
use crate::ports::{Class, PortError, Reading, Writing};
use amiary_domain::ids::{ImageId, Place};
use amiary_domain::lineage::{Lineage, Record, Replica, ReplicaState, Source};
use amiary_domain::notice::printable;
use amiary_domain::observation::Observation;
use amiary_domain::plan::{
    Action, ActivePolicy, CopyAnswer, Group, Plan, Step, after_copy, is_ours, started_after_all,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use tracing::{info, warn};

/// No step is started within this time of the deadline: more than the longest a call may take.
const MARGIN: SignedDuration = SignedDuration::from_secs(35);

/// What EC2 answers where an image is deregistered, or in no state to be changed.
const UNAVAILABLE: &str = "InvalidAMIID.Unavailable";

/// What became of a step.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Done,
    /// What it should undo was not there any more.
    AlreadySo,
    /// Not now: the next event or schedule carries on.
    NotReady(String),
    /// Not by this run: another one is at it, or the time is up. The same run later may find that
    /// there is nothing left to do.
    Yielded(String),
    /// AWS refused it, and would again.
    Refused(PortError),
    /// It failed in passing.
    Failed(PortError),
}

/// A step and what became of it.
#[derive(Debug)]
pub struct Applied {
    /// The destination it concerned; none for the source's record.
    pub place: Option<Place>,
    /// The step, as text.
    pub step: String,
    /// Its reason.
    pub reason: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl Outcome {
    /// Whether the steps after it may be made.
    fn lets_go_on(&self) -> bool {
        matches!(self, Self::Done | Self::AlreadySo)
    }

    /// One word for logs and tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::AlreadySo => "already so",
            Self::NotReady(_) => "not ready",
            Self::Yielded(_) => "yielded",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}

/// Applies a plan: the source's steps first, then every destination's, side by side.
pub async fn apply(
    reading: Reading<'_>,
    writing: Writing<'_>,
    active: &ActivePolicy,
    observation: &Observation,
    plan: &Plan,
    deadline: Option<Timestamp>,
) -> Vec<Applied> {
    let work = Applier {
        reading,
        writing,
        active,
        before: observation.lineage.as_ref(),
        deadline,
    };
    let recorded = observation
        .lineage
        .as_ref()
        .map(|lineage| lineage.source.clone());
    let source = source_of(plan).or(recorded);
    let mut applied = work.steps(None, &plan.source, source.as_ref()).await;
    if applied.iter().any(|step| !step.outcome.lets_go_on()) {
        return applied;
    }
    let groups = plan
        .destinations
        .iter()
        .map(|group: &Group| work.steps(Some(&group.place), &group.steps, source.as_ref()));
    applied.extend(join_all(groups).await.into_iter().flatten());
    applied
}

/// The source as the plan records it.
fn source_of(plan: &Plan) -> Option<Source> {
    plan.source
        .iter()
        .rev()
        .find_map(|step| match &step.action {
            Action::Write(change) => match &change.record {
                Record::Source(source) => Some((**source).clone()),
                Record::Replica(_) => None,
            },
            _ => None,
        })
}

struct Applier<'a> {
    reading: Reading<'a>,
    writing: Writing<'a>,
    active: &'a ActivePolicy,
    /// The record as it was read before any of the steps.
    before: Option<&'a Lineage>,
    deadline: Option<Timestamp>,
}

impl Applier<'_> {
    async fn steps(
        &self,
        place: Option<&Place>,
        steps: &[Step],
        source: Option<&Source>,
    ) -> Vec<Applied> {
        let mut applied = Vec::new();
        for step in steps {
            let began = self.reading.clock.now();
            let outcome = if self.is_late() {
                Outcome::Yielded("the deadline is near: the next run carries on".to_owned())
            } else {
                self.step(&step.action, source).await
            };
            let took = self.reading.clock.now().duration_since(began);
            log(place, source, step, &outcome, took);
            let go_on = outcome.lets_go_on();
            applied.push(Applied {
                place: place.cloned(),
                step: step.action.to_string(),
                reason: step.reason.clone(),
                outcome,
            });
            if !go_on {
                break;
            }
        }
        applied
    }

    fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| self.reading.clock.now() + MARGIN > deadline)
    }

    async fn step(&self, action: &Action, source: Option<&Source>) -> Outcome {
        let images = self.writing.images;
        let nobody = BTreeSet::new();
        let result = match action {
            Action::Write(change) => {
                self.writing
                    .record
                    .commit(change, self.reading.clock.now(), self.writing.by)
                    .await
            }
            Action::Copy(replica) => return self.copy(replica, source).await,
            Action::Tag {
                place,
                image,
                snapshots,
                tags,
            } => images.tag(place, &resources(image, snapshots), tags).await,
            Action::Untag {
                place,
                image,
                snapshots,
                keys,
            } => {
                images
                    .untag(place, &resources(image, snapshots), keys)
                    .await
            }
            Action::Share { image, add } => images.share(image, add, &BTreeSet::new()).await,
            Action::Unshare {
                image,
                remove,
                loan,
            } => {
                return taken_back(images.share(image, &BTreeSet::new(), remove).await, *loan);
            }
            Action::ShareSnapshot {
                place,
                snapshot,
                add,
            } => images.share_snapshot(place, snapshot, add, &nobody).await,
            Action::UnshareSnapshot {
                place,
                snapshot,
                remove,
                loan,
            } => {
                let result = images
                    .share_snapshot(place, snapshot, &nobody, remove)
                    .await;
                return taken_back(result, *loan);
            }
        };
        result.map_or_else(outcome, |()| Outcome::Done)
    }

    /// Starts a copy and records EC2's answer. A passing failure leaves the intent as recorded: the
    /// next run makes the same call with the same token.
    async fn copy(&self, copying: &Replica, source: Option<&Source>) -> Outcome {
        let (Some(source), Some(request)) = (source, &copying.request) else {
            return Outcome::NotReady("the copy's request is not recorded".to_owned());
        };
        let result = self
            .writing
            .images
            .copy(&copying.source, &copying.destination, request)
            .await;
        let answer = match result {
            Ok(image) => CopyAnswer::Started(image),
            Err(error) => match error.class {
                Class::Retry | Class::NotReady | Class::Conflict => return outcome(error),
                Class::Quota if !self.may_be_made(copying, &error) => {
                    CopyAnswer::QuotaFull(error.to_string())
                }
                Class::Quota | Class::TokenMismatch | Class::Gone | Class::Permanent => {
                    match self.refused(copying, &request.name, error).await {
                        Ok(answer) => answer,
                        Err(outcome) => return outcome,
                    }
                }
                Class::NameTaken => match self.who_has(copying, &request.name).await {
                    Ok(answer) => answer,
                    Err(error) => return outcome(error),
                },
            },
        };
        let said = match &answer {
            CopyAnswer::Started(_) => None,
            CopyAnswer::QuotaFull(said)
            | CopyAnswer::TokenMismatch(said)
            | CopyAnswer::Refused(said) => Some(said.clone()),
            CopyAnswer::NameTaken(_) => Some(format!("the name {:?} is taken", request.name)),
        };
        let started = match &answer {
            CopyAnswer::Started(image) => Some(image.clone()),
            _ => None,
        };
        let now = self.reading.clock.now();
        let change = after_copy(&self.active.policy, source, copying, answer, now);
        match (
            self.writing
                .record
                .commit(&change, now, self.writing.by)
                .await,
            said,
        ) {
            (Err(error), _) => match started {
                Some(image) if error.class == Class::Conflict => {
                    self.after_all(copying, image).await
                }
                _ => outcome(error),
            },
            (Ok(()), None) => Outcome::Done,
            (Ok(()), Some(said)) => Outcome::NotReady(said),
        }
    }

    /// Records a copy that was started while another run wrote the record: otherwise nobody would
    /// know of it.
    async fn after_all(&self, copying: &Replica, image: ImageId) -> Outcome {
        let lineage = match self.reading.record.lineage(&copying.source).await {
            Ok(lineage) => lineage,
            Err(error) => return outcome(error),
        };
        let replicas = lineage.as_ref().map(|lineage| &lineage.replicas);
        let recorded = replicas.and_then(|replicas| replicas.get(&copying.destination));
        let change = recorded.and_then(|recorded| started_after_all(recorded, copying, image));
        let Some(change) = change else {
            return Outcome::Yielded("another run wrote the record first".to_owned());
        };
        let now = self.reading.clock.now();
        let written = self.writing.record.commit(&change, now, self.writing.by);
        written.await.map_or_else(outcome, |()| Outcome::Done)
    }

    /// What a refusal means. The same call may have been made before and its answer lost: then the
    /// copy is there all the same, or will show in a while, and another attempt would make a second
    /// one.
    async fn refused(
        &self,
        copying: &Replica,
        name: &str,
        error: PortError,
    ) -> Result<CopyAnswer, Outcome> {
        let may_be_made = self.may_be_made(copying, &error);
        let named = self.reading.images.images_named(&copying.destination, name);
        let made = match named.await {
            Ok(found) => found.into_iter().find(|image| is_ours(copying, image)),
            Err(unread) if unread.class == Class::Permanent && !may_be_made => None,
            Err(unread) => return Err(outcome(unread)),
        };
        let is_early = may_be_made && self.reading.clock.now() < copying.due;
        match made {
            Some(image) => Ok(CopyAnswer::NameTaken(Some(Box::new(image)))),
            None if is_early => Err(Outcome::NotReady(format!(
                "refused, though asked for before: what came of that is looked for after {}: {error}",
                copying.due
            ))),
            None => Ok(match error.class {
                Class::Quota => CopyAnswer::QuotaFull(error.to_string()),
                Class::TokenMismatch => CopyAnswer::TokenMismatch(error.to_string()),
                _ => CopyAnswer::Refused(error.to_string()),
            }),
        }
    }

    /// Whether the copy may be there although its call was refused: the same call was made before,
    /// by an earlier run or by an earlier sending of this one.
    fn may_be_made(&self, copying: &Replica, refusal: &PortError) -> bool {
        refusal.repeated || self.was_asked_before(copying)
    }

    /// Whether an earlier run recorded that it makes the same call.
    fn was_asked_before(&self, copying: &Replica) -> bool {
        let replicas = self.before.map(|lineage| &lineage.replicas);
        let recorded = replicas.and_then(|replicas| replicas.get(&copying.destination));
        recorded.is_some_and(|recorded| {
            recorded.state == ReplicaState::Copying && recorded.request == copying.request
        })
    }

    async fn who_has(&self, copying: &Replica, name: &str) -> Result<CopyAnswer, PortError> {
        let mut found = self
            .reading
            .images
            .images_named(&copying.destination, name)
            .await?;
        Ok(CopyAnswer::NameTaken(found.pop().map(Box::new)))
    }
}

fn resources(
    image: &amiary_domain::ids::ImageId,
    snapshots: &BTreeSet<amiary_domain::ids::SnapshotId>,
) -> Vec<String> {
    std::iter::once(image.to_string())
        .chain(snapshots.iter().map(ToString::to_string))
        .collect()
}

/// A loan on an image or snapshot that is gone needs no giving back, nor does one on an image that is
/// no longer in a state to be changed: deregistered or disabled, it has lost its permissions. See
/// [EC2's error codes](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
fn taken_back(result: Result<(), PortError>, loan: bool) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(error) if loan && (error.class == Class::Gone || error.code == UNAVAILABLE) => {
            Outcome::AlreadySo
        }
        Err(error) => outcome(error),
    }
}

fn outcome(error: PortError) -> Outcome {
    match error.class {
        Class::Retry => Outcome::Failed(error),
        Class::Permanent | Class::NameTaken | Class::TokenMismatch => Outcome::Refused(error),
        Class::Conflict => {
            Outcome::Yielded("another run wrote the record first: this one yields".to_owned())
        }
        Class::Quota | Class::NotReady | Class::Gone => Outcome::NotReady(error.to_string()),
    }
}

/// Logs a step once, where it is known what became of it. A failure is told with its whole chain.
fn log(
    place: Option<&Place>,
    source: Option<&Source>,
    step: &Step,
    outcome: &Outcome,
    took: SignedDuration,
) {
    let place = place.or(source.map(|source| &source.image.place));
    let (account, region) = place.map_or(("", ""), |place| {
        (place.account.as_str(), place.region.as_str())
    });
    let id = source
        .map(|source| source.image.to_string())
        .unwrap_or_default();
    let family = source.map_or("", |source| source.family.as_str());
    let action = printable(&step.action.to_string());
    let duration_ms = took.as_millis();
    let why = match outcome {
        Outcome::Refused(error) | Outcome::Failed(error) => {
            let why = printable(&chain(error).join(": "));
            let request = error.request.as_deref().unwrap_or_default();
            warn!(
                source.id = id,
                family,
                image.account = account,
                image.region = region,
                step = action,
                outcome = outcome.word(),
                duration_ms,
                error = why,
                request.id = request,
                "step"
            );
            return;
        }
        Outcome::NotReady(why) | Outcome::Yielded(why) => printable(why),
        Outcome::Done | Outcome::AlreadySo => step.reason.clone(),
    };
    info!(
        source.id = id,
        family,
        image.account = account,
        image.region = region,
        step = action,
        outcome = outcome.word(),
        duration_ms,
        why,
        "step"
    );
}

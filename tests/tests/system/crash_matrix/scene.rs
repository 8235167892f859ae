//! Owns the worlds of the matrix: how each begins, how it goes on with its events and schedules, and
//! when it has come to its end.

use super::fault::{Boundary, Fault, boundaries};
use super::whole::{told, whole};
use amiary_domain::ids::ImageRef;
use amiary_simulator::bus::Delivering;
use amiary_simulator::{Call, FaultReport};
use amiary_tests::{PARTNER, Stage, Wants, golden};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// How often the schedules run before a world that has not come to its end is given up: three
/// hours of quarters.
const MOST_ROUNDS: usize = 12;
/// Just after the schedules' first run, and before one that failed is made again.
const FIRST_RUN: SignedDuration = SignedDuration::from_secs(15 * 60 + 30);
const FIRST_ROUND: SignedDuration = SignedDuration::from_mins(16);
const ROUND: SignedDuration = SignedDuration::from_mins(15);

/// A world of the matrix. In each, an encrypted image that a partner may launch is copied, and the
/// partner may launch the copies and make volumes from their snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// To the builder's own account and to the production account.
    TwoDestinations,
    /// To the builder's own account.
    OneDestination,
    /// To both, and no event arrives: only schedules work. Just after the first of them the source
    /// gets other tags, so that the same copy can't be asked for again but by what was recorded.
    EventsLost,
}

/// How a world ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub lines: Vec<String>,
    pub notices: BTreeSet<String>,
}

/// A world that was played to its end.
pub struct Played {
    pub calls: Vec<Call>,
    /// When the last run of the schedules began.
    last_round: Timestamp,
    pub ending: Ending,
    /// How often each notice came, by its id.
    pub told: BTreeMap<String, usize>,
    /// What became of the planned faults, those of each fault together.
    pub struck: Vec<Vec<FaultReport>>,
    /// Whether it came to an end in which it stays.
    pub has_ended: bool,
}

impl Scene {
    /// How many copies it ends with.
    pub fn destinations(self) -> usize {
        let wants = self.wants();
        wants.own.len() + wants.production.len()
    }

    fn wants(self) -> Wants {
        let production = match self {
            Self::OneDestination => Vec::new(),
            Self::TwoDestinations | Self::EventsLost => vec!["eu-west-1"],
        };
        Wants {
            own: vec!["eu-west-1"],
            production,
            sharing: "as-source = true\nsnapshots = [\"partner\"]",
            ..Wants::default()
        }
    }

    /// The world as it is when the source is published, with these faults to come.
    pub async fn begin(self, faults: &[Fault]) -> (Stage, ImageRef) {
        let mut stage = Stage::new(&self.wants()).await;
        if self == Self::EventsLost {
            stage.local.bus().set_delivery(Delivering::Lost);
        }
        for planned in faults.iter().flat_map(Fault::planned) {
            stage.world().plan_fault(planned);
        }
        let mut image = golden("golden-1");
        image.encrypted_with = Some("alias/golden".to_owned());
        let source = stage.publish(image);
        share_snapshot(&stage, &source);
        (stage, source)
    }

    /// Until just after the schedules' first run.
    async fn first_round(self, stage: &mut Stage, source: &ImageRef) {
        stage.local.pass(FIRST_RUN).await;
        if self == Self::EventsLost {
            stage.tag(source, "Released", "yes");
            stage.untag(source, "Team");
        }
        stage.local.pass(FIRST_ROUND - FIRST_RUN).await;
    }

    /// Plays a world with these faults. It has ended once all is quiet and it is as it is wanted
    /// (without that: as it was) after two runs of the schedules in a row.
    pub async fn play(self, faults: &[Fault], wanted: Option<&Ending>) -> Played {
        let (mut stage, source) = self.begin(faults).await;
        let mut before = None;
        let mut has_ended = false;
        let mut last_round = stage.world().now();
        for round in 0..MOST_ROUNDS {
            last_round = stage.world().now();
            if round == 0 {
                self.first_round(&mut stage, &source).await;
            } else {
                stage.local.pass(ROUND).await;
            }
            let ending = ending(&mut stage, &source).await;
            let is_quiet = is_quiet(&mut stage);
            let is_right = wanted.is_none_or(|wanted| ending == *wanted);
            let is_same = before.replace(ending.clone()) == Some(ending);
            let all_struck = struck(&stage, faults)
                .iter()
                .all(|attempts| attempts[0].fired > 0);
            if is_quiet && is_right && is_same && all_struck {
                has_ended = true;
                break;
            }
        }
        Played {
            calls: stage.world().calls(),
            last_round,
            ending: before.expect("a world is played for a while"),
            told: told(&stage.inbox()).1,
            struck: struck(&stage, faults),
            has_ended,
        }
    }
}

/// The source's owner lets the partner make volumes from its snapshot, too.
fn share_snapshot(stage: &Stage, source: &ImageRef) {
    let (account, region) = (source.place.account.as_str(), source.place.region.as_str());
    let image = stage.world().image(account, region, source.id.as_str());
    let snapshot = image.expect("it was published").snapshots.remove(0);
    let partner = json!({"Add": [{"UserId": PARTNER}]});
    let parameters = json!({"SnapshotId": snapshot.id, "Attribute": "createVolumePermission",
                            "CreateVolumePermission": partner});
    let shared = stage.world().perform(
        account,
        region,
        "ec2",
        "ModifySnapshotAttribute",
        parameters,
    );
    shared.expect("it is shared");
}

/// What became of each fault's planned attempts.
fn struck(stage: &Stage, faults: &[Fault]) -> Vec<Vec<FaultReport>> {
    let mut reports = stage.world().fault_report().into_iter();
    let of = |fault: &Fault| reports.by_ref().take(fault.planned().len()).collect();
    faults.iter().map(of).collect()
}

/// What each run of the schedules calls in a world in which nothing is left to do.
pub async fn idle_rounds(rounds: usize) -> Vec<Vec<Boundary>> {
    let (mut stage, _) = Scene::TwoDestinations.begin(&[]).await;
    stage.local.pass(FIRST_ROUND).await;
    let mut idle = Vec::new();
    for _ in 0..rounds {
        stage.world().forget_calls();
        stage.local.pass(ROUND).await;
        let calls = boundaries(&stage.world().calls());
        idle.push(calls.into_iter().map(|(_, at)| at).collect());
    }
    idle
}

/// How a world is now.
async fn ending(stage: &mut Stage, source: &ImageRef) -> Ending {
    Ending {
        lines: whole(stage, source).await,
        notices: told(&stage.inbox()).0,
    }
}

/// Whether nothing happens any more but the schedules.
fn is_quiet(stage: &mut Stage) -> bool {
    stage.world().next_change().is_none() && stage.local.bus().next_work().is_none()
}

impl Played {
    /// The calls of the functions. Where the last run of the schedules made the calls of the one
    /// before it, it is left out.
    pub fn boundaries(&self) -> Vec<(usize, Boundary)> {
        let mut all = boundaries(&self.calls);
        let names: Vec<Boundary> = all.iter().map(|(_, at)| at.uncounted()).collect();
        let is_before = |(place, _): &(usize, Boundary)| self.calls[*place].at <= self.last_round;
        let (before, last) = names.split_at(all.partition_point(is_before));
        if before.ends_with(last) {
            all.truncate(before.len());
        }
        all
    }

    /// What is wrong with it, where it should have ended like another in spite of these faults.
    pub fn problems(&self, faults: &[Fault], wanted: &Ending) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.has_ended {
            problems.push("it has not come to an end".to_owned());
        }
        let (is, was) = (&self.ending, wanted);
        let differences = |these: &[String], those: &[String], word: &str| -> Vec<String> {
            let only = these.iter().filter(|line| !those.contains(line));
            only.map(|line| format!("{word} {line}")).collect()
        };
        problems.extend(differences(&was.lines, &is.lines, "missing:"));
        problems.extend(differences(&is.lines, &was.lines, "instead:"));
        if is.notices != was.notices {
            problems.push(format!("told {:?}, not {:?}", is.notices, was.notices));
        }
        problems.extend(self.publications(faults, wanted));
        problems.extend(self.second_copies());
        problems.extend(self.misses(faults));
        problems
    }

    /// Each notice is published once; once more only where it was published and not marked.
    fn publications(&self, faults: &[Fault], wanted: &Ending) -> Option<String> {
        let again: usize = faults.iter().map(Fault::publishes_again).sum();
        let published: usize = self.told.values().sum();
        let (ids, most) = (self.told.len(), wanted.notices.len() + again);
        // Of two faults one may take away what the other would have done.
        let is_right = if faults.len() < 2 {
            published == most
        } else {
            published <= most
        };
        (ids != wanted.notices.len() || !is_right)
            .then(|| format!("{most} publications are allowed: {:?}", self.told))
    }

    /// No place has more than one image of `CopyImage`'s making.
    fn second_copies(&self) -> Option<String> {
        let mut made: BTreeMap<(&str, &str), BTreeSet<&String>> = BTreeMap::new();
        let copies = self
            .calls
            .iter()
            .filter(|call| call.operation == "CopyImage");
        for call in copies.filter(|call| call.error.is_none()) {
            let own = format!("arn:aws:ec2:{}::image/", call.region);
            let images = call.resources.iter().filter(|arn| arn.starts_with(&own));
            made.entry((&call.account, &call.region))
                .or_default()
                .extend(images);
        }
        let second = made.iter().find(|(_, images)| images.len() != 1);
        second.map(|(place, images)| format!("{place:?} got the copies {images:?}"))
    }

    /// The faults that did not strike where they should.
    fn misses(&self, faults: &[Fault]) -> Vec<String> {
        let mut misses = Vec::new();
        for (index, (fault, reports)) in faults.iter().zip(&self.struck).enumerate() {
            let further = faults[..index]
                .iter()
                .any(|first| fault.at.is_attempt_of(&first.at));
            for (attempt, report) in reports.iter().enumerate() {
                // The SDK has fewer attempts left where the fault before took some.
                if report.fired != 1 && !(further && attempt > 0) {
                    misses.push(format!("{fault}: attempt {} was not met", attempt + 1));
                }
            }
        }
        misses
    }
}

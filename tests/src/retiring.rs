//! Owns an engine that carries verdicts out, with the calls and at the pace that Amiary will keep to:
//! the product itself retires nothing yet. It can be broken in one way, for the safety oracle to see.

use crate::account::{Account, TABLE, topic};
use crate::{BUILDER, SOURCE_REGION};
use amiary_aws::USER_AGENT_WORD;
use amiary_domain::ids::{ImageRef, Region};
use amiary_domain::image::ImageState;
use amiary_domain::policy::Policy;
use amiary_domain::retention::{Reason, Retirement, Stage, Subject, Verdict, judge};
use amiary_engine::ports::ReadRecord;
use amiary_engine::retention::{Scope, Survey, survey};
use amiary_simulator::client::{self, Caller};
use amiary_simulator::oracle::{Cap, Delays, Family, Keep, Safeguards};
use amiary_simulator::{ApiError, ImageView};
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many images a call may take in a day.
pub const CAP: usize = 20;
/// How often it looks.
const STEP: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How often it looks in all: enough for every stage, and for what is over a cap.
const STEPS: usize = 12;
/// How long after it was asked for a deprecation is in force.
const SOON: SignedDuration = SignedDuration::from_mins(2);
/// The attribute and the value that tell notices of retirement.
const NOTICE: (&str, &str) = ("kind", "retirement");

/// What is wrong with an engine.
#[derive(Debug, Clone)]
pub enum Flaw {
    /// Nothing.
    None,
    /// Some reasons keep no image.
    Overlooks(fn(&Reason) -> bool),
    /// Owners are told nothing.
    Unannounced,
    /// Owners are told, and not of which image.
    Nameless,
    /// A stage follows the one before at once.
    Hasty,
    /// A day has no end.
    Uncapped,
    /// An image is judged that the record doesn't know.
    TakesIn(ImageRef),
    /// A snapshot is deleted whatever else it is for.
    AnySnapshot,
    /// Snapshots are deleted before their image is deregistered.
    SnapshotsFirst,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// The deregistered images.
    pub gone: BTreeSet<ImageRef>,
    /// The deleted snapshots.
    pub deleted: BTreeSet<String>,
    /// What AWS refused.
    pub refused: Vec<String>,
}

/// Retires what an account's verdicts let go, over twelve weeks.
///
/// # Panics
/// Where the account can't be surveyed.
pub async fn retire(account: &Account, flaw: Flaw) -> Done {
    let mut engine = Engine {
        account,
        flaw,
        stages: BTreeMap::new(),
        taken: BTreeMap::new(),
        done: Done::default(),
    };
    for _ in 0..STEPS {
        let stages = if matches!(engine.flaw, Flaw::Hasty) {
            4
        } else {
            1
        };
        for _ in 0..stages {
            engine.turn().await;
        }
        account.world().advance(STEP);
        engine.taken.clear();
    }
    engine.done
}

struct Engine<'a> {
    account: &'a Account,
    flaw: Flaw,
    stages: BTreeMap<ImageRef, (Stage, Timestamp)>,
    taken: BTreeMap<Stage, usize>,
    done: Done,
}

impl Engine<'_> {
    async fn turn(&mut self) {
        let session = self.account.person.session().await.expect("a policy");
        let policy = &session.active.policy;
        let before = session.aws().tally().await.expect("readable");
        let stages = self.stages.iter();
        let scope = Scope {
            retirements: stages
                .map(|(image, stage)| (image.clone(), Retirement { at: Some(*stage) }))
                .collect(),
            ..Scope::default()
        };
        let reading = session.reading();
        let looked = survey(reading, session.aws(), policy, &scope, &before).await;
        let survey = self.inventory(looked.expect("readable"));
        for (subject, to) in self.going(policy, &survey) {
            let at = &subject.image.at;
            if to != Stage::Marked && !self.may_take(to) {
                continue;
            }
            match self.carry_out(at, to) {
                Ok(()) => {
                    let now = self.account.world().now();
                    self.stages.insert(at.clone(), (to, now));
                }
                Err(error) => self.done.refused.push(format!("{at}: {error}")),
            }
        }
    }

    /// What was found, with how far each image is by this engine's own account.
    fn inventory(&self, mut survey: Survey) -> Survey {
        if let Flaw::TakesIn(image) = &self.flaw
            && !self.done.gone.contains(image)
        {
            let alike = survey.inventory.iter();
            let mut alike = alike.filter(|one| one.image.at.place == image.place);
            let mut subject = alike.next().expect("another image there").clone();
            let view = self.account.view(image);
            subject.image.at = image.clone();
            subject.image.name = view.name;
            subject.image.state = match view.state.as_str() {
                "disabled" => ImageState::Disabled,
                _ => ImageState::Available,
            };
            subject.image.created = Some(view.created);
            let snapshots = view.snapshots.iter();
            subject.image.snapshots = snapshots
                .map(|one| one.id.parse().expect("an id"))
                .collect();
            subject.version = Some(view.created);
            survey.inventory.push(subject);
            let asked = survey.evidence.asked.entry(image.place.clone());
            asked.or_default().insert(image.id.clone());
        }
        for subject in &mut survey.inventory {
            subject.retirement.at = self.stages.get(&subject.image.at).copied();
        }
        survey
    }

    fn going(&self, policy: &Policy, survey: &Survey) -> Vec<(Subject, Stage)> {
        let now = self.account.world().now();
        let judged = judge(policy, &survey.inventory, &survey.evidence, now);
        let both = survey.inventory.iter().zip(judged);
        let going = both.filter_map(|(subject, judged)| {
            let (to, not_before) = match judged.verdict {
                Verdict::Retire { to, not_before } => (to, not_before),
                Verdict::Keep(reasons) => {
                    let Flaw::Overlooks(overlooks) = self.flaw else {
                        return None;
                    };
                    let retirement = subject.retirement;
                    let family = &policy.families[&subject.family];
                    let not_before = retirement.not_before(&family.retention.delays);
                    let to = retirement
                        .next()
                        .filter(|_| reasons.iter().all(overlooks))?;
                    (to, not_before.unwrap_or(now))
                }
            };
            let due = not_before <= now || matches!(self.flaw, Flaw::Hasty);
            let again = self.done.gone.contains(&subject.image.at);
            (due && !again).then(|| (subject.clone(), to))
        });
        going.collect()
    }

    fn may_take(&mut self, to: Stage) -> bool {
        let taken = self.taken.entry(to).or_default();
        *taken += 1;
        *taken <= CAP || matches!(self.flaw, Flaw::Uncapped)
    }

    fn carry_out(&mut self, at: &ImageRef, to: Stage) -> Result<(), ApiError> {
        let (region, id) = (&at.place.region, at.id.as_str());
        match to {
            Stage::Marked => self.tell(at),
            Stage::Deprecated => {
                let then = self.account.world().now() + SOON;
                let asked = json!({"ImageId": id, "DeprecateAt": then.to_string()});
                self.ask(region, "EnableImageDeprecation", &asked)
            }
            Stage::Disabled => self.ask(region, "DisableImage", &json!({"ImageId": id})),
            Stage::Deregistered => {
                let view = self.account.view(at);
                if matches!(self.flaw, Flaw::SnapshotsFirst) {
                    self.delete(region, &view);
                }
                self.ask(region, "DeregisterImage", &json!({"ImageId": id}))?;
                self.done.gone.insert(at.clone());
                self.delete(region, &view);
                Ok(())
            }
        }
    }

    /// Tells the owner which image is about to go, and how to hold it.
    fn tell(&self, at: &ImageRef) -> Result<(), ApiError> {
        let image = match self.flaw {
            Flaw::Unannounced => return Ok(()),
            Flaw::Nameless => "an image".to_owned(),
            _ => at.to_string(),
        };
        let message = format!("{image} is to be retired; give it the tag Keep to hold it");
        let attribute = json!({"DataType": "String", "StringValue": NOTICE.1});
        let asked = json!({"TopicArn": topic(), "Message": message,
                           "MessageAttributes": {NOTICE.0: attribute}});
        let home = SOURCE_REGION.parse().expect("a Region");
        self.call(&home, ("sns", "Publish"), &asked).map(|_| ())
    }

    /// Deletes the snapshots that were made for an image and serve no other.
    fn delete(&mut self, region: &Region, view: &ImageView) {
        for snapshot in &view.snapshots {
            let asked = json!({"SnapshotId": snapshot.id});
            if !matches!(self.flaw, Flaw::AnySnapshot)
                && !self.is_its_own(region, view, &snapshot.id)
            {
                continue;
            }
            match self.ask(region, "DeleteSnapshot", &asked) {
                Ok(()) => {
                    self.done.deleted.insert(snapshot.id.clone());
                }
                Err(error) => self.done.refused.push(format!("{}: {error}", snapshot.id)),
            }
        }
    }

    fn is_its_own(&self, region: &Region, view: &ImageView, snapshot: &str) -> bool {
        let asked = json!({"SnapshotIds": [snapshot]});
        let listed = self.call(region, ("ec2", "DescribeSnapshots"), &asked);
        let listed = listed.expect("a snapshot of an image");
        let started = listed["Snapshots"][0]["StartTime"].as_str();
        let started: Timestamp = started.expect("a time").parse().expect("a time");
        let images = self.account.world().images(BUILDER, region.as_str());
        let mut others = images.iter().filter(|other| other.id != view.id);
        started >= view.created
            && !others.any(|other| other.snapshots.iter().any(|of| of.id == snapshot))
    }

    fn ask(&self, region: &Region, operation: &str, asked: &Value) -> Result<(), ApiError> {
        self.call(region, ("ec2", operation), asked).map(|_| ())
    }

    fn call(
        &self,
        region: &Region,
        target: (&str, &str),
        asked: &Value,
    ) -> Result<Value, ApiError> {
        let caller = Caller {
            access_key_id: BUILDER.to_owned(),
            region: region.as_str().to_owned(),
        };
        let mut request = client::request(&caller, target, asked)?;
        let word = HeaderValue::from_static(USER_AGENT_WORD);
        request.headers_mut().insert("user-agent", word);
        client::result(target, &self.account.world().call(request))
    }
}

/// The policy of an account with one family, a second time.
pub fn safeguards(account: &Account) -> Safeguards {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let keep = Keep {
        last: 3,
        lasting: days(90),
    };
    let images = account.world().images(BUILDER, SOURCE_REGION);
    let sources = images.into_iter().filter(|one| one.name.starts_with("f0-"));
    let family = Family {
        name: "f0".to_owned(),
        sources: sources.map(|one| one.id).collect(),
        keep_sources: keep,
        keep_replicas: keep,
        delays: Delays {
            deprecation: days(7),
            disabling: days(14),
            deregistration: days(14),
        },
        hold_tags: vec![("Keep".to_owned(), None)],
    };
    let cap = Cap {
        count: Some(CAP),
        percent: None,
    };
    let capped = ["EnableImageDeprecation", "DisableImage", "DeregisterImage"];
    Safeguards {
        families: vec![family],
        accounts: BTreeSet::from([BUILDER.to_owned()]),
        parameters: (0..100)
            .map(|number| format!("/declared/{number}"))
            .collect(),
        most_per_day: capped.map(|call| (call.to_owned(), cap)).into(),
        table: TABLE.to_owned(),
        topics: BTreeSet::from([topic()]),
        notice: Some((NOTICE.0.to_owned(), NOTICE.1.to_owned())),
        ..Safeguards::default()
    }
}

//! Owns the world of a seed and the passing of time in it: what is due is invoked, several at once,
//! people do what they do, and after each step everything is looked at.

use super::dice::Dice;
use super::draw::{ACCOUNTS, KEYS, REGIONS};
use super::people::{Made, People};
use super::policy::{Policy, Spot};
use super::scenario::{CallFault, NewSource, Scenario};
use super::story;
use super::watch::Watch;
use crate::{BUILDER, PRODUCTION, SOURCE_REGION};
use amiary_aws::Aws;
use amiary_cli::local::{Circumstances, Drawing, Local, Process, clients};
use amiary_domain::ids::ImageRef;
use amiary_domain::observation::Mandate;
use amiary_engine::ports::{ReadRecord, StorePolicy};
use amiary_engine::run::look_at;
use amiary_simulator::bus::{Delivering, Delivery, Kind};
use amiary_simulator::{EventFaults, ImageView, LaunchPermission, NewImage, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The world of a seed.
pub(super) struct Stage {
    pub world: World,
    pub local: Local,
    /// Reads the record for whoever checks it, and stores policies.
    pub admin: Aws,
    pub people: People,
    pub watch: Watch,
    pub scenario: Scenario,
    pub begin: Timestamp,
    /// The published images, by their number.
    pub images: Vec<Option<String>>,
    pub keys: BTreeMap<(Spot, &'static str), String>,
    /// What happened, for the story of a seed.
    pub told: Vec<String>,
    /// Whether things may still go wrong.
    pub is_faulty: bool,
    /// Whether no schedule is heeded.
    pub is_between_runs: bool,
    chance: Dice,
    circumstances: Drawing,
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<Value, String>> + 'a>>;

impl Stage {
    /// The world as the seed begins: nothing is published yet.
    pub(super) async fn new(seed: u64, scenario: Scenario) -> Self {
        let world = World::new(seed);
        world.create_role(PRODUCTION, "amiary");
        world.create_topic(BUILDER, SOURCE_REGION, "platform-images");
        let mut keys = BTreeMap::new();
        for account in ACCOUNTS {
            for region in REGIONS {
                for alias in KEYS {
                    let key = world.create_key(account, region, alias);
                    for other in ACCOUNTS.iter().filter(|other| **other != account) {
                        world.share_key(&key, other);
                    }
                    keys.insert((Spot::new(account, region), alias), key);
                }
            }
        }
        let document = scenario.policy.document();
        let mut local = Local::start(world.clone(), &document)
            .await
            .expect("the stack starts");
        let circumstances = circumstances(seed, &scenario);
        local.set_circumstances(Arc::clone(&circumstances));
        // Schedules that are due as the world begins have nothing to do yet.
        while let Some(delivery) = local.due() {
            local.bus().done(world.now(), delivery.id, Ok(Value::Null));
        }
        world.forget_calls();
        let begin = world.now();
        let people = People {
            policies: vec![(begin, scenario.policy.clone())],
            ..People::default()
        };
        let mut stage = Self {
            admin: clients(&world, BUILDER, "administrator").await,
            images: vec![None; scenario.images.len()],
            watch: Watch::default(),
            told: Vec::new(),
            is_faulty: true,
            is_between_runs: false,
            chance: Dice::new(seed, 5),
            people,
            circumstances,
            begin,
            keys,
            local,
            world,
            scenario,
        };
        stage.begin_faults();
        stage
    }

    fn begin_faults(&mut self) {
        let Scenario {
            faults,
            events,
            lag,
            quota,
            ..
        } = &self.scenario;
        for fault in faults.iter().flat_map(CallFault::planned) {
            self.world.plan_fault(fault);
        }
        if let Some(events) = events {
            let share = |percent| f64::from(percent) / 100.0;
            self.world.set_event_faults(EventFaults {
                lost: share(events.lost),
                doubled: share(events.doubled),
                delayed: share(events.delayed),
                longest_delay: SignedDuration::from_hours(events.hours),
                reordered: share(events.reordered),
            });
        }
        if let Some(seconds) = lag {
            self.world.set_list_lag(SignedDuration::from_secs(*seconds));
        }
        if let Some(quota) = quota {
            self.world.set_concurrent_copies(*quota);
        }
    }

    /// Faults end and people mend what they can: keys, caps, quotas. Images stay as they are.
    pub(super) async fn end_faults(&mut self) {
        self.note("faults end");
        self.is_faulty = false;
        self.world.forget_faults();
        self.world.set_event_faults(EventFaults::default());
        self.world.set_list_lag(SignedDuration::ZERO);
        self.world.set_concurrent_copies(300);
        for key in self.keys.values() {
            self.world.set_key_enabled(key, true);
        }
        let keys: Vec<(Spot, &str, String)> = self
            .keys
            .iter()
            .map(|((spot, alias), key)| (spot.clone(), *alias, key.clone()))
            .collect();
        for (spot, alias, key) in keys {
            let parameters = json!({ "AliasName": alias, "TargetKeyId": key });
            // Only what was removed can be made again.
            let _ = self.perform(&spot, "kms", "CreateAlias", parameters);
        }
        self.circumstances = Arc::new(Circumstances::default);
        self.local
            .set_circumstances(Arc::clone(&self.circumstances));
        if self.scenario.is_deaf {
            self.local.bus().set_delivery(Delivering::Lost);
        }
        let without_caps = self.people.policy().without_caps();
        if without_caps != *self.people.policy() {
            self.replace_policy(without_caps).await;
        }
    }

    /// Notes something for the seed's story.
    pub(super) fn note(&mut self, what: impl std::fmt::Display) {
        let after = story::after(self.world.now(), self.begin);
        self.told.push(format!("{after} {what}"));
    }

    /// Stores another policy as the active one.
    pub(super) async fn replace_policy(&mut self, policy: Policy) {
        let active = self.admin.active_policy().await.expect("readable");
        let after = active.map_or(0, |active| active.number);
        let now = self.world.now();
        self.admin
            .apply_policy(&policy.document(), after, now, "administrator")
            .await
            .expect("stored");
        self.people.policies.push((now, policy));
    }

    /// Does something as the owner of an account.
    pub(super) fn perform(
        &mut self,
        spot: &Spot,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, String> {
        let (account, region) = (spot.account.as_str(), spot.region.as_str());
        self.world
            .perform(account, region, service, operation, parameters)
            .map_err(|error| error.to_string())
    }

    /// Publishes an image of the scenario.
    pub(super) fn publish(&mut self, number: usize) {
        let image = new_image(&self.scenario.images[number]);
        match self.world.try_publish_image(image) {
            Ok(id) => {
                self.note(format!("image {number} is published as {id}"));
                let spot = self.scenario.images[number].spot.clone();
                self.made(&spot, &id);
                self.images[number] = Some(id);
            }
            Err(error) => self.note(format!("image {number} can't be published: {error}")),
        }
    }

    /// Writes down that people made an image.
    pub(super) fn made(&mut self, spot: &Spot, id: &str) {
        let view = self.view(spot, id).expect("it was just made");
        self.people.made.insert(id.to_owned(), Made::of(&view));
    }

    /// An image as it is.
    pub(super) fn view(&self, spot: &Spot, id: &str) -> Option<ImageView> {
        self.world.image(&spot.account, &spot.region, id)
    }

    /// Lets time pass, with all that happens in it, the schedules too.
    pub(super) async fn pass(&mut self, until: Timestamp) {
        while self.watch.broken.is_empty() {
            let due = self.due();
            if !due.is_empty() {
                self.invoke(due, Vec::new()).await;
                continue;
            }
            match self.local.next_moment() {
                Some(next) if next <= until => self.local.pass_until(next),
                _ => break,
            }
        }
        if self.world.now() < until {
            self.local.pass_until(until);
        }
    }

    /// Everything that is due now. While things go wrong, a schedule may be missed.
    pub(super) fn due(&mut self) -> Vec<Delivery> {
        let mut due = Vec::new();
        while let Some(delivery) = self.local.due() {
            if matches!(delivery.kind, Kind::Schedule(_)) && self.is_missed() {
                let now = self.world.now();
                self.local.bus().done(now, delivery.id, Ok(Value::Null));
                continue;
            }
            due.push(delivery);
        }
        due
    }

    fn is_missed(&self) -> bool {
        let missed = self.scenario.missed.filter(|_| self.is_faulty);
        self.is_between_runs || missed.is_some_and(|percent| self.chance.percent(percent))
    }

    /// Invokes functions for what is due, and others by hand, all at once.
    pub(super) async fn invoke(&mut self, due: Vec<Delivery>, by_hand: Vec<ByHand>) {
        let mut people = Vec::new();
        for one in &by_hand {
            if let ByHand::Replicate(_) = one {
                let circumstances = (self.circumstances)();
                people
                    .push(Process::start(&self.world, "engineer", "amiary", &circumstances).await);
            }
        }
        let mut free = people.iter();
        let mut running: Vec<Running> = Vec::new();
        for delivery in &due {
            let payload = delivery.payload.clone();
            running.push(Box::pin(
                self.local.invoke_by_hand(&delivery.function, payload),
            ));
        }
        for one in &by_hand {
            running.push(match one {
                ByHand::Reconcile => {
                    Box::pin(self.local.invoke_by_hand("ReconcileFunction", Value::Null))
                }
                ByHand::Replicate(image) => {
                    let process = free.next().expect("one for each");
                    Box::pin(replicate_by_hand(process, image))
                }
            });
        }
        let results = futures_util::future::join_all(running).await;
        self.look();
        let names = due.iter().map(|delivery| delivery.function.clone());
        let names: Vec<String> = names
            .chain(by_hand.iter().map(ToString::to_string))
            .collect();
        for (name, result) in names.iter().zip(&results) {
            let said = match result {
                Ok(_) => "done".to_owned(),
                Err(error) => error.chars().take(160).collect(),
            };
            self.note(format!("{name} ends: {said}"));
        }
        let now = self.world.now();
        for (delivery, result) in due.iter().zip(results) {
            self.local.bus().done(now, delivery.id, result);
        }
    }

    /// Looks at everything that changed.
    pub(super) fn look(&mut self) {
        let calls = self.world.take_calls();
        self.told.extend(
            calls
                .iter()
                .filter_map(|call| story::line(call, self.begin)),
        );
        let views: Vec<ImageView> = ACCOUNTS
            .iter()
            .flat_map(|account| REGIONS.map(|region| self.world.images(account, region)))
            .flatten()
            .collect();
        self.watch.look(&mut self.people, &self.keys, calls, views);
    }
}

/// Something that is run by hand.
pub(super) enum ByHand {
    Reconcile,
    Replicate(ImageRef),
}

impl std::fmt::Display for ByHand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reconcile => f.write_str("another reconcile"),
            Self::Replicate(image) => write!(f, "amiary replicate {image}"),
        }
    }
}

async fn replicate_by_hand(process: &Process, image: &ImageRef) -> Result<Value, String> {
    let run = async {
        let session = process
            .worker()
            .session()
            .await
            .map_err(|error| error.to_string())?;
        let (reading, writing) = (session.reading(), session.writing());
        look_at(
            reading,
            writing,
            &session.active,
            image,
            Mandate::Person,
            None,
        )
        .await
        .map_err(|error| error.to_string())
    };
    match process.run(run).await {
        Some(Ok(report)) => Ok(json!({ "steps": report.applied.len() })),
        Some(Err(error)) => Err(error),
        None => Err("it crashed".to_owned()),
    }
}

fn circumstances(seed: u64, scenario: &Scenario) -> Drawing {
    let chance = Arc::new(Dice::new(seed, 4));
    let (yields, clocks) = (scenario.yields, scenario.clocks);
    Arc::new(move || {
        let turns = Arc::clone(&chance);
        let off = clocks.map_or(0, |most| chance.between(-most * 60, most * 60));
        Circumstances {
            yields: Arc::new(move || {
                let drawn = yields.map_or(0, |most| turns.below(most + 1));
                u32::try_from(drawn).unwrap_or_default()
            }),
            clock_error: SignedDuration::from_secs(off),
        }
    })
}

fn new_image(source: &NewSource) -> NewImage {
    let mut image = NewImage::new(&source.spot.account, &source.spot.region, &source.name);
    image.tags = source
        .tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    image.extra_volumes = source.volumes;
    image.encrypted_with = source.is_encrypted.then(|| "alias/golden".to_owned());
    let owner = source.spot.account.as_str();
    image.launch_permissions = source
        .shared_with
        .iter()
        .filter(|account| **account != owner)
        .map(|account| LaunchPermission::Account((*account).to_owned()))
        .collect();
    if source.is_public {
        image.launch_permissions.push(LaunchPermission::All);
    }
    image
}

//! A world small enough to be seen through: one source, its record and its replicas, and the steps
//! of a plan applied to them as AWS would.

use crate::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use crate::image::{Image, ImageState, Key, LaunchPermission, Snapshot, Tags};
use crate::lineage::{Lineage, Record, Replica, Source};
use crate::observation::{ImageFacts, Mandate, Observation, Seen};
use crate::plan::{Action, ActivePolicy, CopyAnswer, Plan, after_copy};
use crate::policy::{
    Account, Caps, Destination, Encryption, Family, Owner, Pattern, Policy, Ready, References,
    Retention, Selection, Sharing, TagRules, WorkingHours,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const BUILDER: &str = "111111111111";
pub(super) const OTHER: &str = "222222222222";

pub(super) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(super) fn place(text: &str) -> Place {
    text.parse().unwrap()
}

pub(super) fn source_ref() -> ImageRef {
    "111111111111/us-east-1/ami-00000001".parse().unwrap()
}

pub(super) fn grants(numbers: &[u8]) -> BTreeSet<LaunchPermission> {
    numbers
        .iter()
        .map(|n| LaunchPermission::Account(account(&format!("9000000000{n:02}"))))
        .collect()
}

pub(super) fn family(places: &[&str]) -> Family {
    Family {
        name: "web".to_owned(),
        owner: "platform".to_owned(),
        select: Selection {
            accounts: BTreeSet::from([account(BUILDER)]),
            regions: BTreeSet::from(["us-east-1".parse().unwrap()]),
            name: Pattern::new("golden-*"),
            tags: BTreeMap::new(),
            not_before: None,
        },
        ready: Ready::Available,
        destinations: places
            .iter()
            .map(|text| {
                let encryption = Encryption::Key("alias/golden".to_owned());
                (
                    place(text),
                    Destination {
                        place: place(text),
                        encryption,
                    },
                )
            })
            .collect(),
        sharing: Sharing::default(),
        tags: TagRules {
            copy: true,
            drop: Vec::new(),
            add: Tags::new(),
        },
        retention: Retention::default(),
    }
}

/// A replica of the toy's source that is wanted at a place.
pub(super) fn wanted(at: &str) -> Replica {
    let mut toy = Toy::new(family(&[at]));
    toy.apply(&toy.plan(Mandate::Event));
    let source = toy.lineage.unwrap().source;
    Replica::wanted(&source, &place(at), 1, Timestamp::UNIX_EPOCH)
}

#[derive(Debug)]
pub(super) struct Toy {
    pub active: ActivePolicy,
    pub source: ImageFacts,
    pub lineage: Option<Lineage>,
    pub images: BTreeMap<Place, ImageFacts>,
    pub keys: BTreeMap<Place, Seen<Key>>,
    pub now: Timestamp,
    made: u32,
}

impl Toy {
    pub fn new(family: Family) -> Self {
        let keys = family
            .destinations
            .keys()
            .map(|p| (p.clone(), Seen::Read(key(p))))
            .collect();
        let owner = Owner {
            topic: "arn:aws:sns:us-east-1:111111111111:images".to_owned(),
        };
        let policy = Policy {
            accounts: [BUILDER, OTHER]
                .map(|id| {
                    (
                        account(id),
                        Account {
                            name: id.to_owned(),
                            role: None,
                        },
                    )
                })
                .into(),
            owners: BTreeMap::from([("platform".to_owned(), owner)]),
            families: BTreeMap::from([("web".to_owned(), family)]),
            references: References::default(),
            waivers: BTreeMap::new(),
            working_hours: WorkingHours::default(),
            caps: Caps {
                copies_per_run: 100,
                revocations_per_run: 100,
                ..Caps::default()
            },
        };
        let snapshot: SnapshotId = "snap-00000001".parse().unwrap();
        let mut source = facts(source_ref(), "golden-1", snapshot.clone(), None);
        source
            .volume_permissions
            .insert(snapshot, Seen::Read(BTreeSet::new()));
        Self {
            active: ActivePolicy {
                revision: 1,
                since: Timestamp::UNIX_EPOCH,
                policy,
            },
            source,
            lineage: None,
            images: BTreeMap::new(),
            keys,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            made: 1,
        }
    }

    pub fn family(&mut self) -> &mut Family {
        self.active.policy.families.get_mut("web").unwrap()
    }

    pub fn observe(&self, mandate: Mandate) -> Observation {
        Observation {
            image: source_ref(),
            source: Seen::Read(self.source.clone()),
            lineage: self.lineage.clone(),
            parent: None,
            replicas: self
                .images
                .iter()
                .map(|(p, f)| (p.clone(), Seen::Read(f.clone())))
                .collect(),
            keys: self.keys.clone(),
            mandate,
        }
    }

    pub fn plan(&self, mandate: Mandate) -> Plan {
        super::super::plan(&self.active, &self.observe(mandate), self.now)
    }

    /// Applies plans until one is empty; answers how many it took, or panics.
    pub fn converge(&mut self, mandate: Mandate) -> Vec<Plan> {
        let mut plans = Vec::new();
        for _ in 0..12 {
            let plan = self.plan(mandate);
            if plan.is_empty() {
                return plans;
            }
            self.apply(&plan);
            self.now += SignedDuration::from_mins(15);
            plans.push(plan);
        }
        panic!("still not converged: {:#?}", plans.last());
    }

    pub fn apply(&mut self, plan: &Plan) {
        let steps: Vec<Action> = plan.steps().map(|(_, step)| step.action.clone()).collect();
        for action in steps {
            self.step(action);
        }
    }

    /// Applies what concerns the source's record, and nothing else: the run dies there.
    pub fn apply_source_only(&mut self, plan: &Plan) {
        for step in &plan.source {
            self.step(step.action.clone());
        }
    }

    fn step(&mut self, action: Action) {
        match action {
            Action::Write(change) => self.write(change.record),
            Action::Copy(replica) => self.copy(&replica),
            Action::Tag { place, tags, .. } => {
                self.on(&place, |all| all.extend(tags.clone()));
            }
            Action::Untag { place, keys, .. } => {
                self.on(&place, |all| all.retain(|key, _| !keys.contains(key)));
            }
            Action::Share { image, add } => self.permissions(&image).extend(add),
            Action::Unshare { image, remove, .. } => {
                self.permissions(&image).retain(|p| !remove.contains(p));
            }
            Action::ShareSnapshot {
                place,
                snapshot,
                add,
            } => self.volumes(&place, snapshot).extend(add),
            Action::UnshareSnapshot {
                place,
                snapshot,
                remove,
                ..
            } => {
                self.volumes(&place, snapshot)
                    .retain(|account| !remove.contains(account));
            }
        }
    }

    fn write(&mut self, record: Record) {
        match record {
            Record::Source(mut source) => {
                let stored = self.lineage.as_ref().map_or(0, |l| l.source.version);
                assert_eq!(source.version, stored, "a write over another version");
                source.version += 1;
                match &mut self.lineage {
                    Some(lineage) => lineage.source = *source,
                    None => self.lineage = Some(lineage_of(*source)),
                }
            }
            Record::Replica(mut replica) => {
                let lineage = self.lineage.as_mut().unwrap();
                let stored = lineage
                    .replicas
                    .get(&replica.destination)
                    .map_or(0, |r| r.version);
                assert_eq!(replica.version, stored, "a write over another version");
                replica.version += 1;
                lineage
                    .replicas
                    .insert(replica.destination.clone(), *replica);
            }
        }
    }

    fn copy(&mut self, replica: &Replica) {
        self.made += 1;
        let id: ImageId = format!("ami-{:08x}", self.made).parse().unwrap();
        let snapshot: SnapshotId = format!("snap-{:08x}", self.made).parse().unwrap();
        let at = ImageRef::new(replica.destination.clone(), id.clone());
        let request = replica.request.clone().unwrap();
        let mut copied = facts(at, &request.name, snapshot, request.key.clone());
        copied.image.tags.clone_from(&request.tags);
        if let Seen::Read(snapshots) = &mut copied.snapshots {
            for snapshot in snapshots.values_mut() {
                snapshot.tags.clone_from(&request.tags);
            }
        }
        self.images.insert(replica.destination.clone(), copied);
        let source = &self.lineage.as_ref().unwrap().source;
        let answer = CopyAnswer::Started(id);
        let change = after_copy(&self.active.policy, source, replica, answer, self.now);
        self.write(change.record);
    }

    fn on(&mut self, place: &Place, change: impl Fn(&mut Tags)) {
        let facts = self.images.get_mut(place).unwrap();
        change(&mut facts.image.tags);
        if let Seen::Read(snapshots) = &mut facts.snapshots {
            for snapshot in snapshots.values_mut() {
                change(&mut snapshot.tags);
            }
        }
    }

    pub fn permissions(&mut self, image: &ImageRef) -> &mut BTreeSet<LaunchPermission> {
        let facts = if *image == source_ref() {
            &mut self.source
        } else {
            self.images.get_mut(&image.place).unwrap()
        };
        match &mut facts.permissions {
            Seen::Read(permissions) => permissions,
            other => panic!("{other:?}"),
        }
    }

    fn volumes(&mut self, place: &Place, snapshot: SnapshotId) -> &mut BTreeSet<AccountId> {
        let facts = if *place == source_ref().place {
            &mut self.source
        } else {
            self.images.get_mut(place).unwrap()
        };
        let slot = facts
            .volume_permissions
            .entry(snapshot)
            .or_insert(Seen::Read(BTreeSet::new()));
        match slot {
            Seen::Read(accounts) => accounts,
            other => panic!("{other:?}"),
        }
    }

    pub fn replica(&self, text: &str) -> &Replica {
        &self.lineage.as_ref().unwrap().replicas[&place(text)]
    }
}

fn lineage_of(source: Source) -> Lineage {
    Lineage {
        source,
        replicas: BTreeMap::new(),
        descendants: BTreeSet::new(),
    }
}

pub(super) fn key(place: &Place) -> Key {
    Key {
        arn: format!("arn:aws:kms:{}:{}:key/golden", place.region, place.account),
        state: "Enabled".to_owned(),
        aws_managed: false,
        symmetric: true,
    }
}

fn facts(at: ImageRef, name: &str, snapshot: SnapshotId, key: Option<String>) -> ImageFacts {
    let encrypted = key.is_some();
    let image = Image {
        source: (at != source_ref()).then(|| (source_ref().place.region, source_ref().id)),
        at,
        name: name.to_owned(),
        description: String::new(),
        state: ImageState::Available,
        state_reason: None,
        architecture: "x86_64".to_owned(),
        created: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        public: false,
        source_instance: None,
        owner_alias: None,
        ebs_backed: true,
        snapshots: BTreeSet::from([snapshot.clone()]),
        encrypted,
        tags: Tags::new(),
    };
    let read = Snapshot {
        id: snapshot.clone(),
        encrypted,
        key,
        tags: Tags::new(),
    };
    ImageFacts {
        permissions: Seen::Read(BTreeSet::new()),
        snapshots: Seen::Read(BTreeMap::from([(snapshot, read)])),
        ..ImageFacts::of(image)
    }
}

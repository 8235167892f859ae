//! Owns a world in memory behind the ports: as much of EC2, KMS and the record as the ports ask
//! for, each as documented, with faults at any call. It answers at once, so that no test waits.

mod changes;
mod images;
mod record;
mod uses;

use crate::ports::{Answer, Class, PortError, Reading, Writing};
use crate::retention::Tally;
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::{Image, ImageState, Key, LaunchPermission, Snapshot, Tags};
use amiary_domain::lineage::{CopyRequest, Lineage, Replica};
use amiary_domain::notice::Notice;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

/// Where sources are published.
pub const HOME: &str = "111111111111/us-east-1";

pub fn place(text: &str) -> Place {
    text.parse().unwrap()
}

pub fn account(text: &str) -> LaunchPermission {
    LaunchPermission::Account(text.parse().unwrap())
}

/// A call that goes wrong.
struct Fault {
    /// A part of the call's text.
    on: &'static str,
    class: Class,
    /// Whether the call has its effect all the same, and only its answer is lost.
    after: bool,
    /// How many calls it lets pass first.
    passes: usize,
    /// How many calls it strikes.
    times: usize,
}

/// Everything there is.
#[derive(Default)]
pub struct State {
    pub now: Timestamp,
    /// How long each call takes.
    pub took: SignedDuration,
    pub images: BTreeMap<ImageRef, Image>,
    pub permissions: BTreeMap<ImageRef, BTreeSet<LaunchPermission>>,
    pub snapshots: BTreeMap<SnapshotId, Snapshot>,
    pub volumes: BTreeMap<SnapshotId, BTreeSet<AccountId>>,
    pub keys: BTreeMap<(Place, String), Key>,
    pub lineages: BTreeMap<ImageRef, Lineage>,
    /// Each line of every history, with who decided.
    pub history: Vec<String>,
    pub notices: Vec<Notice>,
    pub tally: Tally,
    pub uses: uses::Uses,
    /// Every call, as text, in order.
    pub calls: Vec<String>,
    /// How many images a page of a listing has.
    pub page: usize,
    tokens: BTreeMap<String, (CopyRequest, ImageId)>,
    faults: Vec<Fault>,
    made: u32,
}

pub struct World(Mutex<State>);

impl World {
    /// A world with a key `alias/golden` at each place, and nothing else.
    pub fn new(places: &[&str]) -> Self {
        let state = State {
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            page: 2,
            ..State::default()
        };
        let world = Self(Mutex::new(state));
        for at in places {
            let key = Key {
                arn: format!("arn:aws:kms:{at}:key/golden"),
                state: "Enabled".to_owned(),
                aws_managed: false,
                symmetric: true,
            };
            let name = (place(at), "alias/golden".to_owned());
            world.state().keys.insert(name, key);
        }
        world
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn reading(&self) -> Reading<'_> {
        Reading {
            images: self,
            keys: self,
            record: self,
            clock: self,
        }
    }

    pub fn writing(&self) -> Writing<'_> {
        Writing {
            images: self,
            record: self,
            by: "test",
        }
    }

    /// The next `times` calls whose text contains `on` fail, and change nothing.
    pub fn fail(&self, on: &'static str, class: Class, times: usize) {
        self.fault(on, class, false, times);
    }

    /// The next call whose text contains `on` does what it should, and its answer is lost.
    pub fn lose(&self, on: &'static str) {
        self.fault(on, Class::Retry, true, 1);
    }

    /// The next call whose text contains `on` does what it should, its answer is lost, and its
    /// repetition at once is refused.
    pub fn lose_and_refuse(&self, on: &'static str, class: Class) {
        self.fault(on, class, true, 1);
    }

    fn fault(&self, on: &'static str, class: Class, after: bool, times: usize) {
        self.state().faults.push(Fault {
            on,
            class,
            after,
            passes: 0,
            times,
        });
    }

    /// The call after the next `passes` fails, whatever it is.
    pub fn fail_after(&self, passes: usize, class: Class) {
        self.state().faults.push(Fault {
            on: "",
            class,
            after: false,
            passes,
            times: 1,
        });
    }

    /// An available image of one snapshot, unencrypted.
    pub fn publish(&self, at: &str, name: &str) -> ImageRef {
        let mut state = self.state();
        let created = Some(state.now);
        let image = state.make(&place(at), name, Tags::new(), None);
        let made = state.images.get_mut(&image).unwrap();
        made.state = ImageState::Available;
        made.created = created;
        made.source = None;
        image
    }

    /// Encrypts an image under a key of its place.
    pub fn encrypt(&self, image: &ImageRef, arn: &str, aws_managed: bool) {
        let mut state = self.state();
        let ids = state.images[image].snapshots.clone();
        state.images.get_mut(image).unwrap().encrypted = true;
        for id in ids {
            let snapshot = state.snapshots.get_mut(&id).unwrap();
            snapshot.encrypted = true;
            snapshot.key = Some(arn.to_owned());
        }
        let key = Key {
            arn: arn.to_owned(),
            state: "Enabled".to_owned(),
            aws_managed,
            symmetric: true,
        };
        let name = (image.place.clone(), arn.to_owned());
        state.keys.insert(name, key);
    }

    /// Puts an image into a state, as its owner or EC2 would.
    pub fn turn(&self, image: &ImageRef, to: ImageState) {
        let mut state = self.state();
        if to == ImageState::Disabled {
            state.permissions.insert(image.clone(), BTreeSet::new());
        }
        state.images.get_mut(image).unwrap().state = to;
    }

    /// Every pending copy becomes available.
    pub fn arrive(&self) {
        for image in self.state().images.values_mut() {
            if image.state == ImageState::Pending {
                image.state = ImageState::Available;
            }
        }
    }

    /// EC2 knows no token for ever.
    pub fn forget_tokens(&self) {
        self.state().tokens.clear();
    }

    pub fn wait(&self, time: SignedDuration) {
        self.state().now += time;
    }

    /// The calls since the last time this was asked whose text contains `part`.
    pub fn calls(&self, part: &str) -> Vec<String> {
        let calls = std::mem::take(&mut self.state().calls);
        calls.into_iter().filter(|c| c.contains(part)).collect()
    }

    pub fn lineage(&self, source: &ImageRef) -> Lineage {
        self.state().lineages[source].clone()
    }

    pub fn replica(&self, source: &ImageRef, at: &str) -> Replica {
        self.state().lineages[source].replicas[&place(at)].clone()
    }

    /// Puts a recorded replica where earlier runs would have brought it.
    pub fn set(&self, source: &ImageRef, at: &str, change: impl FnOnce(&mut Replica)) {
        let mut state = self.state();
        let lineage = state.lineages.get_mut(source).unwrap();
        change(lineage.replicas.get_mut(&place(at)).unwrap());
    }

    /// The image of a replica whose copy was started.
    pub fn copy_of(&self, source: &ImageRef, at: &str) -> ImageRef {
        let replica = self.replica(source, at);
        ImageRef::new(replica.destination, replica.image.unwrap())
    }

    pub fn shared_with(&self, image: &ImageRef) -> BTreeSet<LaunchPermission> {
        let state = self.state();
        state.permissions.get(image).cloned().unwrap_or_default()
    }

    /// One call: it is written down, takes its time, and goes wrong where a fault says so.
    fn call<T>(&self, said: &str, work: impl FnOnce(&mut State) -> Answer<T>) -> Answer<T> {
        let mut state = self.state();
        state.calls.push(said.to_owned());
        let took = state.took;
        state.now += took;
        let strikes = |fault: &&mut Fault| fault.times > 0 && said.contains(fault.on);
        let struck = state.faults.iter_mut().find(strikes).and_then(|fault| {
            if fault.passes > 0 {
                fault.passes -= 1;
                return None;
            }
            fault.times -= 1;
            Some((fault.class, fault.after))
        });
        match struck {
            None => work(&mut state),
            Some((class, false)) => Err(refusal(class, "a fault of the test's")),
            Some((class, true)) => {
                work(&mut state)?;
                Err(PortError {
                    repeated: true,
                    ..refusal(class, "the answer was lost")
                })
            }
        }
    }
}

impl State {
    /// A new image, pending, with one snapshot that has the same tags.
    fn make(&mut self, at: &Place, name: &str, tags: Tags, key: Option<&String>) -> ImageRef {
        self.made += 1;
        let snapshot: SnapshotId = format!("snap-{:08x}", self.made).parse().unwrap();
        let id: ImageId = format!("ami-{:08x}", self.made).parse().unwrap();
        let image = ImageRef::new(at.clone(), id);
        let described = Snapshot {
            id: snapshot.clone(),
            encrypted: key.is_some(),
            key: key.cloned(),
            tags: tags.clone(),
        };
        self.snapshots.insert(snapshot.clone(), described);
        let made = Image {
            at: image.clone(),
            name: name.to_owned(),
            description: String::new(),
            state: ImageState::Pending,
            state_reason: None,
            architecture: "x86_64".to_owned(),
            created: Some(self.now),
            public: false,
            source: None,
            source_instance: None,
            owner_alias: None,
            ebs_backed: true,
            snapshots: BTreeSet::from([snapshot]),
            encrypted: key.is_some(),
            tags,
        };
        self.images.insert(image.clone(), made);
        image
    }
}

/// A call that failed, as the adapter would tell it.
pub fn refusal(class: Class, message: &str) -> PortError {
    PortError {
        class,
        operation: "Call",
        place: "the test's world".to_owned(),
        code: format!("{class:?}"),
        message: message.to_owned(),
        request: None,
        repeated: false,
        source: None,
    }
}

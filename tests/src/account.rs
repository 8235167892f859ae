//! Owns an account with many images, as it looks after years: most of them recent, some old, and a
//! few of the old ones used in every way that AWS knows.

mod ways;

use crate::{BUILDER, PRODUCTION, SOURCE_REGION};
use amiary_cli::local::{Local, clients};
use amiary_domain::ids::ImageRef;
use amiary_domain::image::LaunchPermission;
use amiary_domain::lineage::{Change, Record, Replica, ReplicaState, Source, SourceStatus};
use amiary_engine::ports::{Clock, WriteRecord};
use amiary_runtime::{SystemClock, Worker};
use amiary_simulator::{ImageView, LaunchPermission as Permission, NewImage, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use ways::{Used, WAYS};

/// How many pairs of a source and its replica there are.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Families, over which the pairs are spread evenly.
    pub families: usize,
    /// Old pairs that nothing uses.
    pub unused: usize,
    /// Old pairs of which something uses one image, and nothing the other.
    pub used: usize,
    /// Young pairs.
    pub young: usize,
}

/// Ten thousand images: 2,000 old and unused, 100 old and used, and 7,900 young ones.
pub const TEN_THOUSAND: Size = Size {
    families: 50,
    unused: 950,
    used: 100,
    young: 3_950,
};

/// The Region that the replicas are in.
pub const REPLICA_REGION: &str = "eu-west-1";
/// The record's table.
pub const TABLE: &str = "amiary";
/// The name of the owner's topic.
const TOPIC: &str = "images";
/// The seed of its world.
const SEED: u64 = 11;
/// How old the old ones are.
const OLD: SignedDuration = SignedDuration::from_hours(24 * 200);

/// An account with its images.
pub struct Account {
    /// The local stack.
    pub local: Local,
    /// A person with a terminal.
    pub person: Worker,
    /// The old images that nothing uses.
    pub unused: BTreeSet<ImageRef>,
    /// The old images that something uses, each with how.
    pub used: BTreeMap<ImageRef, &'static str>,
}

/// The policy of the account: the newest three of each family stay, and what is younger than 90
/// days.
pub fn policy(families: usize) -> String {
    let mut text = format!(
        "[accounts.builders]\nid = \"{BUILDER}\"\n\
         [accounts.production]\nid = \"{PRODUCTION}\"\nrole = \"amiary\"\n\
         [owners.platform]\ntopic = \"{}\"\n\
         [references]\nparameters = [\"/declared/*\"]\n",
        topic()
    );
    for number in 0..families {
        let family = format!(
            "[families.f{number}]\nowner = \"platform\"\naccounts = [\"builders\"]\n\
             regions = [\"{SOURCE_REGION}\"]\nname = \"f{number}-*\"\n\
             destinations = [{{ accounts = [\"builders\"], regions = [\"{REPLICA_REGION}\"], encrypt = false }}]\n\
             [families.f{number}.retention]\n\
             sources = {{ keep-last = 3, keep-for = \"90d\" }}\n\
             replicas = {{ keep-last = 3, keep-for = \"90d\" }}\n\
             hold-tags = {{ Keep = \"*\" }}\n"
        );
        text.push_str(&family);
    }
    text
}

/// The owner's topic.
pub fn topic() -> String {
    format!("arn:aws:sns:{SOURCE_REGION}:{BUILDER}:{TOPIC}")
}

/// A source of a family and its replica.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The family.
    pub family: String,
    /// The source.
    pub source: ImageRef,
    /// Its replica.
    pub replica: ImageRef,
}

/// How long after all was put to use somebody looks.
const SETTLED: SignedDuration = SignedDuration::from_hours(48);

impl Account {
    /// An account of this size, on record.
    ///
    /// # Panics
    /// Where the simulated AWS refuses to be furnished so.
    pub async fn new(size: Size) -> Self {
        Self::on(World::new(SEED), size).await
    }

    /// The same for whoever goes by the machine's clock, as a process of its own does: its last
    /// images are three days old by that one.
    ///
    /// # Panics
    /// Where the simulated AWS refuses to be furnished so.
    pub async fn of_today(size: Size) -> Self {
        let begins = SystemClock.now() - OLD - SignedDuration::from_hours(24 * 3);
        Self::on(World::beginning_at(SEED, begins), size).await
    }

    async fn on(world: World, size: Size) -> Self {
        world.create_role(PRODUCTION, "amiary");
        let started = Local::start(world.clone(), &policy(size.families)).await;
        let local = started.expect("the stack starts");
        world.create_topic(BUILDER, SOURCE_REGION, TOPIC);
        let aws = clients(&world, BUILDER, "engineer").await;
        let person = Worker::new(aws, local.clock(), "amiary");
        let (unused, used) = (BTreeSet::new(), BTreeMap::new());
        let mut account = Self {
            local,
            person,
            unused,
            used,
        };
        let old = account.make(size, 0..size.unused + size.used);
        world.advance(OLD);
        let all = size.unused + size.used + size.young;
        let young = account.make(size, size.unused + size.used..all);
        account.put_to_use(size, &old, &young[0].source);
        account.stream(false);
        for pair in old.iter().chain(&young) {
            account.record(pair).await;
        }
        account.stream(true);
        world.advance(SETTLED);
        world.take_events();
        world.take_stream_records();
        world.forget_calls();
        account
    }

    /// The simulated AWS.
    pub fn world(&self) -> &World {
        self.local.world()
    }

    fn make(&self, size: Size, numbers: std::ops::Range<usize>) -> Vec<Pair> {
        let pairs = numbers.map(|number| {
            let family = format!("f{}", number % size.families);
            self.publish_pair(&family, number)
        });
        pairs.collect()
    }

    /// Publishes a source of a family and a copy of it, and records neither.
    ///
    /// # Panics
    /// Where the simulated AWS refuses it.
    pub fn publish_pair(&self, family: &str, number: usize) -> Pair {
        let name = format!("{family}-{number}");
        let source = self.publish(SOURCE_REGION, &name, number, None);
        let replica = self.publish_copy(&source, &name, number);
        Pair {
            family: family.to_owned(),
            source,
            replica,
        }
    }

    /// Publishes a copy of a source.
    ///
    /// # Panics
    /// Where the simulated AWS refuses it.
    pub fn publish_copy(&self, source: &ImageRef, name: &str, number: usize) -> ImageRef {
        let region = source.place.region.as_str().to_owned();
        let of = (source.id.as_str().to_owned(), region);
        self.publish(REPLICA_REGION, name, number, Some(of))
    }

    fn publish(
        &self,
        region: &str,
        name: &str,
        number: usize,
        copied_from: Option<(String, String)>,
    ) -> ImageRef {
        let mut image = NewImage::new(BUILDER, region, name);
        image.extra_volumes = usize::from(number.is_multiple_of(10));
        image.copied_from = copied_from;
        let id = self.world().publish_image(image);
        let text = format!("{BUILDER}/{region}/{id}");
        text.parse().expect("well-formed")
    }

    /// Whether the record's table has a stream. Nobody reads what is recorded here, and each record
    /// of a stream takes the simulated table longer than the one before.
    fn stream(&self, enabled: bool) {
        let mut stream = json!({"StreamEnabled": enabled});
        if enabled {
            stream["StreamViewType"] = json!("NEW_IMAGE");
        }
        let asked = json!({"TableName": TABLE, "StreamSpecification": stream});
        let world = self.world();
        let answer = world.perform(BUILDER, SOURCE_REGION, "dynamodb", "UpdateTable", asked);
        answer.expect("the table is updated");
    }

    /// Writes a pair into the record, as the last run would have that read it back just before
    /// somebody looks.
    ///
    /// # Panics
    /// Where the record can't be written.
    pub async fn record(&self, pair: &Pair) {
        let now = self.world().now();
        let source = recorded(&pair.family, &pair.source, &self.view(&pair.source), now);
        let mut replica = Replica::wanted(&source, &pair.replica.place, 1, now);
        replica.state = ReplicaState::Verified;
        replica.image = Some(pair.replica.id.clone());
        replica.shared = Some(permissions(&self.view(&pair.replica)));
        replica.shared_at = Some(now + SETTLED);
        let records = [
            Record::Source(Box::new(source)),
            Record::Replica(Box::new(replica)),
        ];
        for record in records {
            let (entry, notices) = ("seen".to_owned(), Vec::new());
            let change = Change {
                record,
                entry,
                notices,
            };
            let stored = self.person.aws().commit(&change, now, "replicate").await;
            stored.expect("stored");
        }
    }

    /// An image as it is in AWS.
    ///
    /// # Panics
    /// Where it isn't there.
    pub fn view(&self, image: &ImageRef) -> ImageView {
        let region = image.place.region.as_str();
        let view = self.world().image(BUILDER, region, image.id.as_str());
        view.expect("it was published")
    }

    /// Of each of the last old pairs one image is used, each in another way.
    fn put_to_use(&mut self, size: Size, old: &[Pair], other: &ImageRef) {
        for (number, pair) in old.iter().enumerate() {
            let Some(nth) = number.checked_sub(size.unused) else {
                self.unused
                    .extend([pair.source.clone(), pair.replica.clone()]);
                continue;
            };
            let (how, way) = WAYS[nth % WAYS.len()];
            let (used, unused) = match nth % 2 {
                0 => (&pair.source, &pair.replica),
                _ => (&pair.replica, &pair.source),
            };
            let image = Used {
                world: self.local.world(),
                at: used,
                other,
                number: nth,
            };
            way(&image);
            self.used.insert(used.clone(), how);
            self.unused.insert(unused.clone());
        }
    }
}

fn recorded(family: &str, at: &ImageRef, view: &ImageView, now: Timestamp) -> Source {
    Source {
        image: at.clone(),
        family: family.to_owned(),
        name: view.name.clone(),
        architecture: view.architecture.clone(),
        created: Some(view.created),
        ancestors: Vec::new(),
        parent: None,
        tags: BTreeMap::new(),
        snapshots: BTreeSet::new(),
        encrypted: false,
        permissions: Some(permissions(view)),
        loans: BTreeMap::new(),
        permissions_at: Some(now + SETTLED),
        permissions_dropped: false,
        told: BTreeSet::new(),
        status: SourceStatus::Replicated,
        revision: 1,
        due: now + SignedDuration::from_hours(24 * 3650),
        version: 0,
    }
}

/// Whom an image is shared with: single accounts, here.
fn permissions(view: &ImageView) -> BTreeSet<LaunchPermission> {
    let accounts = view.launch_permissions.iter().map(|with| match with {
        Permission::Account(account) => account.parse().expect("an account"),
        other => panic!("shared with {other:?}"),
    });
    accounts.map(LaunchPermission::Account).collect()
}

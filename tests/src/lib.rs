//! Owns what whole-system tests share: a stage with accounts, keys and a policy, on the local stack,
//! and the questions one asks of it.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test that finds its stage broken panics"
)]

pub mod account;
pub mod lambda;
pub mod retiring;
pub mod seeds;

use amiary_cli::local::{HOME_ACCOUNT, Happened, Local, clients};
use amiary_domain::ids::{ImageRef, Place};
use amiary_domain::lineage::{Lineage, ReplicaState};
use amiary_engine::ports::{ReadRecord, StorePolicy};
use amiary_runtime::Worker;
use amiary_simulator::{Call, ImageView, LaunchPermission, Message, NewImage, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The account that builds images, and that Amiary is deployed in.
pub const BUILDER: &str = HOME_ACCOUNT;
/// An account that copies are made in.
pub const PRODUCTION: &str = "222222222222";
/// An account that only launches.
pub const PARTNER: &str = "333333333333";
/// The Region that sources are published in.
pub const SOURCE_REGION: &str = "us-east-1";
/// The Regions of destinations, as many as a test wants of them.
pub const REGIONS: [&str; 5] = [
    "eu-west-1",
    "ap-southeast-2",
    "us-west-2",
    "eu-central-1",
    "sa-east-1",
];

/// What a test's policy says beyond the common parts.
pub struct Wants {
    /// Destinations in the builder's own account.
    pub own: Vec<&'static str>,
    /// Destinations in the production account.
    pub production: Vec<&'static str>,
    /// The lines of `[families.web.sharing]`.
    pub sharing: &'static str,
    /// Lines of the family itself.
    pub family: &'static str,
    /// The lines of `[caps]`.
    pub caps: &'static str,
}

impl Default for Wants {
    fn default() -> Self {
        Self {
            own: vec!["eu-west-1", "ap-southeast-2"],
            production: Vec::new(),
            sharing: "as-source = true",
            family: "",
            caps: "",
        }
    }
}

impl Wants {
    /// The policy's document.
    pub fn policy(&self) -> String {
        let destination = |account: &str, regions: &[&str]| {
            if regions.is_empty() {
                return String::new();
            }
            format!(
                "[[families.web.destinations]]\naccounts = [\"{account}\"]\nregions = {regions:?}\n\
                 key = \"alias/golden\"\n"
            )
        };
        format!(
            "[accounts.builders]\nid = \"{BUILDER}\"\n\
             [accounts.production]\nid = \"{PRODUCTION}\"\nrole = \"amiary\"\n\
             [accounts.partner]\nid = \"{PARTNER}\"\nrole = \"amiary\"\n\
             [owners.platform]\ntopic = \"{}\"\n\
             [families.web]\nowner = \"platform\"\naccounts = [\"builders\"]\n\
             regions = [\"{SOURCE_REGION}\"]\nname = \"golden-*\"\n{}\n{}{}\
             [families.web.sharing]\n{}\n[families.web.tags]\ndrop = [\"build:*\"]\n\
             add = {{ ManagedBy = \"amiary\" }}\n[caps]\n{}\n",
            topic(),
            self.family,
            destination("builders", &self.own),
            destination("production", &self.production),
            self.sharing,
            self.caps,
        )
    }
}

/// The owner's topic.
pub fn topic() -> String {
    format!("arn:aws:sns:{SOURCE_REGION}:{BUILDER}:platform-images")
}

/// A world with its keys, roles and topic, and Amiary on it.
pub struct Stage {
    /// The local stack.
    pub local: Local,
    /// A person with a terminal.
    pub person: Worker,
    keys: BTreeMap<String, String>,
}

impl Stage {
    /// A stage for what a test wants.
    pub async fn new(wants: &Wants) -> Self {
        Self::seeded(7, wants).await
    }

    /// The same with another seed.
    pub async fn seeded(seed: u64, wants: &Wants) -> Self {
        Self::on(World::new(seed), wants).await
    }

    /// The same on a world of its own.
    pub async fn on(world: World, wants: &Wants) -> Self {
        world.create_role(PRODUCTION, "amiary");
        world.create_role(PARTNER, "amiary");
        world.create_topic(BUILDER, SOURCE_REGION, "platform-images");
        let mut keys = BTreeMap::new();
        for account in [BUILDER, PRODUCTION] {
            for region in REGIONS.iter().chain([&SOURCE_REGION]) {
                let key = world.create_key(account, region, "alias/golden");
                keys.insert(format!("{account}/{region}"), key);
            }
        }
        world.share_key(&keys[&format!("{BUILDER}/{SOURCE_REGION}")], PRODUCTION);
        let local = Local::start(world.clone(), &wants.policy())
            .await
            .expect("the stack starts");
        let aws = clients(&world, BUILDER, "engineer").await;
        let person = Worker::new(aws, local.clock(), "amiary");
        let mut stage = Self {
            local,
            person,
            keys,
        };
        // Schedules that are due as the world begins have nothing to do yet.
        stage.local.settle().await;
        stage.world().forget_calls();
        stage
    }

    /// Brings what happened in the world to the bus, past the functions in this process.
    pub fn route(&mut self, now: jiff::Timestamp) {
        let world = self.world().clone();
        let bus = self.local.bus();
        for event in world.take_events() {
            bus.put_event(now, &event.account, &event.region, &event.body);
        }
        for record in world.take_stream_records() {
            bus.put_stream_record(now, "Table", record.record);
        }
    }

    /// The simulated AWS.
    pub fn world(&self) -> &World {
        self.local.world()
    }

    /// The key of a place.
    pub fn key(&self, place: &str) -> &str {
        &self.keys[place]
    }

    /// Tags an image, as a person would.
    pub fn tag(&self, at: &ImageRef, key: &str, value: &str) {
        let tags = json!([{"Key": key, "Value": value}]);
        self.perform(
            at,
            "CreateTags",
            json!({"Resources": [at.id.as_str()], "Tags": tags}),
        );
    }

    /// Removes a tag from an image, as a person would.
    pub fn untag(&self, at: &ImageRef, key: &str) {
        let tags = json!([{"Key": key}]);
        self.perform(
            at,
            "DeleteTags",
            json!({"Resources": [at.id.as_str()], "Tags": tags}),
        );
    }

    /// Shares an image, and stops sharing it, as a person would.
    pub fn share(&self, at: &ImageRef, add: &[&str], remove: &[&str]) {
        let grants = |ids: &[&str]| {
            ids.iter()
                .map(|id| json!({"UserId": id}))
                .collect::<Vec<_>>()
        };
        let permission = json!({"Add": grants(add), "Remove": grants(remove)});
        let parameters = json!({"ImageId": at.id.as_str(), "LaunchPermission": permission});
        self.perform(at, "ModifyImageAttribute", parameters);
    }

    /// Disables an image, as a person would.
    pub fn disable(&self, at: &ImageRef) {
        self.perform(at, "DisableImage", json!({"ImageId": at.id.as_str()}));
    }

    /// Starts an instance of an image and makes another image of it.
    pub fn build_from(&self, base: &ImageRef, name: &str) -> ImageRef {
        let run = json!({"ImageId": base.id.as_str(), "MinCount": 1, "MaxCount": 1});
        let instances = self.perform(base, "RunInstances", run);
        let instance = instances["Instances"][0]["InstanceId"].clone();
        self.world().advance(jiff::SignedDuration::from_mins(1));
        let made = self.perform(
            base,
            "CreateImage",
            json!({"InstanceId": instance, "Name": name}),
        );
        let id = made["ImageId"].as_str().expect("an image id");
        format!("{}/{id}", base.place).parse().expect("an image")
    }

    fn perform(&self, at: &ImageRef, operation: &str, parameters: Value) -> Value {
        let (account, region) = (at.place.account.as_str(), at.place.region.as_str());
        self.world()
            .perform(account, region, "ec2", operation, parameters)
            .expect("it works")
    }

    /// Stores another policy as the active one.
    pub async fn replace_policy(&self, text: &str) {
        let aws = self.person.aws();
        let active = aws
            .active_policy()
            .await
            .expect("readable")
            .map_or(0, |r| r.number);
        aws.apply_policy(text, active, self.world().now(), "administrator")
            .await
            .expect("stored");
    }

    /// Publishes an image and answers its reference.
    pub fn publish(&self, image: NewImage) -> ImageRef {
        let place = format!("{}/{}", image.account, image.region);
        let id = self.world().publish_image(image);
        format!("{place}/{id}")
            .parse()
            .expect("the simulator's ids are well-formed")
    }

    /// The lineage of a source.
    pub async fn lineage(&self, source: &ImageRef) -> Option<Lineage> {
        self.person
            .aws()
            .lineage(source)
            .await
            .expect("the record can be read")
    }

    /// How far each destination is.
    pub async fn states(&self, source: &ImageRef) -> BTreeMap<String, ReplicaState> {
        let lineage = self.lineage(source).await;
        let replicas = lineage
            .into_iter()
            .flat_map(|lineage| lineage.replicas.into_values());
        replicas
            .map(|replica| (replica.destination.to_string(), replica.state))
            .collect()
    }

    /// Whether every one of these destinations has a verified replica.
    pub async fn is_replicated(&self, source: &ImageRef, destinations: usize) -> bool {
        let states = self.states(source).await;
        states.len() == destinations
            && states
                .values()
                .all(|state| *state == ReplicaState::Verified)
    }

    /// The replica at a place, as it is in AWS.
    pub async fn replica(&self, source: &ImageRef, place: &str) -> ImageView {
        let lineage = self.lineage(source).await.expect("the source is recorded");
        let place: Place = place.parse().expect("a place");
        let id = lineage.replicas[&place]
            .image
            .clone()
            .expect("its image is known");
        let (account, region) = (place.account.as_str(), place.region.as_str());
        self.world()
            .image(account, region, id.as_str())
            .expect("the image is there")
    }

    /// The images that an account owns in a Region.
    pub fn images(&self, account: &str, region: &str) -> Vec<ImageView> {
        self.world().images(account, region)
    }

    /// The owner's inbox.
    pub fn inbox(&self) -> Vec<Message> {
        self.world().inbox(&topic())
    }

    /// The calls of a service by Amiary's own functions since calls were last forgotten.
    pub fn calls(&self, service: &str) -> Vec<Call> {
        let ours = |call: &Call| {
            ["replicate", "reconcile", "notify", "amiary"]
                .iter()
                .any(|name| call.caller.contains(&format!("assumed-role/{name}/")))
        };
        self.world()
            .calls()
            .into_iter()
            .filter(|c| c.service == service && ours(c))
            .collect()
    }

    /// How often an operation was called by Amiary's own functions.
    pub fn count(&self, operation: &str) -> usize {
        self.calls("ec2")
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    }
}

/// A golden image of the builder's.
pub fn golden(name: &str) -> NewImage {
    let mut image = NewImage::new(BUILDER, SOURCE_REGION, name);
    image.tags = [("Role", "golden"), ("Team", "web"), ("build:id", "4711")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    image.launch_permissions = vec![LaunchPermission::Account(PARTNER.to_owned())];
    image
}

/// The functions that were invoked, by their names in the template.
pub fn invoked(happened: &[Happened]) -> Vec<&str> {
    happened
        .iter()
        .filter_map(|one| match one {
            Happened::Invoked { function, .. } => Some(function.as_str()),
            Happened::TimePassed { .. } => None,
        })
        .collect()
}

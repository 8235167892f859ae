//! The handle on a world.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::dispatch::{self, call_by_value};
use crate::dynamodb::{self, StreamRecord};
use crate::event::Event;
use crate::identity::Credentials;
use crate::kms::KeyState;
use crate::record::Call;
use crate::s3::bundle;
use crate::seed::{self, NewImage, text};
use crate::sns::Message;
use crate::state::State;
use crate::view::{self, ImageView};
use crate::wire::error::ApiError;

/// A simulated AWS: many accounts and Regions, on one virtual clock that begins at
/// 2026-01-01T00:00:00Z. Cheap to clone; clones are the same world.
#[derive(Debug, Clone)]
pub struct World(Arc<Mutex<State>>);

impl World {
    /// An empty world. The seed sets its ids and the small variations of its timings.
    pub fn new(seed: u64) -> Self {
        Self::of(State::new(seed))
    }

    /// A world that begins at another time.
    pub fn beginning_at(seed: u64, time: Timestamp) -> Self {
        let mut state = State::new(seed);
        state.clock = Clock::at(time);
        Self::of(state)
    }

    pub(crate) fn of(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.state().clock.now()
    }

    /// Moves the clock, and lets everything due happen at its own time, in order.
    pub fn advance(&self, by: SignedDuration) {
        self.state().advance(by);
    }

    /// When the next change is due by itself.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.state().next_change()
    }

    /// How long copies that begin from now on take, give or take a tenth. Five minutes at first.
    pub fn set_copy_duration(&self, duration: SignedDuration) {
        self.state().settings.copy_duration = duration;
    }

    /// How much of the world's time a call takes: a millisecond at first, so that what follows it
    /// is later. Nothing where the world's owner keeps it in step with another clock.
    pub fn set_call_duration(&self, duration: SignedDuration) {
        self.state().settings.call_duration = duration;
    }

    /// How many image copies may be under way per account and destination Region. 300 at first.
    pub fn set_concurrent_copies(&self, limit: usize) {
        self.state().settings.concurrent_copies = limit;
    }

    /// How long a Region's first retention rule takes until it retains anything: up to 30 minutes
    /// at AWS, no time at first here.
    pub fn set_first_rule_delay(&self, delay: SignedDuration) {
        self.state().settings.first_rule_delay = delay;
    }

    /// How many images an account may have in a Region. 50,000 at first.
    pub fn set_images(&self, limit: usize) {
        self.state().settings.images = limit;
    }

    /// How many public images an account may have in a Region. Five at first.
    pub fn set_public_images(&self, limit: usize) {
        self.state().settings.public_images = limit;
    }

    /// How many instances an account may run in a Region, whatever launches them. 5,000 at first.
    pub fn set_instances(&self, limit: usize) {
        self.state().settings.instances = limit;
    }

    /// Whether accounts have a CloudTrail trail, without which no call is told as an event. They
    /// have one at first.
    pub fn set_trail(&self, there: bool) {
        self.state().settings.trail = there;
    }

    /// Answers a request of any AWS client, in a millisecond of the world's time (see
    /// [`World::set_call_duration`]). Never panics, whatever the request.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a request is used up by its answer"
    )]
    pub fn call(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let state = &mut self.state();
        let passed = state.settings.call_duration;
        state.advance(passed);
        dispatch::answer(state, &request)
    }

    /// An operation by value, as an account's root, without the wire and unrecorded: parameters
    /// and result are keyed by the API model's member names.
    pub fn perform(
        &self,
        account: &str,
        region: &str,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, ApiError> {
        let state = &mut self.state();
        call_by_value(state, (account, region), (service, operation), parameters)
    }

    /// Credentials whose calls are recorded as
    /// `arn:aws:sts::<account>:assumed-role/<principal>/session`.
    pub fn credentials(&self, account: &str, principal: &str) -> Credentials {
        self.state()
            .identities
            .session(account, principal, "session")
    }

    /// Makes a role, so that `AssumeRole` works; tells whether it was missing.
    pub fn create_role(&self, account: &str, role_name: &str) -> bool {
        self.state().identities.add_role(account, role_name)
    }

    /// Lets every well-formed role be assumed, whether it was made or not, so that whoever is
    /// served needs no roles first.
    pub fn let_any_role_be_assumed(&self) {
        self.state().identities.let_any_role_be_assumed();
    }

    /// Puts an account into an organization or an organizational unit, by ARN, so that it sees
    /// what is shared with that.
    pub fn join_organization(&self, account: &str, arn: &str) {
        let organizations = &mut self.state().ec2.organizations;
        organizations
            .entry(account.to_owned())
            .or_default()
            .insert(arn.to_owned());
    }

    /// The events emitted since they were last taken.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.state().events)
    }

    /// The records that `DynamoDB` streams gained since they were last taken.
    pub fn take_stream_records(&self) -> Vec<StreamRecord> {
        dynamodb::take_records(&mut self.state().databases)
    }

    /// Every call over the wire that named an operation, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The calls recorded since the recorder was last emptied, which empties it.
    pub fn take_calls(&self) -> Vec<Call> {
        let state = &mut self.state();
        state.faults.forget_calls();
        std::mem::take(&mut state.calls)
    }

    /// Empties the recorder.
    pub fn forget_calls(&self) {
        let state = &mut self.state();
        state.calls.clear();
        state.faults.forget_calls();
    }

    /// What was published to a topic, in order. A world keeps the newest 10,000 messages of all
    /// topics.
    pub fn inbox(&self, topic_arn: &str) -> Vec<Message> {
        let state = self.state();
        let messages = state.sns.messages.iter();
        messages
            .filter(|message| message.topic == topic_arn)
            .cloned()
            .collect()
    }

    /// Makes a topic; gives its ARN.
    ///
    /// # Panics
    /// Where the name isn't one of a topic: seeding with it is a mistake of the caller's.
    #[track_caller]
    pub fn create_topic(&self, account: &str, region: &str, name: &str) -> String {
        let parameters = json!({ "Name": name });
        let made = self.perform(account, region, "sns", "CreateTopic", parameters);
        text(&seeded(made), "TopicArn")
    }

    /// Makes or updates a public parameter of AWS's own, like
    /// `/aws/service/ami-amazon-linux-latest/…`, which every account reads in a Region.
    pub fn publish_parameter(&self, region: &str, name: &str, value: &str) {
        crate::ssm::publish(&mut self.state(), region, name, value);
    }

    /// Makes an enabled customer-managed key with an alias (`alias/golden`); gives its ARN.
    ///
    /// # Panics
    /// Where the alias is taken or isn't one: seeding with it is a mistake of the caller's.
    #[track_caller]
    pub fn create_key(&self, account: &str, region: &str, alias: &str) -> String {
        let key = self.perform(account, region, "kms", "CreateKey", json!({}));
        let arn = text(&seeded(key)["KeyMetadata"], "Arn");
        let parameters = json!({ "AliasName": alias, "TargetKeyId": arn });
        seeded(self.perform(account, region, "kms", "CreateAlias", parameters));
        arn
    }

    /// Enables or disables a key.
    pub fn set_key_enabled(&self, key_arn: &str, enabled: bool) {
        if let Some(key) = self.state().kms.key_mut(key_arn) {
            key.state = if enabled {
                KeyState::Enabled
            } else {
                KeyState::Disabled
            };
        }
    }

    /// Lets another account use a key, as a statement in its policy would.
    pub fn share_key(&self, key_arn: &str, account: &str) {
        self.state().kms.allow(key_arn, account);
    }

    /// Puts the bundle of an instance-store image into a bucket, which is made where it isn't
    /// there: `image.manifest.xml` and its parts under a prefix. Gives the manifest's location, as
    /// an image's `ImageLocation` has it: `bucket/prefix/image.manifest.xml`.
    ///
    /// # Panics
    /// Where the bucket is another account's, or its name isn't one: seeding with it is a mistake
    /// of the caller's.
    #[track_caller]
    pub fn bundle(&self, account: &str, region: &str, bucket: &str, prefix: &str) -> String {
        let state = &mut self.state();
        seeded(bundle::put(state, (account, region), bucket, prefix))
    }

    /// Publishes an image as a builder would; gives its id.
    ///
    /// # Panics
    /// Where AWS would refuse it (a name in use, a key that isn't there): seeding with it is a
    /// mistake of the caller's. [`World::try_publish_image`] gives the error instead.
    #[track_caller]
    pub fn publish_image(&self, spec: NewImage) -> String {
        seeded(self.try_publish_image(spec))
    }

    /// Publishes an image as a builder would; gives its id.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a description is used up by its image"
    )]
    pub fn try_publish_image(&self, spec: NewImage) -> Result<String, ApiError> {
        seed::publish(&mut self.state(), &spec)
    }

    /// An image of an account in a Region.
    pub fn image(&self, account: &str, region: &str, id: &str) -> Option<ImageView> {
        view::image(&self.state(), account, region, id)
    }

    /// All images of an account in a Region, by id.
    pub fn images(&self, account: &str, region: &str) -> Vec<ImageView> {
        view::images(&self.state(), account, region)
    }
}

#[track_caller]
fn seeded<T>(result: Result<T, ApiError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the world can't be seeded so: {error}"),
    }
}

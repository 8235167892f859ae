//! A world with a family, and what Amiary and others do in it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{self, Caller};
use crate::oracle::{Delays, Family, Keep, Rule, Safeguards, Violation};
use crate::tests::{HERE, OTHER, OWNER, THERE, signed};
use crate::{ApiError, LaunchPermission, NewImage, World};

pub(super) const TABLE: &str = "record";
pub(super) const NOTICE: &str = "retirement";

/// A world with a family of four sources, the oldest first, and what Amiary would have.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) safeguards: Safeguards,
    pub(super) sources: Vec<String>,
    pub(super) topic: String,
}

pub(super) fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

impl Scene {
    pub(super) fn new() -> Self {
        let world = World::new(1);
        let topic = world.create_topic(OWNER, HERE, "owners");
        let sources: Vec<String> = (1..=4)
            .map(|number| {
                world.advance(days(1));
                let mut spec = NewImage::new(OWNER, HERE, &format!("golden-{number}"));
                spec.launch_permissions = vec![LaunchPermission::Account(OTHER.to_owned())];
                world.publish_image(spec)
            })
            .collect();
        let keep = Keep {
            last: 2,
            lasting: days(5),
        };
        let family = Family {
            name: "golden".to_owned(),
            sources: sources.iter().cloned().collect(),
            keep_sources: keep,
            keep_replicas: keep,
            delays: Delays {
                deprecation: days(7),
                disabling: days(14),
                deregistration: days(30),
            },
            hold_tags: vec![("keep".to_owned(), None)],
        };
        let safeguards = Safeguards {
            families: vec![family],
            accounts: [OWNER, OTHER].map(str::to_owned).into(),
            table: TABLE.to_owned(),
            topics: BTreeSet::from([topic.clone()]),
            notice: Some(("kind".to_owned(), NOTICE.to_owned())),
            ..Safeguards::default()
        };
        let scene = Self {
            world,
            safeguards,
            sources,
            topic,
        };
        scene.retain();
        scene.table();
        scene.world.guard(scene.safeguards.clone());
        scene
    }

    /// Lets what is deleted go to the Recycle Bin.
    pub(super) fn retain(&self) {
        for (account, region) in [(OWNER, HERE), (OTHER, THERE)] {
            for kind in ["EC2_IMAGE", "EBS_SNAPSHOT"] {
                let period = json!({ "RetentionPeriodValue": 30, "RetentionPeriodUnit": "DAYS" });
                let rule = json!({ "ResourceType": kind, "RetentionPeriod": period });
                self.done((account, region), "rbin", "CreateRule", rule);
            }
        }
    }

    pub(super) fn table(&self) {
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        });
        self.dynamodb("CreateTable", &table);
    }

    pub(super) fn dynamodb(&self, operation: &str, body: &Value) {
        let mut request = signed(OWNER, HERE, "dynamodb", body.to_string().into_bytes());
        let target = format!("DynamoDB_20120810.{operation}");
        let headers = request.headers_mut();
        headers.insert("x-amz-target", target.parse().expect("a header"));
        let answer = self.world.call(request);
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// What somebody else does, by value.
    pub(super) fn done(
        &self,
        place: (&str, &str),
        service: &str,
        operation: &str,
        with: Value,
    ) -> Value {
        let result = self
            .world
            .perform(place.0, place.1, service, operation, with);
        result.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// The same to EC2, as the owner of the sources.
    pub(super) fn ec2(&self, operation: &str, parameters: Value) -> Value {
        self.done((OWNER, HERE), "ec2", operation, parameters)
    }

    /// A call of a client.
    pub(super) fn sent(
        &self,
        agent: &str,
        (account, region): (&str, &str),
        (service, operation): (&str, &str),
        parameters: &Value,
    ) -> Result<Value, ApiError> {
        let caller = Caller {
            access_key_id: account.to_owned(),
            region: region.to_owned(),
        };
        let request = client::request(&caller, (service, operation), parameters);
        let mut request = request.expect("a request");
        let headers = request.headers_mut();
        headers.insert("user-agent", agent.parse().expect("a header"));
        client::result((service, operation), &self.world.call(request))
    }

    /// A call of Amiary's, whatever comes of it.
    pub(super) fn amiary_tries(
        &self,
        place: (&str, &str),
        operation: &str,
        parameters: &Value,
    ) -> Result<Value, ApiError> {
        let agent = "aws-sdk-rust/1.3 os/linux app/amiary";
        let service = if operation.starts_with("DeleteObject") {
            "s3"
        } else {
            "ec2"
        };
        self.sent(agent, place, (service, operation), parameters)
    }

    /// A call of Amiary's that succeeds.
    pub(super) fn amiary(&self, place: (&str, &str), operation: &str, parameters: &Value) -> Value {
        let result = self.amiary_tries(place, operation, parameters);
        result.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// A call of Amiary's about a source.
    pub(super) fn amiarys(&self, operation: &str, id: &str) {
        self.amiary((OWNER, HERE), operation, &json!({ "ImageId": id }));
    }

    pub(super) fn record(&self, id: &str) {
        let item = json!({ "pk": { "S": format!("IMAGE#{id}") } });
        self.dynamodb("PutItem", &json!({ "TableName": TABLE, "Item": item }));
    }

    pub(super) fn notice(&self, id: &str) {
        let kind = json!({ "DataType": "String", "StringValue": NOTICE });
        let message = json!({
            "TopicArn": self.topic,
            "Message": format!("{id} will be retired."),
            "MessageAttributes": { "kind": kind },
        });
        self.done((OWNER, HERE), "sns", "Publish", message);
    }

    /// The stages, each with all that must be before it.
    pub(super) fn marked(&self, id: &str) {
        self.record(id);
        self.notice(id);
        self.world.advance(days(7));
    }

    pub(super) fn deprecate(&self, place: (&str, &str), id: &str) {
        let at = self.world.now().to_string();
        let parameters = json!({ "ImageId": id, "DeprecateAt": at });
        self.amiary(place, "EnableImageDeprecation", &parameters);
    }

    pub(super) fn deprecated(&self, id: &str) {
        self.marked(id);
        self.deprecate((OWNER, HERE), id);
        self.world.advance(days(14));
    }

    pub(super) fn disabled(&self, id: &str) {
        self.deprecated(id);
        self.amiarys("DisableImage", id);
        self.world.advance(days(30));
    }

    pub(super) fn deregistered(&self, id: &str) {
        self.disabled(id);
        self.amiarys("DeregisterImage", id);
    }

    pub(super) fn snapshot(&self, id: &str) -> String {
        let image = self.world.image(OWNER, HERE, id).expect("the image");
        image.snapshots[0].id.clone()
    }

    pub(super) fn delete(&self, snapshot: &str) {
        let parameters = json!({ "SnapshotId": snapshot });
        self.amiary((OWNER, HERE), "DeleteSnapshot", &parameters);
    }

    /// Another source, which is newer than the others.
    pub(super) fn newer(&mut self, name: &str) {
        let newer = NewImage::new(OWNER, HERE, name);
        let newer = self.world.publish_image(newer);
        self.guard(|safe| {
            safe.families[0].sources.insert(newer);
        });
    }

    pub(super) fn guard(&mut self, change: impl FnOnce(&mut Safeguards)) {
        change(&mut self.safeguards);
        self.world.guard(self.safeguards.clone());
    }

    /// Which call broke which rule.
    pub(super) fn found(&self) -> Vec<(String, Rule)> {
        let found = self.world.violations().into_iter();
        found.map(|one| (one.call, one.rule)).collect()
    }

    /// Holds that one rule was broken by one call and no other by any; gives what was recorded.
    #[track_caller]
    pub(super) fn one(&self, call: &str, rule: Rule) -> Violation {
        let found = self.world.violations();
        assert_eq!(self.found(), [(call.to_owned(), rule)], "{found:#?}");
        found.into_iter().next().expect("one")
    }

    #[track_caller]
    pub(super) fn none(&self) {
        let found = self.world.violations();
        assert!(found.is_empty(), "{found:#?}");
    }
}

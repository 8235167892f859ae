//! One world, and the requests that are sent to it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use amiary_simulator::client::{self, Caller, Examples};
use amiary_simulator::{EventFaults, NewImage, World};
use bytes::Bytes;
use http::{Request, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::bend::bend;
use crate::draw::Draw;
use crate::form;

/// How many requests one world gets.
const REQUESTS: usize = 1500;
/// What numbers may come to at the most, and around nothing.
const ENDS: [i64; 6] = [i64::MIN, -2_147_483_648, -1, 0, 2_147_483_647, i64::MAX];
pub const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];
/// The codes of operations that aren't simulated.
const UNKNOWN: [&str; 3] = [
    "InvalidAction",
    "UnknownOperationException",
    "MethodNotAllowed",
];
pub const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// What came of the requests for each operation.
pub type Tally = BTreeMap<(String, String), Count>;

#[derive(Debug, Default)]
pub struct Count {
    pub sent: u64,
    pub answered: u64,
    pub codes: BTreeSet<String>,
}

impl Count {
    /// Whether the operation is only in the table.
    pub fn is_unsimulated(&self) -> bool {
        let mut codes = self.codes.iter();
        codes.any(|code| UNKNOWN.contains(&code.as_str()))
    }
}

pub type Target = (&'static str, &'static str);

pub struct Session<'a> {
    seed: u64,
    pub world: World,
    examples: Examples,
    pub draw: Draw,
    targets: Vec<Target>,
    tally: &'a mut Tally,
    /// An image, a key and a topic of each account and Region.
    pub furniture: Vec<[Value; 3]>,
}

impl<'a> Session<'a> {
    pub fn new(seed: u64, tally: &'a mut Tally) -> Self {
        let world = World::new(seed);
        let mut session = Self {
            seed,
            world,
            examples: Examples::new(seed),
            draw: Draw(seed),
            targets: client::operations().collect(),
            tally,
            furniture: Vec::new(),
        };
        session.furnish();
        session
    }

    /// Something of everything, so that there is something to name.
    fn furnish(&mut self) {
        for account in ACCOUNTS {
            for region in REGIONS {
                let key = self.world.create_key(account, region, "alias/golden");
                let topic = self.world.create_topic(account, region, "notices");
                let mut image = NewImage::new(account, region, "golden-1");
                image.encrypted_with = Some("alias/golden".to_owned());
                let image = self.world.publish_image(image);
                let found = json!({ "KeyId": key, "TopicArn": topic, "ImageId": image });
                self.examples.learn(&found);
                self.run_instance((account, region), &found["ImageId"]);
                self.keep_template((account, region), &found["ImageId"]);
                let held = ["ImageId", "KeyId", "TopicArn"].map(|name| found[name].clone());
                self.furniture.push(held);
            }
            self.world.create_role(account, "hub");
            let role = format!("arn:aws:iam::{account}:role/hub");
            self.examples
                .learn(&json!({ "RoleArn": role, "AccountId": account }));
        }
        self.examples.learn(&json!({
            "Name": ["name", "state", "owner-id", "tag:team", "tag-key", "image-id", "golden-1"],
            "AvailabilityZone": ["us-east-1a", "eu-west-1a"],
            "Region": REGIONS,
        }));
        if self.seed.is_multiple_of(3) {
            self.world.set_list_lag(SignedDuration::from_secs(20));
            self.world.set_event_faults(EventFaults {
                lost: 0.1,
                doubled: 0.2,
                delayed: 0.2,
                longest_delay: SignedDuration::from_hours(30),
                reordered: 0.2,
            });
        }
    }

    fn run_instance(&mut self, (account, region): (&str, &str), image: &Value) {
        let parameters = json!({ "ImageId": image, "MinCount": 2, "MaxCount": 2 });
        let world = &self.world;
        let run = world.perform(account, region, "ec2", "RunInstances", parameters);
        self.examples.learn(&run.expect("instances"));
    }

    /// What fleets and groups launch from.
    fn keep_template(&mut self, (account, region): (&str, &str), image: &Value) {
        let data = json!({ "ImageId": image, "InstanceType": "t3.micro" });
        let parameters = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data });
        let world = &self.world;
        let kept = world.perform(account, region, "ec2", "CreateLaunchTemplate", parameters);
        self.examples.learn(&kept.expect("a template"));
    }

    /// Every number of every operation at its ends, in order. Numbers go wrong where they are
    /// added and multiplied, which chance seldom finds.
    fn ends(&mut self) {
        let mut number = 0;
        for target in self.targets.clone() {
            let places = client::numbers(target).expect("an operation of the table");
            for (place, end) in places.iter().flat_map(|place| ENDS.map(|end| (place, end))) {
                let parameters = self.examples.with(target, place, json!(end));
                let parameters = parameters.expect("a place of the operation");
                let caller = self.caller();
                number += 1;
                if let Ok(request) = client::request(&caller, target, &parameters) {
                    self.ask(number, target, (&parameters, &request));
                }
            }
        }
    }

    pub fn run(&mut self, until: Instant) {
        self.tour();
        self.ends();
        for number in 0..REQUESTS {
            if Instant::now() >= until {
                return;
            }
            if self.draw.one_in(20) {
                let minutes = self.draw.below(3 * 24 * 60);
                let minutes = i64::try_from(minutes).expect("a number");
                self.world.advance(SignedDuration::from_mins(minutes));
            }
            if self.draw.one_in(20) {
                self.database(number);
            } else {
                self.operation(number);
            }
        }
    }

    /// An operation out of the table, whatever the simulator makes of it.
    fn operation(&mut self, number: usize) {
        let target = *self.draw.pick(&self.targets);
        let parameters = self.examples.parameters(target.0, target.1);
        let parameters = parameters.expect("an operation of the table");
        let caller = self.caller();
        // Some values can't be written at all, like an empty path.
        let Ok(mut request) = client::request(&caller, target, &parameters) else {
            return;
        };
        if self.draw.one_in(2) {
            bend(&mut self.draw, &mut request);
            self.send(number, &request);
            return;
        }
        self.ask(number, target, (&parameters, &request));
    }

    fn caller(&mut self) -> Caller {
        Caller {
            access_key_id: (*self.draw.pick(&ACCOUNTS)).to_owned(),
            region: (*self.draw.pick(&REGIONS)).to_owned(),
        }
    }

    /// The result of a request as a client writes it, which must be its operation's; nothing where
    /// it is refused.
    pub fn ask(
        &mut self,
        number: usize,
        target: Target,
        (parameters, request): (&Value, &Request<Bytes>),
    ) -> Value {
        let response = self.send(number, request);
        let count = self.tally.entry((target.0.to_owned(), target.1.to_owned()));
        let count = count.or_default();
        count.sent += 1;
        match client::result(target, &response) {
            Ok(result) => {
                count.answered += 1;
                self.examples.learn(parameters);
                self.examples.learn(&result);
                result
            }
            Err(error) if response.status().is_success() => self.fail(
                number,
                request,
                &format!("the answer is not its operation's: {error}"),
            ),
            Err(error) => {
                if UNKNOWN.contains(&error.code.as_str()) {
                    self.targets.retain(|other| *other != target);
                }
                count.codes.insert(error.code);
                Value::Null
            }
        }
    }

    /// A request of `DynamoDB`, which is not in the table.
    fn database(&mut self, number: usize) {
        let key = json!({ "pk": { "S": "a" } });
        let calls: [(&str, Value); 6] = [
            (
                "CreateTable",
                json!({
                    "TableName": "records",
                    "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
                    "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
                    "BillingMode": "PAY_PER_REQUEST",
                }),
            ),
            ("PutItem", json!({ "TableName": "records", "Item": key })),
            ("GetItem", json!({ "TableName": "records", "Key": key })),
            ("DescribeTable", json!({ "TableName": "records" })),
            (
                "UpdateItem",
                json!({
                    "TableName": "records", "Key": key,
                    "UpdateExpression": "SET #a = :a", "ConditionExpression": "attribute_exists(pk)",
                    "ExpressionAttributeNames": { "#a": "a" },
                    "ExpressionAttributeValues": { ":a": { "N": "1" } },
                }),
            ),
            ("Scan", json!({ "TableName": "records", "Limit": 5 })),
        ];
        let (operation, body) = self.draw.pick(&calls);
        let credential = format!("AWS4-HMAC-SHA256 Credential={}/20260101", ACCOUNTS[0]);
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header(
                "authorization",
                format!("{credential}/us-east-1/dynamodb/aws4_request"),
            )
            .body(Bytes::from(body.to_string()));
        let mut request = request.expect("a request");
        if self.draw.one_in(2) {
            bend(&mut self.draw, &mut request);
        }
        self.send(number, &request);
    }

    pub fn send(&self, number: usize, request: &Request<Bytes>) -> Response<Bytes> {
        let began = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| self.world.call(request.clone())));
        let Ok(response) = answer else {
            self.fail(number, request, "it panics");
        };
        if let Some(problem) = form::problem(request, &response, began.elapsed()) {
            let answer = String::from_utf8_lossy(response.body()).into_owned();
            let answer: String = answer.chars().take(2000).collect();
            self.fail(number, request, &format!("{problem}\n{answer}"));
        }
        response
    }

    fn fail(&self, number: usize, request: &Request<Bytes>, problem: &str) -> ! {
        let seed = self.seed;
        let body = String::from_utf8_lossy(request.body());
        let body: String = body.chars().take(20_000).collect();
        panic!(
            "request {number} of AMIARY_FUZZ_SEED={seed}: {problem}\n\n{} {}\n{:#?}\n\n{body:?}",
            request.method(),
            request.uri(),
            request.headers(),
        );
    }
}

//! What scenarios call AWS by: an account, a Region, and whichever client runs them.

use std::time::Duration;

use serde_json::{Value, json};

/// The account that scenarios begin as.
pub const OWNER: &str = "111111111111";
/// Another account.
pub const OTHER: &str = "222222222222";
/// The Region that scenarios begin in.
pub const HERE: &str = "us-east-1";
/// Another Region.
pub const THERE: &str = "eu-west-1";

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub code: String,
    pub message: String,
    pub status: u16,
}

/// Something that can call AWS.
pub trait Client {
    /// One call; parameters and result are keyed by the API model's member names.
    fn call(
        &self,
        place: (&str, &str),
        target: (&str, &str),
        parameters: &Value,
    ) -> Result<Value, Refused>;
    /// Lets time pass.
    fn pass(&self, time: Duration);
    /// The events emitted since they were last asked for, as their envelopes.
    fn events(&self) -> Vec<Value>;
    /// Puts an account into an organization or an organizational unit.
    fn join(&self, account: &str, arn: &str);
}

/// AWS as an account sees it in a Region.
#[derive(Clone)]
pub struct Aws<'a> {
    client: &'a dyn Client,
    account: String,
    region: String,
}

impl<'a> Aws<'a> {
    pub fn new(client: &'a dyn Client) -> Self {
        Self {
            client,
            account: OWNER.to_owned(),
            region: HERE.to_owned(),
        }
    }

    /// The same as another account (or under another access key).
    pub fn by(&self, account: &str) -> Self {
        Self {
            account: account.to_owned(),
            ..self.clone()
        }
    }

    /// The same in another Region.
    pub fn at(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ..self.clone()
        }
    }

    pub fn account(&self) -> &str {
        &self.account
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    pub fn pass(&self, time: Duration) {
        self.client.pass(time);
    }

    pub fn events(&self) -> Vec<Value> {
        self.client.events()
    }

    /// Puts this account into an organization or an organizational unit, by ARN.
    pub fn join(&self, arn: &str) {
        self.client.join(&self.account, arn);
    }

    /// A call that may be refused.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "parameters are written where the call is"
    )]
    pub fn ask(&self, service: &str, operation: &str, parameters: Value) -> Result<Value, Refused> {
        let place = (self.account.as_str(), self.region.as_str());
        self.client.call(place, (service, operation), &parameters)
    }

    /// A call that is answered.
    #[track_caller]
    pub fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        match self.ask(service, operation, parameters) {
            Ok(result) => result,
            Err(refused) => panic!("{service}:{operation} is refused: {refused:?}"),
        }
    }

    /// A call of EC2 that is answered.
    #[track_caller]
    pub fn ec2(&self, operation: &str, parameters: Value) -> Value {
        self.call("ec2", operation, parameters)
    }

    /// A call that is refused.
    #[track_caller]
    pub fn refused(&self, service: &str, operation: &str, parameters: Value) -> Refused {
        match self.ask(service, operation, parameters) {
            Ok(result) => panic!("{service}:{operation} is answered: {result}"),
            Err(refused) => refused,
        }
    }

    /// The code with which EC2 refuses a call.
    #[track_caller]
    pub fn ec2_code(&self, operation: &str, parameters: Value) -> String {
        self.refused("ec2", operation, parameters).code
    }

    /// A completed snapshot of a new volume of 8 GiB.
    #[track_caller]
    pub fn snapshot(&self) -> String {
        let zone = format!("{}a", self.region);
        let volume = self.ec2(
            "CreateVolume",
            json!({ "AvailabilityZone": zone, "Size": 8 }),
        );
        let snapshot = self.ec2("CreateSnapshot", json!({ "VolumeId": volume["VolumeId"] }));
        self.pass(Duration::from_hours(1));
        text(&snapshot["SnapshotId"])
    }

    /// An image over a snapshot of its own.
    #[track_caller]
    pub fn image(&self, name: &str) -> String {
        self.image_over(name, &self.snapshot())
    }

    /// An image over a snapshot.
    #[track_caller]
    pub fn image_over(&self, name: &str, snapshot: &str) -> String {
        let registered = self.ec2(
            "RegisterImage",
            json!({
                "Name": name,
                "Architecture": "x86_64",
                "VirtualizationType": "hvm",
                "RootDeviceName": "/dev/xvda",
                "BlockDeviceMappings": [
                    { "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } }
                ],
            }),
        );
        text(&registered["ImageId"])
    }

    /// Puts the manifest of an instance-store bundle into a bucket of the caller's; gives its
    /// location.
    #[track_caller]
    pub fn bundle(&self) -> String {
        let bucket = "golden-bundles";
        self.call("s3", "CreateBucket", json!({ "Bucket": bucket }));
        let key = "web/image.manifest.xml";
        let put = json!({ "Bucket": bucket, "Key": key, "Body": "<manifest/>" });
        self.call("s3", "PutObject", put);
        format!("{bucket}/{key}")
    }

    /// An image as `DescribeImages` shows it to the caller.
    #[track_caller]
    pub fn described(&self, id: &str) -> Value {
        let answer = self.ec2(
            "DescribeImages",
            json!({ "ImageIds": [id], "IncludeDisabled": true, "IncludeDeprecated": true }),
        );
        answer["Images"][0].clone()
    }
}

/// A text in a result.
#[track_caller]
pub fn text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => panic!("{value} is no text"),
    }
}

//! Spot Instance requests: one for each Spot Instance, however it was launched.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::instance::launch;
use crate::ec2::tag::{self, Tags};
use crate::request::Params;
use crate::state::State;
use crate::wire::error::ApiError;

/// A Spot Instance request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SpotRequest {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(super) created: Timestamp,
    updated: Timestamp,
    pub(crate) state: String,
    /// Why it is in its state: a code and a message.
    pub(super) status: (String, String),
    /// `one-time` or `persistent`.
    pub(super) kind: String,
    pub(super) price: Option<String>,
    pub(super) interruption: String,
    pub(super) instance: String,
    pub(super) zone: String,
    /// The launch parameters.
    pub(crate) specification: Value,
    pub(crate) tags: Tags,
}

/// Members of a launch specification that it is told with as they were given.
const AS_GIVEN: [&str; 12] = [
    "AddressingType",
    "BlockDeviceMappings",
    "EbsOptimized",
    "IamInstanceProfile",
    "ImageId",
    "InstanceType",
    "KeyName",
    "NetworkInterfaces",
    "SubnetId",
    "UserData",
    "KernelId",
    "RamdiskId",
];

/// Notes the fulfilled request of a Spot Instance that was launched; gives its id.
pub(crate) fn fulfilled(
    state: &mut State,
    place: (&str, &str),
    data: &Value,
    instance_id: &str,
) -> Result<String, ApiError> {
    let tags = launch::tags(Params::of(data), "spot-instances-request")?;
    let options = &data["InstanceMarketOptions"]["SpotOptions"];
    let text = |name: &str| options[name].as_str().map(str::to_owned);
    let now = state.clock.now();
    let id = request_id(state);
    let instances = &mut state.ec2.region_mut(place.1).instances;
    let instance = instances.get_mut(instance_id);
    let instance = instance.ok_or_else(|| ApiError::internal("the instance is gone"))?;
    instance.spot_request = Some(id.clone());
    let status = "Your Spot request is fulfilled.".to_owned();
    let mut specification = data.clone();
    specification["InstanceType"] = Value::from(instance.kind.clone());
    specification["ImageId"] = Value::from(instance.image_id.clone());
    let request = SpotRequest {
        id: id.clone(),
        owner: place.0.to_owned(),
        created: now,
        updated: now,
        state: "active".to_owned(),
        status: ("fulfilled".to_owned(), status),
        kind: text("SpotInstanceType").unwrap_or_else(|| "one-time".to_owned()),
        price: text("MaxPrice"),
        interruption: text("InstanceInterruptionBehavior")
            .unwrap_or_else(|| "terminate".to_owned()),
        instance: instance_id.to_owned(),
        zone: instance.zone.clone(),
        specification,
        tags: Tags::of_owner(place.0, tags),
    };
    let fleets = &mut state.ec2.region_mut(place.1).fleets;
    fleets.requests.insert(id.clone(), request);
    Ok(id)
}

/// `sir-` and eight letters and digits.
fn request_id(state: &mut State) -> String {
    let mut number = state.ids.next();
    let mut id = "sir-".to_owned();
    for _ in 0..8 {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        id.extend(char::from_digit(digit, 36));
        number /= 36;
    }
    id
}

/// Closes the request of an instance that is about to go. A persistent one is
/// disabled, where AWS would open it again: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html>.
pub(super) fn instance_left(state: &mut State, place: (&str, &str), id: &str) {
    let now = state.clock.now();
    let region = state.ec2.region_mut(place.1);
    let instance = region.instances.get(id);
    let Some(request) = instance.and_then(|instance| instance.spot_request.clone()) else {
        return;
    };
    let Some(request) = region.fleets.requests.get_mut(&request) else {
        return;
    };
    if request.state == "active" {
        let persistent = request.kind == "persistent";
        let state = if persistent { "disabled" } else { "closed" };
        let message = "Spot instance terminated due to user-initiated termination.";
        request.enter(state, "instance-terminated-by-user", message, now);
    }
}

impl SpotRequest {
    /// Moves it into another state.
    pub(super) fn enter(&mut self, state: &str, code: &str, message: &str, now: Timestamp) {
        state.clone_into(&mut self.state);
        self.status = (code.to_owned(), message.to_owned());
        self.updated = now;
    }

    fn specification_written(&self) -> Value {
        let data = Params::of(&self.specification);
        let mut written = json!({});
        for name in AS_GIVEN {
            if let Some(value) = data.value(name) {
                written[name] = value.clone();
            }
        }
        if let Some(placement) = data.child("Placement") {
            for name in ["AvailabilityZone", "GroupName", "Tenancy"] {
                written["Placement"][name] = Value::from(placement.text(name));
            }
        }
        let groups = data.texts("SecurityGroupIds").into_iter();
        let groups: Vec<Value> = groups.map(|id| json!({ "GroupId": id })).collect();
        written["SecurityGroups"] = Value::from(groups);
        let monitoring = data.child("Monitoring");
        let monitored = monitoring.and_then(|monitoring| monitoring.flag("Enabled"));
        written["Monitoring"] = json!({ "Enabled": monitored.unwrap_or_default() });
        written
    }

    /// The request as `DescribeSpotInstanceRequests` writes it.
    pub(super) fn written(&self, account: &str) -> Value {
        json!({
            "SpotInstanceRequestId": self.id,
            "CreateTime": millis(self.created),
            "InstanceId": self.instance,
            "InstanceInterruptionBehavior": self.interruption,
            "LaunchSpecification": self.specification_written(),
            "LaunchedAvailabilityZone": self.zone,
            "ProductDescription": "Linux/UNIX",
            "SpotPrice": self.price,
            "State": self.state,
            "Status": {
                "Code": self.status.0,
                "Message": self.status.1,
                "UpdateTime": millis(self.updated),
            },
            "Tags": tag::written(&self.tags.own(account)),
            "Type": self.kind,
        })
    }
}

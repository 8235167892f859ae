//! An instance as the API writes it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Instance, network};
use crate::clock::millis;
use crate::ec2::tag;
use crate::ec2::volume::Volume;
use crate::request::Params;
use crate::state::State;
use crate::wire::error::ApiError;

/// Launch parameters that an instance is described with as they are.
const AS_GIVEN: [&str; 8] = [
    "CapacityReservationSpecification",
    "CpuOptions",
    "EnclaveOptions",
    "HibernationOptions",
    "KeyName",
    "MaintenanceOptions",
    "PrivateDnsNameOptions",
    "EbsOptimized",
];

/// The volumes of a Region.
pub(super) type Volumes = BTreeMap<String, Volume>;

/// Whether a volume goes with its instance.
pub(super) fn goes(volumes: &Volumes, id: &str) -> bool {
    let volume = volumes.get(id);
    volume.is_some_and(|volume| volume.delete_on_termination)
}

impl Instance {
    pub(super) fn data(&self) -> Params<'_> {
        Params::of(&self.data)
    }

    pub(super) fn profile_arn(&self) -> Option<String> {
        let profile = self.data().child("IamInstanceProfile")?;
        let by_name = || {
            let name = profile.text("Name")?;
            Some(format!(
                "arn:aws:iam::{}:instance-profile/{name}",
                self.owner
            ))
        };
        profile.text("Arn").map(str::to_owned).or_else(by_name)
    }

    pub(super) fn monitoring(&self) -> &'static str {
        let monitoring = self.data().child("Monitoring");
        match monitoring.and_then(|monitoring| monitoring.flag("Enabled")) {
            Some(true) => "enabled",
            _ => "disabled",
        }
    }

    pub(super) fn tenancy(&self) -> &str {
        let placement = self.data().child("Placement");
        let tenancy = placement.and_then(|placement| placement.text("Tenancy"));
        tenancy.unwrap_or("default")
    }

    /// The metadata options; an image with `ImdsSupport` asks for tokens:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>.
    fn metadata(&self) -> Value {
        let with_tokens = self.hardware["ImdsSupport"] == json!("v2.0");
        let mut options = json!({
            "State": "applied",
            "HttpTokens": if with_tokens { "required" } else { "optional" },
            "HttpPutResponseHopLimit": if with_tokens { 2 } else { 1 },
            "HttpEndpoint": "enabled",
            "HttpProtocolIpv6": "disabled",
            "InstanceMetadataTags": "disabled",
        });
        let asked = self.data["MetadataOptions"].as_object();
        for (name, value) in asked.into_iter().flatten() {
            options[name] = value.clone();
        }
        options
    }

    fn placement(&self) -> Value {
        let asked = self.data["Placement"].as_object().cloned();
        let mut placement = Value::Object(asked.unwrap_or_default());
        placement["AvailabilityZone"] = Value::from(self.zone.clone());
        placement["Tenancy"] = Value::from(self.tenancy());
        placement
    }

    fn devices(&self, volumes: &Volumes) -> Vec<Value> {
        let devices = self.volumes.iter().map(|(device, volume)| {
            json!({ "DeviceName": device, "Ebs": {
                "VolumeId": volume,
                "Status": "attached",
                "AttachTime": millis(self.launched),
                "DeleteOnTermination": goes(volumes, volume),
            } })
        });
        devices.collect()
    }

    /// The instance as `DescribeInstances` writes it. A terminated one has no network any more.
    pub(super) fn written(&self, account: &str, volumes: &Volumes) -> Value {
        let data = self.data();
        let (code, reason) = self.reason.clone().unzip();
        let reason = code.map(|code| json!({ "Code": code, "Message": reason }));
        let asked = self.asked.map(|at| {
            let at = at.strftime("%Y-%m-%d %H:%M:%S GMT");
            format!("User initiated ({at})")
        });
        let mut written = json!({
            "InstanceId": self.id,
            "ImageId": self.image_id,
            "InstanceType": self.kind,
            "AmiLaunchIndex": self.index,
            "LaunchTime": millis(self.launched),
            "State": self.phase.written(),
            "StateReason": reason,
            "StateTransitionReason": asked.unwrap_or_default(),
            "Architecture": self.hardware["Architecture"],
            "VirtualizationType": self.hardware["VirtualizationType"],
            "BootMode": self.hardware["BootMode"],
            "TpmSupport": self.hardware["TpmSupport"],
            "EnaSupport": self.hardware["EnaSupport"],
            "Hypervisor": "xen",
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "RootDeviceName": self.root_device,
            "RootDeviceType": "ebs",
            "EbsOptimized": false,
            "BlockDeviceMappings": self.devices(volumes),
            "Placement": self.placement(),
            "Monitoring": { "State": self.monitoring() },
            "MetadataOptions": self.metadata(),
            "IamInstanceProfile": self.profile_arn().map(|arn| json!({ "Arn": arn })),
            "Licenses": data.value("LicenseSpecifications"),
            "InstanceLifecycle": self.spot_request.as_ref().map(|_| "spot"),
            "SpotInstanceRequestId": self.spot_request,
            "ProductCodes": [],
            "Tags": tag::written(&self.tags.own(account)),
        });
        for name in AS_GIVEN {
            if let Some(value) = data.value(name) {
                written[name] = value.clone();
            }
        }
        if !self.is_going() {
            let address = network::address(data, &self.id);
            written["PrivateIpAddress"] = Value::from(address);
            written["SubnetId"] = Value::from(network::subnet(data, &self.owner, &self.zone));
            written["VpcId"] = Value::from(network::vpc(&self.owner, &self.zone));
            written["SecurityGroups"] = Value::from(network::groups(data, &self.owner));
            written["SourceDestCheck"] = Value::Bool(true);
        }
        written
    }
}

/// A reservation of new instances.
pub(super) fn instances_written(
    state: &State,
    (account, region): (&str, &str),
    ids: &[String],
) -> Result<Value, ApiError> {
    let nothing = || ApiError::internal("nothing was launched");
    let region = state.ec2.region(region).ok_or_else(nothing)?;
    let of = |id: &String| region.instances.get(id);
    let first = ids.first().and_then(of).ok_or_else(nothing)?;
    let launched = ids.iter().filter_map(of);
    let written = launched.map(|instance| instance.written(account, &region.volumes));
    let written: Vec<Value> = written.collect();
    Ok(json!({
        "ReservationId": first.reservation,
        "OwnerId": account,
        "Groups": [],
        "Instances": written,
    }))
}

//! An Auto Scaling group, and how the API writes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::Region;
use crate::ec2::instance::Instance;
use crate::request::Params;

/// An Auto Scaling group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(super) arn: String,
    pub(super) created: Timestamp,
    pub(super) least: i64,
    pub(super) most: i64,
    pub(super) desired: i64,
    /// The other parameters it was made and changed with, by the model's member names.
    pub(crate) settings: Value,
    /// Its instances, the oldest first.
    pub(super) members: Vec<Member>,
    /// Keys, values, and whether instances get them.
    pub(super) tags: Vec<(String, String, bool)>,
}

/// An instance of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) instance: String,
    /// The launch configuration, or the version of a template, that it came from.
    pub(super) from: Value,
    pub(super) weight: Option<String>,
    pub(super) protected: bool,
}

/// Settings that have a value where the group was given none.
fn usual() -> [(&'static str, Value); 12] {
    [
        ("DefaultCooldown", json!(300)),
        ("HealthCheckType", json!("EC2")),
        ("HealthCheckGracePeriod", json!(0)),
        ("LoadBalancerNames", json!([])),
        ("TargetGroupARNs", json!([])),
        ("TerminationPolicies", json!(["Default"])),
        ("NewInstancesProtectedFromScaleIn", json!(false)),
        ("SuspendedProcesses", json!([])),
        ("EnabledMetrics", json!([])),
        ("TrafficSources", json!([])),
        ("VPCZoneIdentifier", json!("")),
        ("DeletionProtection", json!("none")),
    ]
}

impl Group {
    pub(super) fn setting(&self) -> Params<'_> {
        Params::of(&self.settings)
    }

    /// The launch configuration it launches from.
    pub(super) fn configuration(&self) -> Option<&str> {
        self.setting().text("LaunchConfigurationName")
    }

    /// The zones it launches into.
    pub(super) fn zones(&self, region: &str) -> Vec<String> {
        let named = self.setting().texts("AvailabilityZones");
        if named.is_empty() {
            vec![format!("{region}a")]
        } else {
            named.into_iter().map(str::to_owned).collect()
        }
    }

    /// The subnets it launches into.
    pub(super) fn subnets(&self) -> Vec<&str> {
        let named = self.setting().text("VPCZoneIdentifier");
        let named = named.into_iter().flat_map(|named| named.split(','));
        named.map(str::trim).filter(|id| !id.is_empty()).collect()
    }

    /// The group as `DescribeAutoScalingGroups` writes it.
    pub(super) fn written(
        &self,
        (account, region): (&str, &str),
        at: &Region,
        members: bool,
    ) -> Value {
        let mut written = self.settings.clone();
        for (name, value) in usual() {
            if written[name].is_null() {
                written[name] = value;
            }
        }
        if written["ServiceLinkedRoleARN"].is_null() {
            let role = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
            let arn = format!("arn:aws:iam::{account}:role/{role}");
            written["ServiceLinkedRoleARN"] = Value::from(arn);
        }
        let instances = self.members.iter().filter_map(|member| {
            let instance = at.instances.get(&member.instance)?;
            Some(member.written(instance))
        });
        written["AutoScalingGroupName"] = Value::from(self.name.clone());
        written["AutoScalingGroupARN"] = Value::from(self.arn.clone());
        written["MinSize"] = Value::from(self.least);
        written["MaxSize"] = Value::from(self.most);
        written["DesiredCapacity"] = Value::from(self.desired);
        written["AvailabilityZones"] = Value::from(self.zones(region));
        written["CreatedTime"] = Value::from(self.created.to_string());
        if members {
            written["Instances"] = instances.collect();
        }
        written["Tags"] = self.tags_written();
        written
    }

    fn tags_written(&self) -> Value {
        let tags = self.tags.iter().map(|(key, value, given)| {
            json!({
                "ResourceId": self.name,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": value,
                "PropagateAtLaunch": given,
            })
        });
        tags.collect()
    }
}

impl Member {
    /// The instance as its group tells of it.
    pub(super) fn written(&self, instance: &Instance) -> Value {
        let lifecycle = if instance.is_running() {
            "InService"
        } else {
            "Pending"
        };
        let mut written = json!({
            "InstanceId": self.instance,
            "InstanceType": instance.kind,
            "AvailabilityZone": instance.zone,
            "LifecycleState": lifecycle,
            "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": self.protected,
            "WeightedCapacity": self.weight,
        });
        for (name, value) in self.from.as_object().into_iter().flatten() {
            written[name] = value.clone();
        }
        written
    }
}

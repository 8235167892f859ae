//! Calls that are right, in an order that makes sense: what chance seldom comes upon. Each is sent
//! as it is, and bent.

mod services;

use amiary_simulator::client::{self, Caller};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::bend::bend;
use crate::session::{ACCOUNTS, REGIONS, Session, Target};

impl Session<'_> {
    /// Does what a user of every service would do.
    pub fn tour(&mut self) {
        let Some([image, key, topic]) = self.furniture.first().cloned() else {
            return;
        };
        self.tour_groups(&image);
        self.tour_fleets(&image);
        let (volume, snapshot) = self.tour_images();
        self.tour_bin(&volume);
        self.tour_snapshots(&volume, &snapshot);
        self.tour_keys(&key);
        self.tour_recipes(&image);
        self.tour_objects();
        self.tour_parameters();
        let message = json!({ "TopicArn": topic, "Message": "a" });
        self.tell(("sns", "Publish"), message);
        let attribute = json!({
            "TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "a",
        });
        self.tell(("sns", "SetTopicAttributes"), attribute);
        self.tell(("sts", "GetCallerIdentity"), json!({}));
    }

    /// The result of a call of the first account in the first Region; nothing where it is refused.
    fn tell(&mut self, target: Target, parameters: Value) -> Value {
        self.tell_as(ACCOUNTS[0], target, parameters)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "parameters are used up by their call"
    )]
    fn tell_as(&mut self, account: &str, target: Target, parameters: Value) -> Value {
        let caller = Caller {
            access_key_id: account.to_owned(),
            region: REGIONS[0].to_owned(),
        };
        let request = client::request(&caller, target, &parameters);
        let mut request = request.expect("a request");
        let answer = self.ask(0, target, (&parameters, &request));
        bend(&mut self.draw, &mut request);
        self.send(0, &request);
        answer
    }

    fn pass(&mut self, hours: i64) {
        self.world.advance(SignedDuration::from_hours(hours));
    }

    fn tour_groups(&mut self, image: &Value) {
        let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
        let run = self.tell(("ec2", "RunInstances"), run);
        self.pass(1);
        let ids = json!({ "InstanceIds": [run["Instances"][0]["InstanceId"]] });
        for operation in ["RebootInstances", "StopInstances"] {
            self.tell(("ec2", operation), ids.clone());
        }
        let made = json!({ "InstanceId": ids["InstanceIds"][0], "Name": "made" });
        self.pass(1);
        self.tell(("ec2", "CreateImage"), made);
        let every = json!({ "InstanceSpecification": { "InstanceId": ids["InstanceIds"][0] } });
        self.tell(("ec2", "CreateSnapshots"), every);
        let named = json!({ "ImageIds": [image], "IncludeAllResourceTypes": true });
        self.tell(("ec2", "DescribeImageReferences"), named);
        for operation in ["StartInstances", "TerminateInstances"] {
            self.tell(("ec2", operation), ids.clone());
        }
        let copy = json!({ "SourceImageId": image, "SourceRegion": REGIONS[0], "Name": "copied" });
        self.tell(("ec2", "CopyImage"), copy);
        let configuration = json!({
            "LaunchConfigurationName": "tour", "ImageId": image, "InstanceType": "t3.micro",
        });
        self.tell(("autoscaling", "CreateLaunchConfiguration"), configuration);
        let configuration = json!({ "LaunchConfigurationName": "tour" });
        self.tell(("autoscaling", "DeleteLaunchConfiguration"), configuration);
        let launch = json!({ "LaunchSpecification": { "ImageId": image } });
        self.tell(("ec2", "RequestSpotInstances"), launch);
        let data = json!({ "InstanceType": "t3.small" });
        let version = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data });
        self.tell(("ec2", "CreateLaunchTemplateVersion"), version);
        let versions = json!({ "LaunchTemplateName": "web", "Versions": ["2"] });
        for operation in [
            "DescribeLaunchTemplateVersions",
            "DeleteLaunchTemplateVersions",
        ] {
            self.tell(("ec2", operation), versions.clone());
        }
        let usual = json!({ "LaunchTemplateName": "web", "DefaultVersion": "1" });
        self.tell(("ec2", "ModifyLaunchTemplate"), usual);
        let data = json!({ "LaunchTemplateName": "gone", "LaunchTemplateData": data });
        self.tell(("ec2", "CreateLaunchTemplate"), data);
        let gone = json!({ "LaunchTemplateName": "gone" });
        self.tell(("ec2", "DeleteLaunchTemplate"), gone);
        for (operation, more) in [
            (
                "CreateAutoScalingGroup",
                json!({
                    "LaunchTemplate": { "LaunchTemplateName": "web", "Version": "1" },
                    "MinSize": 0, "MaxSize": 3, "DesiredCapacity": 1,
                    "AvailabilityZones": ["us-east-1a"],
                }),
            ),
            ("UpdateAutoScalingGroup", json!({ "MaxSize": 4 })),
            ("SetDesiredCapacity", json!({ "DesiredCapacity": 2 })),
            ("DeleteAutoScalingGroup", json!({ "ForceDelete": true })),
        ] {
            let mut parameters = more;
            parameters["AutoScalingGroupName"] = json!("tour");
            self.tell(("autoscaling", operation), parameters);
        }
    }

    fn tour_fleets(&mut self, image: &Value) {
        let template = json!({ "LaunchTemplateName": "web", "Version": "1" });
        let fleet = json!({
            "TargetCapacitySpecification": { "TotalTargetCapacity": 1 },
            "LaunchTemplateConfigs": [{ "LaunchTemplateSpecification": template }],
        });
        let fleet = self.tell(("ec2", "CreateFleet"), fleet)["FleetId"].clone();
        self.tell(
            ("ec2", "DescribeFleetInstances"),
            json!({ "FleetId": fleet }),
        );
        let fleets = json!({ "FleetIds": [fleet], "TerminateInstances": true });
        self.tell(("ec2", "DeleteFleets"), fleets);
        let config = json!({
            "IamFleetRole": "arn:aws:iam::111111111111:role/fleet", "TargetCapacity": 1,
            "LaunchSpecifications": [{ "ImageId": image }],
        });
        let fleet = json!({ "SpotFleetRequestConfig": config });
        let fleet = self.tell(("ec2", "RequestSpotFleet"), fleet)["SpotFleetRequestId"].clone();
        let instances = json!({ "SpotFleetRequestId": fleet });
        self.tell(("ec2", "DescribeSpotFleetInstances"), instances);
        let fleets = json!({ "SpotFleetRequestIds": [fleet], "TerminateInstances": true });
        self.tell(("ec2", "CancelSpotFleetRequests"), fleets);
    }

    fn tour_snapshot(&mut self, volume: &Value) -> Value {
        let made = self.tell(("ec2", "CreateSnapshot"), json!({ "VolumeId": volume }));
        self.pass(1);
        made["SnapshotId"].clone()
    }

    /// A volume and a snapshot of it, which an image is over.
    fn tour_images(&mut self) -> (Value, Value) {
        let place = json!({ "AvailabilityZone": "us-east-1a", "Size": 8 });
        let volume = self.tell(("ec2", "CreateVolume"), place)["VolumeId"].clone();
        let snapshot = self.tour_snapshot(&volume);
        let root = json!({ "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } });
        let image = json!({
            "Name": "registered", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": [root],
        });
        let image = self.tell(("ec2", "RegisterImage"), image)["ImageId"].clone();
        let report =
            json!({ "ImageId": image, "ResourceTypes": [{ "ResourceType": "ec2:Instance" }] });
        let report = self.tell(("ec2", "CreateImageUsageReport"), report);
        let report = json!({ "ReportId": report["ReportId"] });
        self.tell(("ec2", "DeleteImageUsageReport"), report);
        let tags = json!({ "Resources": [image], "Tags": [{ "Key": "a", "Value": "b" }] });
        self.tell(("ec2", "CreateTags"), tags.clone());
        self.tell(("ec2", "DeleteTags"), tags);
        let other = json!([{ "UserId": ACCOUNTS[1] }]);
        let shared = json!({ "ImageId": image, "LaunchPermission": { "Add": other } });
        self.tell(("ec2", "ModifyImageAttribute"), shared);
        let target = ("ec2", "CancelImageLaunchPermission");
        self.tell_as(ACCOUNTS[1], target, json!({ "ImageId": image }));
        let shared = json!({
            "SnapshotId": snapshot, "Attribute": "createVolumePermission",
            "OperationType": "add", "UserIds": [ACCOUNTS[1]],
        });
        self.tell(("ec2", "ModifySnapshotAttribute"), shared);
        let copy = json!({ "SourceSnapshotId": snapshot, "SourceRegion": REGIONS[0] });
        self.tell(("ec2", "CopySnapshot"), copy);
        let kept = json!({ "SnapshotId": snapshot, "Attribute": "createVolumePermission" });
        self.tell(("ec2", "ResetSnapshotAttribute"), kept);
        let id = json!({ "ImageId": image });
        for operation in ["GetImageAncestry", "DisableImage", "EnableImage"] {
            self.tell(("ec2", operation), id.clone());
        }
        self.tour_rules();
        self.tell(("ec2", "DeregisterImage"), json!({ "ImageId": image }));
        let restore = ("ec2", "RestoreImageFromRecycleBin");
        self.tell(restore, json!({ "ImageId": image }));
        (volume, snapshot)
    }

    fn tour_rules(&mut self) {
        let period = json!({ "RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS" });
        let delay = json!({ "UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS" });
        for kind in ["EC2_IMAGE", "EBS_SNAPSHOT"] {
            let rule = json!({ "ResourceType": kind, "RetentionPeriod": period });
            let rule = self.tell(("rbin", "CreateRule"), rule);
            let (id, rule) = (rule["Identifier"].clone(), rule["RuleArn"].clone());
            let tags = json!({ "ResourceArn": rule, "Tags": [{ "Key": "a", "Value": "b" }] });
            self.tell(("rbin", "TagResource"), tags);
            self.tell(
                ("rbin", "ListTagsForResource"),
                json!({ "ResourceArn": rule }),
            );
            let tags = json!({ "ResourceArn": rule, "TagKeys": ["a"] });
            self.tell(("rbin", "UntagResource"), tags);
            let described = json!({ "Identifier": id, "Description": "a" });
            self.tell(("rbin", "UpdateRule"), described);
            let lock = json!({ "Identifier": id, "LockConfiguration": { "UnlockDelay": delay } });
            self.tell(("rbin", "LockRule"), lock);
            self.tell(("rbin", "UnlockRule"), json!({ "Identifier": id }));
        }
    }

    fn tour_bin(&mut self, volume: &Value) {
        let snapshot = json!({ "SnapshotId": self.tour_snapshot(volume) });
        self.tell(("ec2", "DeleteSnapshot"), snapshot.clone());
        self.tell(("ec2", "RestoreSnapshotFromRecycleBin"), snapshot);
    }

    fn tour_snapshots(&mut self, volume: &Value, snapshot: &Value) {
        let lock = json!({ "SnapshotId": snapshot, "LockMode": "governance", "LockDuration": 1 });
        self.tell(("ec2", "LockSnapshot"), lock);
        self.tell(("ec2", "UnlockSnapshot"), json!({ "SnapshotId": snapshot }));
        let cold = self.tour_snapshot(volume);
        let tier = json!({ "SnapshotId": cold, "StorageTier": "archive" });
        self.tell(("ec2", "ModifySnapshotTier"), tier);
        self.pass(4 * 24);
        let restored = json!({ "SnapshotId": cold, "TemporaryRestoreDays": 1 });
        self.tell(("ec2", "RestoreSnapshotTier"), restored);
        let place = json!({ "AvailabilityZone": "us-east-1a", "Size": 1 });
        let volume = self.tell(("ec2", "CreateVolume"), place)["VolumeId"].clone();
        self.tell(("ec2", "DeleteVolume"), json!({ "VolumeId": volume }));
        let disk = json!({
            "Format": "VHD", "UserBucket": { "S3Bucket": "disks", "S3Key": "disk.vhd" },
        });
        self.tell(("ec2", "ImportSnapshot"), json!({ "DiskContainer": disk }));
    }
}

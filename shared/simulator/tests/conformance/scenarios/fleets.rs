//! EC2 Fleets, Spot Fleets and Spot requests.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, text};
use crate::scenario::{Section, scenario};

const CREATE_FLEET: &str = "AWSEC2/latest/APIReference/API_CreateFleet.html";
const DELETE_FLEETS: &str = "AWSEC2/latest/APIReference/API_DeleteFleets.html";
const SPOT_FLEET: &str = "AWSEC2/latest/APIReference/API_RequestSpotFleet.html";

pub const SECTION: Section = Section {
    name: "fleets",
    title: "Fleets and Spot requests",
    scenarios: &[
        scenario!(
            an_instant_fleet_answers_with_its_instances,
            Documented,
            CREATE_FLEET,
            "An instant fleet answers with the instances it launched, and is described only where it is named.",
        ),
        scenario!(
            overrides_of_a_fleet_can_name_another_image,
            Documented,
            "AWSEC2/latest/APIReference/API_FleetLaunchTemplateOverridesRequest.html",
            "An override's image takes the place of the template's.",
        ),
        scenario!(
            a_maintained_fleet_is_told_with_its_instances,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeFleetInstances.html",
            "Fleets of the other types answer with their id; their instances are listed, and those of instant fleets are not.",
        ),
        scenario!(
            a_maintained_fleet_replaces_an_instance,
            Documented,
            "AWSEC2/latest/UserGuide/ec2-fleet-request-type.html",
            "A fleet of the type `maintain` launches another instance for one that is terminated; one of the type `request` does not.",
        ),
        scenario!(
            an_instant_fleet_that_launches_nothing_says_why,
            Documented,
            CREATE_FLEET,
            "An instant fleet whose image can't be launched answers with errors in place of instances.",
        ),
        scenario!(
            a_fleet_of_an_absent_template_is_refused,
            Inferred,
            CREATE_FLEET,
            "A fleet of a launch template or version that does not exist is refused.",
        ),
        scenario!(
            deleting_a_fleet_terminates_its_instances_or_lets_them_run,
            Documented,
            DELETE_FLEETS,
            "A deleted fleet's instances are terminated or run on, as asked; each fleet has its own outcome.",
        ),
        scenario!(
            a_spot_request_is_active_with_an_instance,
            Documented,
            "AWSEC2/latest/APIReference/API_RequestSpotInstances.html",
            "A Spot request is active with its instance, told with its image, and found by it.",
        ),
        scenario!(
            a_cancelled_spot_request_leaves_its_instance,
            Documented,
            "AWSEC2/latest/APIReference/API_CancelSpotInstanceRequests.html",
            "Cancelling a Spot request does not terminate its instance; an absent request is refused.",
        ),
        scenario!(
            a_spot_request_closes_with_its_instance,
            Documented,
            "AWSEC2/latest/UserGuide/spot-request-status.html",
            "A one-time Spot request is closed when its instance is terminated.",
        ),
        scenario!(
            a_spot_fleet_launches_from_specifications_or_templates,
            Documented,
            SPOT_FLEET,
            "A Spot Fleet launches from launch specifications or launch templates, not from both or none.",
        ),
        scenario!(
            a_cancelled_spot_fleet_terminates_its_instances_or_lets_them_run,
            Documented,
            "AWSEC2/latest/APIReference/API_CancelSpotFleetRequests.html",
            "A cancelled Spot Fleet's instances are terminated or run on, as asked; each fleet has its own outcome.",
        ),
        scenario!(
            fleets_and_spot_requests_have_tags,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Tags.html",
            "Fleets, Spot Fleets and Spot requests are tagged when made or later.",
        ),
    ],
};

const MINUTE: Duration = Duration::from_mins(1);

#[track_caller]
fn template(aws: &Aws<'_>, name: &str, image: &str) {
    let data = json!({ "ImageId": image, "InstanceType": "t3.micro" });
    aws.ec2(
        "CreateLaunchTemplate",
        json!({ "LaunchTemplateName": name, "LaunchTemplateData": data }),
    );
}

/// The parameters of a fleet of one template's latest version.
fn fleet(kind: &str, name: &str, size: i64, overrides: &Value) -> Value {
    let named = json!({ "LaunchTemplateName": name, "Version": "$Latest" });
    json!({
        "Type": kind,
        "LaunchTemplateConfigs": [
            { "LaunchTemplateSpecification": named, "Overrides": overrides },
        ],
        "TargetCapacitySpecification": {
            "TotalTargetCapacity": size, "DefaultTargetCapacityType": "on-demand",
        },
    })
}

#[track_caller]
fn instances_of(aws: &Aws<'_>, image: &str) -> Vec<Value> {
    let filters = json!([{ "Name": "image-id", "Values": [image] }]);
    let answer = aws.ec2("DescribeInstances", json!({ "Filters": filters }));
    let reservations = answer["Reservations"].as_array().expect("a list").iter();
    let all = reservations.flat_map(|one| one["Instances"].as_array().expect("a list"));
    all.cloned().collect()
}

#[track_caller]
fn fleet_state(aws: &Aws<'_>, id: &str) -> String {
    let answer = aws.ec2("DescribeFleets", json!({ "FleetIds": [id] }));
    text(&answer["Fleets"][0]["FleetState"])
}

fn an_instant_fleet_answers_with_its_instances(aws: &Aws<'_>) {
    let image = aws.image("golden");
    template(aws, "web", &image);
    let made = aws.ec2("CreateFleet", fleet("instant", "web", 2, &json!([])));
    let launched = &made["Instances"][0];
    assert_eq!(launched["InstanceIds"].as_array().map(Vec::len), Some(2));
    assert_eq!(launched["Lifecycle"], "on-demand");
    assert_eq!(launched["InstanceType"], "t3.micro");
    assert_eq!(instances_of(aws, &image).len(), 2);
    let all = aws.ec2("DescribeFleets", json!({}));
    assert!(all["Fleets"].as_array().is_none_or(Vec::is_empty));
    let named = aws.ec2("DescribeFleets", json!({ "FleetIds": [made["FleetId"]] }));
    assert_eq!(named["Fleets"][0]["Type"], "instant");
    assert_eq!(named["Fleets"][0]["FulfilledCapacity"], 2.0);
}

fn overrides_of_a_fleet_can_name_another_image(aws: &Aws<'_>) {
    let (image, other) = (aws.image("golden"), aws.image("other"));
    template(aws, "web", &image);
    let overrides = json!([
        { "InstanceType": "t3.large", "ImageId": other, "WeightedCapacity": 2.0 },
        { "InstanceType": "t3.small" },
    ]);
    let made = aws.ec2("CreateFleet", fleet("request", "web", 3, &overrides));
    assert!(instances_of(aws, &image).is_empty());
    assert_eq!(instances_of(aws, &other).len(), 2);
    let told = aws.ec2("DescribeFleets", json!({ "FleetIds": [made["FleetId"]] }));
    let told = &told["Fleets"][0]["LaunchTemplateConfigs"][0];
    assert_eq!(told["Overrides"][0]["ImageId"], other);
}

fn a_maintained_fleet_is_told_with_its_instances(aws: &Aws<'_>) {
    template(aws, "web", &aws.image("golden"));
    let made = aws.ec2("CreateFleet", fleet("maintain", "web", 2, &json!([])));
    assert!(made["Instances"].as_array().is_none_or(Vec::is_empty));
    let of = json!({ "FleetId": made["FleetId"] });
    let told = aws.ec2("DescribeFleetInstances", of);
    assert_eq!(told["ActiveInstances"].as_array().map(Vec::len), Some(2));
    assert_eq!(told["FleetId"], made["FleetId"]);
    let filters = json!([{ "Name": "fleet-state", "Values": ["active"] }]);
    let active = aws.ec2("DescribeFleets", json!({ "Filters": filters }));
    assert_eq!(active["Fleets"][0]["FleetId"], made["FleetId"]);
    let instant = aws.ec2("CreateFleet", fleet("instant", "web", 1, &json!([])));
    let of = json!({ "FleetId": instant["FleetId"] });
    let code = aws.ec2_code("DescribeFleetInstances", of);
    assert_eq!(code, "UnsupportedOperation");
    let absent = json!({ "FleetIds": ["fleet-00000000-0000-4000-8000-000000000000"] });
    assert_eq!(
        aws.ec2_code("DescribeFleets", absent),
        "InvalidFleetId.NotFound"
    );
}

fn a_maintained_fleet_replaces_an_instance(aws: &Aws<'_>) {
    template(aws, "web", &aws.image("golden"));
    let source = json!({ "LaunchSpecifications": specification(&aws.image("other")) });
    let spot = aws.ec2("RequestSpotFleet", spot_fleet(1, &source))["SpotFleetRequestId"].clone();
    let make =
        |kind: &str| aws.ec2("CreateFleet", fleet(kind, "web", 1, &json!([])))["FleetId"].clone();
    let (kept, once) = (make("maintain"), make("request"));
    let active = |id: &Value| {
        aws.ec2("DescribeFleetInstances", json!({ "FleetId": id }))["ActiveInstances"].clone()
    };
    let in_spot = || {
        let of = json!({ "SpotFleetRequestId": spot });
        aws.ec2("DescribeSpotFleetInstances", of)["ActiveInstances"].clone()
    };
    let before = [active(&kept), active(&once), in_spot()];
    let ids: Vec<Value> = before
        .iter()
        .map(|one| one[0]["InstanceId"].clone())
        .collect();
    aws.ec2("TerminateInstances", json!({ "InstanceIds": ids }));
    let after = [active(&kept), in_spot()];
    for (after, before) in after.iter().zip([&ids[0], &ids[2]]) {
        assert_eq!(after.as_array().map(Vec::len), Some(1));
        assert_ne!(after[0]["InstanceId"], *before);
    }
    assert!(active(&once).as_array().is_none_or(Vec::is_empty));
}

fn an_instant_fleet_that_launches_nothing_says_why(aws: &Aws<'_>) {
    template(aws, "lost", "ami-0123456789abcdef0");
    let made = aws.ec2("CreateFleet", fleet("instant", "lost", 2, &json!([])));
    assert!(made["Instances"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(made["Errors"][0]["ErrorCode"], "InvalidAMIID.NotFound");
    let named = &made["Errors"][0]["LaunchTemplateAndOverrides"]["LaunchTemplateSpecification"];
    assert_eq!(named["LaunchTemplateName"], "lost");
}

fn a_fleet_of_an_absent_template_is_refused(aws: &Aws<'_>) {
    let code = aws.ec2_code("CreateFleet", fleet("instant", "none", 1, &json!([])));
    assert_eq!(code, "InvalidLaunchTemplateName.NotFoundException");
    template(aws, "web", &aws.image("golden"));
    let mut parameters = fleet("instant", "web", 1, &json!([]));
    let named = json!({ "LaunchTemplateName": "web", "Version": "9" });
    parameters["LaunchTemplateConfigs"] = json!([{ "LaunchTemplateSpecification": named }]);
    let code = aws.ec2_code("CreateFleet", parameters);
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
}

fn deleting_a_fleet_terminates_its_instances_or_lets_them_run(aws: &Aws<'_>) {
    let image = aws.image("golden");
    template(aws, "web", &image);
    let make =
        |kind: &str| text(&aws.ec2("CreateFleet", fleet(kind, "web", 1, &json!([])))["FleetId"]);
    let (ended, left, instant) = (make("maintain"), make("request"), make("instant"));
    aws.pass(MINUTE);
    let delete = json!({ "FleetIds": [ended], "TerminateInstances": true });
    let outcome = aws.ec2("DeleteFleets", delete.clone());
    let done = &outcome["SuccessfulFleetDeletions"][0];
    assert_eq!(done["PreviousFleetState"], "active");
    assert_eq!(done["CurrentFleetState"], "deleted_terminating");
    let absent = "fleet-00000000-0000-4000-8000-000000000000";
    let keep = json!({ "FleetIds": [left, absent, instant], "TerminateInstances": false });
    let outcome = aws.ec2("DeleteFleets", keep);
    let done = &outcome["SuccessfulFleetDeletions"][0];
    assert_eq!(done["CurrentFleetState"], "deleted_running");
    let undone = &outcome["UnsuccessfulFleetDeletions"];
    assert_eq!(undone[0]["Error"]["Code"], "fleetIdDoesNotExist");
    assert_eq!(undone[1]["FleetId"], instant);
    aws.pass(MINUTE);
    assert_eq!(fleet_state(aws, &ended), "deleted");
    assert_eq!(fleet_state(aws, &left), "deleted_running");
    let again = aws.ec2("DeleteFleets", delete);
    let code = &again["UnsuccessfulFleetDeletions"][0]["Error"]["Code"];
    assert_eq!(*code, "fleetNotInDeletableState");
    let running = instances_of(aws, &image);
    let running = running
        .iter()
        .filter(|one| one["State"]["Name"] == "running");
    assert_eq!(running.count(), 2);
}

/// Requests Spot Instances of an image; gives what is told of the first.
#[track_caller]
fn spot(aws: &Aws<'_>, image: &str) -> Value {
    let specification = json!({ "ImageId": image, "InstanceType": "t3.micro" });
    let asked = json!({ "LaunchSpecification": specification, "SpotPrice": "0.01" });
    aws.ec2("RequestSpotInstances", asked)["SpotInstanceRequests"][0].clone()
}

#[track_caller]
fn spot_state(aws: &Aws<'_>, id: &Value) -> String {
    let of = json!({ "SpotInstanceRequestIds": [id] });
    let told = aws.ec2("DescribeSpotInstanceRequests", of);
    text(&told["SpotInstanceRequests"][0]["State"])
}

fn a_spot_request_is_active_with_an_instance(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let request = spot(aws, &image);
    assert_eq!(request["State"], "active");
    assert_eq!(request["Status"]["Code"], "fulfilled");
    assert_eq!(request["LaunchSpecification"]["ImageId"], image);
    let instance = &instances_of(aws, &image)[0];
    assert_eq!(instance["InstanceId"], request["InstanceId"]);
    assert_eq!(
        instance["SpotInstanceRequestId"],
        request["SpotInstanceRequestId"]
    );
    let found = |value: &str| {
        let filters = json!([{ "Name": "launch.image-id", "Values": [value] }]);
        let found = aws.ec2(
            "DescribeSpotInstanceRequests",
            json!({ "Filters": filters }),
        );
        found["SpotInstanceRequests"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((found(&image), found("ami-none")), (1, 0));
    let lost = json!({ "LaunchSpecification": { "ImageId": "ami-0123456789abcdef0" } });
    let code = aws.ec2_code("RequestSpotInstances", lost);
    assert_eq!(code, "InvalidAMIID.NotFound");
}

fn a_cancelled_spot_request_leaves_its_instance(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let request = spot(aws, &image);
    aws.pass(MINUTE);
    let ids = json!({ "SpotInstanceRequestIds": [request["SpotInstanceRequestId"]] });
    let told = aws.ec2("CancelSpotInstanceRequests", ids);
    assert_eq!(
        told["CancelledSpotInstanceRequests"][0]["State"],
        "cancelled"
    );
    assert_eq!(
        spot_state(aws, &request["SpotInstanceRequestId"]),
        "cancelled"
    );
    assert_eq!(instances_of(aws, &image)[0]["State"]["Name"], "running");
    let absent = json!({ "SpotInstanceRequestIds": ["sir-00000000"] });
    let code = aws.ec2_code("CancelSpotInstanceRequests", absent);
    assert_eq!(code, "InvalidSpotInstanceRequestID.NotFound");
}

fn a_spot_request_closes_with_its_instance(aws: &Aws<'_>) {
    let request = spot(aws, &aws.image("golden"));
    let ids = json!({ "InstanceIds": [request["InstanceId"]] });
    aws.ec2("TerminateInstances", ids);
    assert_eq!(spot_state(aws, &request["SpotInstanceRequestId"]), "closed");
}

/// The parameters of a Spot Fleet.
fn spot_fleet(size: i64, source: &Value) -> Value {
    let role = "arn:aws:iam::111111111111:role/fleet";
    let mut configuration = json!({ "IamFleetRole": role, "TargetCapacity": size });
    for (name, value) in source.as_object().expect("parameters") {
        configuration[name] = value.clone();
    }
    json!({ "SpotFleetRequestConfig": configuration })
}

fn specification(image: &str) -> Value {
    json!([{ "ImageId": image, "InstanceType": "t3.micro" }])
}

fn a_spot_fleet_launches_from_specifications_or_templates(aws: &Aws<'_>) {
    let (image, other) = (aws.image("golden"), aws.image("other"));
    template(aws, "web", &other);
    let named = json!({ "LaunchTemplateName": "web", "Version": "1" });
    let configurations = json!([{ "LaunchTemplateSpecification": named }]);
    let plain = json!({ "LaunchSpecifications": specification(&image) });
    let templates = json!({ "LaunchTemplateConfigs": configurations });
    let both = json!({
        "LaunchSpecifications": specification(&image), "LaunchTemplateConfigs": configurations,
    });
    let made = aws.ec2("RequestSpotFleet", spot_fleet(2, &plain));
    aws.ec2("RequestSpotFleet", spot_fleet(1, &templates));
    assert_eq!(instances_of(aws, &image).len(), 2);
    assert_eq!(instances_of(aws, &other)[0]["InstanceLifecycle"], "spot");
    let of = json!({ "SpotFleetRequestId": made["SpotFleetRequestId"] });
    let told = aws.ec2("DescribeSpotFleetInstances", of);
    assert_eq!(told["ActiveInstances"].as_array().map(Vec::len), Some(2));
    let ids = json!({ "SpotFleetRequestIds": [made["SpotFleetRequestId"]] });
    let told = aws.ec2("DescribeSpotFleetRequests", ids);
    let told = &told["SpotFleetRequestConfigs"][0];
    assert_eq!(told["SpotFleetRequestState"], "active");
    let launched = &told["SpotFleetRequestConfig"]["LaunchSpecifications"][0];
    assert_eq!(launched["ImageId"], image);
    for source in [both, json!({})] {
        let code = aws.ec2_code("RequestSpotFleet", spot_fleet(1, &source));
        assert_eq!(code, "InvalidSpotFleetRequestConfig");
    }
}

fn a_cancelled_spot_fleet_terminates_its_instances_or_lets_them_run(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let source = json!({ "LaunchSpecifications": specification(&image) });
    let make = || text(&aws.ec2("RequestSpotFleet", spot_fleet(1, &source))["SpotFleetRequestId"]);
    let (ended, left) = (make(), make());
    aws.pass(MINUTE);
    let cancel = json!({ "SpotFleetRequestIds": [ended], "TerminateInstances": true });
    let outcome = aws.ec2("CancelSpotFleetRequests", cancel);
    let done = &outcome["SuccessfulFleetRequests"][0];
    assert_eq!(
        done["CurrentSpotFleetRequestState"],
        "cancelled_terminating"
    );
    let absent = "sfr-00000000-0000-4000-8000-000000000000";
    let keep = json!({ "SpotFleetRequestIds": [left, absent], "TerminateInstances": false });
    let outcome = aws.ec2("CancelSpotFleetRequests", keep);
    let done = &outcome["SuccessfulFleetRequests"][0];
    assert_eq!(done["CurrentSpotFleetRequestState"], "cancelled_running");
    let undone = &outcome["UnsuccessfulFleetRequests"][0];
    assert_eq!(undone["Error"]["Code"], "fleetRequestIdDoesNotExist");
    aws.pass(MINUTE);
    let told = aws.ec2(
        "DescribeSpotFleetRequests",
        json!({ "SpotFleetRequestIds": [ended] }),
    );
    let state = &told["SpotFleetRequestConfigs"][0]["SpotFleetRequestState"];
    assert_eq!(*state, "cancelled");
    let running = instances_of(aws, &image);
    let running = running
        .iter()
        .filter(|one| one["State"]["Name"] == "running");
    assert_eq!(running.count(), 1);
}

fn fleets_and_spot_requests_have_tags(aws: &Aws<'_>) {
    let image = aws.image("golden");
    template(aws, "web", &image);
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    let mut parameters = fleet("maintain", "web", 0, &json!([]));
    parameters["TagSpecifications"] = json!([{ "ResourceType": "fleet", "Tags": tags }]);
    let made = aws.ec2("CreateFleet", parameters);
    let told = aws.ec2("DescribeFleets", json!({ "FleetIds": [made["FleetId"]] }));
    assert_eq!(told["Fleets"][0]["Tags"], tags);
    let request = spot(aws, &image)["SpotInstanceRequestId"].clone();
    let source = json!({ "LaunchSpecifications": specification(&image) });
    let spot_fleet = aws.ec2("RequestSpotFleet", spot_fleet(0, &source));
    let ids = json!([request, spot_fleet["SpotFleetRequestId"]]);
    aws.ec2("CreateTags", json!({ "Resources": ids, "Tags": tags }));
    let found = |kind: &str| {
        let filters = json!([{ "Name": "resource-type", "Values": [kind] }]);
        let told = aws.ec2("DescribeTags", json!({ "Filters": filters }));
        told["Tags"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(found("fleet"), 1);
    assert_eq!(found("spot-instances-request"), 1);
    assert_eq!(found("spot-fleet-request"), 1);
    let absent = json!({ "Resources": ["sir-00000000"], "Tags": tags });
    let code = aws.ec2_code("CreateTags", absent);
    assert_eq!(code, "InvalidSpotInstanceRequestID.NotFound");
}

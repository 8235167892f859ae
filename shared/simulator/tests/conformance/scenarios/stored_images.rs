//! Images stored as objects in S3, and restored from them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, THERE, text};
use crate::scenario::{Section, scenario};

const STORE: &str = "AWSEC2/latest/UserGuide/ami-store-restore.html";
const HOW: &str = "AWSEC2/latest/UserGuide/store-restore-how-it-works.html";
const TASKS: &str = "AWSEC2/latest/APIReference/API_DescribeStoreImageTasks.html";

const BUCKET: &str = "golden-bins";
const HOUR: Duration = Duration::from_hours(1);

pub const SECTION: Section = Section {
    name: "stored_images",
    title: "Images stored in S3",
    scenarios: &[
        scenario!(
            an_image_is_stored_as_one_object,
            Documented,
            HOW,
            "Storing an image takes a while, in which its progress is told; then the object `<image>.bin` is in the bucket.",
        ),
        scenario!(
            a_stored_image_is_restored_as_a_new_one,
            Documented,
            HOW,
            "Restoring makes a pending image with snapshots of its own and the tags it had, under its name or another; `available` is told with its event.",
        ),
        scenario!(
            an_object_can_be_restored_elsewhere,
            Documented,
            STORE,
            "The object may be copied to a bucket of another Region and restored there; one that was changed is refused.",
        ),
        scenario!(
            what_cannot_be_stored_is_refused,
            Inferred,
            STORE,
            "Images in S3 already, paravirtual ones and disabled ones can't be stored, nor one twice in a bucket; the bucket is in the Region.",
        ),
        scenario!(
            a_public_image_is_not_stored,
            Documented,
            STORE,
            "An image and its snapshots must be shared with the account itself; that they are public is not enough.",
        ),
        scenario!(
            snapshots_are_read_until_an_image_is_stored,
            Documented,
            STORE,
            "A task fails with a reason where a snapshot is gone, or shared no more, before it ends.",
        ),
        scenario!(
            store_tasks_are_listed_for_a_month,
            Documented,
            TASKS,
            "Store tasks of the last 31 days are listed, the newest first, by images, bucket and state, for their account alone.",
        ),
        scenario!(
            twelve_hundred_gib_are_stored_at_once,
            Documented,
            HOW,
            "Storing is refused while 1,200 GiB of the account are being stored.",
        ),
    ],
};

fn bucket(aws: &Aws<'_>, name: &str) {
    let mut parameters = json!({ "Bucket": name });
    if aws.region() != HERE {
        parameters["CreateBucketConfiguration"] = json!({ "LocationConstraint": aws.region() });
    }
    aws.call("s3", "CreateBucket", parameters);
}

fn store(image: &str) -> Value {
    json!({ "ImageId": image, "Bucket": BUCKET })
}

fn restore(image: &str, name: &str) -> Value {
    json!({ "Bucket": BUCKET, "ObjectKey": format!("{image}.bin"), "Name": name })
}

/// Stores an image to the end.
fn stored(aws: &Aws<'_>, image: &str) {
    aws.ec2("CreateStoreImageTask", store(image));
    aws.pass(HOUR);
    assert_eq!(task(aws, image)["StoreTaskState"], "Completed");
}

fn task(aws: &Aws<'_>, image: &str) -> Value {
    let answer = aws.ec2("DescribeStoreImageTasks", json!({ "ImageIds": [image] }));
    answer["StoreImageTaskResults"][0].clone()
}

fn snapshot_of(aws: &Aws<'_>, image: &str) -> Value {
    let id = aws.described(image)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"].clone();
    let found = aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": [id] }));
    found["Snapshots"][0].clone()
}

fn an_image_is_stored_as_one_object(aws: &Aws<'_>) {
    bucket(aws, BUCKET);
    let image = aws.image("golden");
    let key = format!("{image}.bin");
    let begun = aws.ec2("CreateStoreImageTask", store(&image));
    assert_eq!(begun["ObjectKey"], key);
    aws.pass(Duration::from_mins(5));
    let told = task(aws, &image);
    assert_eq!(told["AmiId"], image);
    assert_eq!(told["Bucket"], BUCKET);
    assert_eq!(told["S3objectKey"], key);
    assert_eq!(told["StoreTaskState"], "InProgress");
    let percent = told["ProgressPercentage"].as_i64().unwrap_or_default();
    assert!((1..100).contains(&percent), "{percent}");
    let object = json!({ "Bucket": BUCKET, "Key": key });
    let early = aws.refused("s3", "HeadObject", object.clone());
    assert_eq!(early.status, 404);
    aws.pass(HOUR);
    let told = task(aws, &image);
    assert_eq!(told["StoreTaskState"], "Completed");
    assert_eq!(told["ProgressPercentage"], 100);
    assert!(told["StoreTaskFailureReason"].is_null());
    let object = aws.call("s3", "HeadObject", object);
    assert_eq!(object["Metadata"]["ami-name"], "golden");
}

fn a_stored_image_is_restored_as_a_new_one(aws: &Aws<'_>) {
    bucket(aws, BUCKET);
    let source = aws.image("golden");
    let tag = |key: &str| json!([{ "Key": key, "Value": "x" }]);
    let kept = json!({ "Resources": [source], "Tags": tag("kept") });
    aws.ec2("CreateTags", kept);
    stored(aws, &source);
    let mut taken = restore(&source, "golden");
    let code = aws.ec2_code("CreateRestoreImageTask", taken.clone());
    assert_eq!(code, "InvalidAMIName.Duplicate");
    taken.as_object_mut().expect("parameters").remove("Name");
    let code = aws.ec2_code("CreateRestoreImageTask", taken);
    assert_eq!(code, "InvalidAMIName.Duplicate", "its own name");
    let mut parameters = restore(&source, "restored");
    parameters["TagSpecifications"] = json!([
        { "ResourceType": "image", "Tags": tag("given") },
        { "ResourceType": "snapshot", "Tags": tag("part") },
    ]);
    aws.events();
    let id = text(&aws.ec2("CreateRestoreImageTask", parameters)["ImageId"]);
    assert_eq!(aws.described(&id)["State"], "pending");
    assert_eq!(snapshot_of(aws, &id)["State"], "pending");
    aws.pass(HOUR);
    let image = aws.described(&id);
    assert_eq!(image["State"], "available");
    assert_eq!(image["RootDeviceName"], "/dev/xvda");
    assert_eq!(image["SourceImageId"], source);
    let keys = image["Tags"].as_array().cloned().unwrap_or_default();
    let keys: Vec<String> = keys.iter().map(|tag| text(&tag["Key"])).collect();
    assert_eq!(keys, ["given", "kept"]);
    let snapshot = snapshot_of(aws, &id);
    assert_eq!(snapshot["State"], "completed");
    assert_eq!(snapshot["VolumeSize"], 8);
    assert_eq!(snapshot["Tags"], tag("part"));
    let own = snapshot_of(aws, &source)["SnapshotId"].clone();
    assert_ne!(snapshot["SnapshotId"], own);
    let told = aws.events().into_iter();
    let told: Vec<Value> = told
        .filter(|event| event["detail-type"] == "EC2 AMI State Change")
        .map(|event| event["detail"]["State"].clone())
        .collect();
    assert_eq!(told, ["available"]);
}

fn an_object_can_be_restored_elsewhere(aws: &Aws<'_>) {
    bucket(aws, BUCKET);
    let source = aws.image("golden");
    stored(aws, &source);
    let there = aws.at(THERE);
    let code = there.ec2_code("CreateRestoreImageTask", restore(&source, "golden"));
    assert_eq!(code, "InvalidParameterValue", "of another Region");
    bucket(&there, "far-bins");
    let key = format!("{source}.bin");
    let read = aws.call("s3", "GetObject", json!({ "Bucket": BUCKET, "Key": key }));
    let put = |key: &str, body: &str| {
        let parameters = json!({ "Bucket": "far-bins", "Key": key, "Body": body });
        there.call("s3", "PutObject", parameters);
        json!({ "Bucket": "far-bins", "ObjectKey": key })
    };
    let body = text(&read["Body"]);
    let copied = put("copied.bin", &body);
    let changed = put("changed.bin", &body.replace("golden", "silver"));
    for wrong in [
        changed,
        put("empty.bin", ""),
        json!({ "Bucket": "far-bins", "ObjectKey": "absent.bin" }),
        json!({ "Bucket": "no-bins", "ObjectKey": "copied.bin" }),
    ] {
        let code = there.ec2_code("CreateRestoreImageTask", wrong.clone());
        assert_eq!(code, "InvalidParameterValue", "{wrong}");
    }
    let id = text(&there.ec2("CreateRestoreImageTask", copied)["ImageId"]);
    aws.pass(HOUR);
    let image = there.described(&id);
    assert_eq!(image["State"], "available");
    assert_eq!(image["Name"], "golden");
    assert_eq!(image["SourceImageRegion"], HERE);
}

fn what_cannot_be_stored_is_refused(aws: &Aws<'_>) {
    bucket(aws, BUCKET);
    bucket(&aws.at(THERE), "far-bins");
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    let bundled = json!({ "Name": "bundled", "ImageLocation": aws.bundle() });
    let bundled = text(&aws.ec2("RegisterImage", bundled)["ImageId"]);
    let root = json!({ "DeviceName": "/dev/sda1", "Ebs": { "SnapshotId": snapshot } });
    let old = json!({ "Name": "paravirtual", "BlockDeviceMappings": [root] });
    let old = text(&aws.ec2("RegisterImage", old)["ImageId"]);
    let disabled = aws.image_over("disabled", &snapshot);
    aws.ec2("DisableImage", json!({ "ImageId": disabled }));
    let to = |bucket: &str| json!({ "ImageId": image, "Bucket": bucket });
    for (wrong, code) in [
        (store(&bundled), "InvalidRequest"),
        (store(&old), "InvalidRequest"),
        (store(&disabled), "InvalidAMIID.Unavailable"),
        (store("ami-00000000000000000"), "InvalidAMIID.NotFound"),
        (to("far-bins"), "InvalidParameterValue"),
        (to("no-bins"), "InvalidParameterValue"),
    ] {
        let refused = aws.ec2_code("CreateStoreImageTask", wrong.clone());
        assert_eq!(refused, code, "{wrong}");
    }
    aws.ec2("CreateStoreImageTask", store(&image));
    let code = aws.ec2_code("CreateStoreImageTask", store(&image));
    assert_eq!(code, "InvalidRequest", "while it is being stored");
    aws.pass(HOUR);
    let code = aws.ec2_code("CreateStoreImageTask", store(&image));
    assert_eq!(code, "InvalidRequest", "while the object is there");
    let object = json!({ "Bucket": BUCKET, "Key": format!("{image}.bin") });
    aws.call("s3", "DeleteObject", object);
    aws.ec2("CreateStoreImageTask", store(&image));
}

fn a_public_image_is_not_stored(aws: &Aws<'_>) {
    let (snapshot, other) = (aws.snapshot(), aws.by(OTHER));
    let image = aws.image_over("golden", &snapshot);
    bucket(&other, BUCKET);
    let share_image = |entry: &Value| {
        let parameters = json!({ "ImageId": image, "LaunchPermission": { "Add": [entry] } });
        aws.ec2("ModifyImageAttribute", parameters);
    };
    let share_snapshot = |entry: &Value| {
        let permission = json!({ "Add": [entry] });
        let parameters = json!({ "SnapshotId": snapshot, "CreateVolumePermission": permission });
        aws.ec2("ModifySnapshotAttribute", parameters);
    };
    let refused = |when: &str| {
        let code = other.ec2_code("CreateStoreImageTask", store(&image));
        assert_eq!(code, "InvalidRequest", "{when}");
    };
    let (everyone, account) = (json!({ "Group": "all" }), json!({ "UserId": OTHER }));
    share_image(&everyone);
    share_snapshot(&everyone);
    refused("while both are public");
    share_image(&account);
    refused("while the snapshot is public");
    share_snapshot(&account);
    stored(&other, &image);
}

fn snapshots_are_read_until_an_image_is_stored(aws: &Aws<'_>) {
    bucket(aws, BUCKET);
    let image = aws.image("golden");
    let snapshot = snapshot_of(aws, &image)["SnapshotId"].clone();
    aws.ec2("CreateStoreImageTask", store(&image));
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    aws.ec2("DeleteSnapshot", json!({ "SnapshotId": snapshot }));
    aws.pass(HOUR);
    let told = task(aws, &image);
    assert_eq!(told["StoreTaskState"], "Failed");
    assert!(!text(&told["StoreTaskFailureReason"]).is_empty());
    let object = json!({ "Bucket": BUCKET, "Key": format!("{image}.bin") });
    assert_eq!(aws.refused("s3", "HeadObject", object).status, 404);
}

fn store_tasks_are_listed_for_a_month(aws: &Aws<'_>) {
    bucket(aws, BUCKET);
    bucket(aws, "other-bins");
    let snapshot = aws.snapshot();
    let [one, two, three] = ["one", "two", "three"].map(|name| aws.image_over(name, &snapshot));
    stored(aws, &one);
    aws.pass(Duration::from_hours(24));
    aws.ec2("CreateStoreImageTask", store(&two));
    let elsewhere = json!({ "ImageId": three, "Bucket": "other-bins" });
    aws.ec2("CreateStoreImageTask", elsewhere);
    let listed = |aws: &Aws<'_>, parameters: Value| {
        let answer = aws.ec2("DescribeStoreImageTasks", parameters);
        let tasks = answer["StoreImageTaskResults"].as_array().cloned();
        let tasks = tasks.unwrap_or_default().into_iter();
        tasks.map(|task| text(&task["AmiId"])).collect::<Vec<_>>()
    };
    let by = |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
    let (one, two, three) = (one.as_str(), two.as_str(), three.as_str());
    assert_eq!(listed(aws, json!({})), [three, two, one]);
    assert_eq!(listed(aws, by("bucket", "other-bins")), [three]);
    assert_eq!(listed(aws, by("task-state", "Completed")), [one]);
    let mut ids = by("task-state", "Failed");
    ids["ImageIds"] = json!([two]);
    assert_eq!(listed(aws, ids.clone()), [two], "filters mean nothing");
    ids["MaxResults"] = json!(5);
    let code = aws.ec2_code("DescribeStoreImageTasks", ids);
    assert_eq!(code, "InvalidParameterCombination");
    let code = aws.ec2_code("DescribeStoreImageTasks", by("state", "Failed"));
    assert_eq!(code, "InvalidParameterValue");
    let first = aws.ec2("DescribeStoreImageTasks", json!({ "MaxResults": 2 }));
    let rest = json!({ "MaxResults": 2, "NextToken": first["NextToken"] });
    assert_eq!(listed(aws, rest), [one]);
    assert!(listed(&aws.by(OTHER), json!({})).is_empty());
    aws.pass(Duration::from_hours(24) * 30);
    assert_eq!(listed(aws, json!({})), [three, two]);
}

fn twelve_hundred_gib_are_stored_at_once(aws: &Aws<'_>) {
    bucket(aws, BUCKET);
    let images = [700, 500, 1].map(|size: i64| {
        let zone = format!("{HERE}a");
        let volume = json!({ "AvailabilityZone": zone, "Size": size });
        let volume = aws.ec2("CreateVolume", volume);
        let snapshot = json!({ "VolumeId": volume["VolumeId"] });
        let snapshot = text(&aws.ec2("CreateSnapshot", snapshot)["SnapshotId"]);
        aws.pass(HOUR);
        aws.image_over(&format!("gib-{size}"), &snapshot)
    });
    let [large, larger, small] = &images;
    for image in [large, larger] {
        aws.ec2("CreateStoreImageTask", store(image));
    }
    let code = aws.ec2_code("CreateStoreImageTask", store(small));
    assert_eq!(code, "ResourceLimitExceeded");
    aws.pass(HOUR);
    aws.ec2("CreateStoreImageTask", store(small));
}

//! Copying images.

use std::time::Duration;

use serde_json::json;

use crate::aws::{Aws, HERE, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "copy",
    title: "Copying images",
    scenarios: &[scenario!(
        a_copy_is_pending_first_and_available_later,
        Documented,
        "AWSEC2/latest/UserGuide/CopyingAMIs.html",
        "A copy is `pending` at first and `available` once its snapshots are copied.",
    )],
};

fn a_copy_is_pending_first_and_available_later(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let there = aws.at(THERE);
    let copy = there.ec2(
        "CopyImage",
        json!({ "Name": "golden", "SourceImageId": source, "SourceRegion": HERE }),
    );
    let copy = text(&copy["ImageId"]);
    assert_eq!(there.described(&copy)["State"], "pending");
    aws.pass(Duration::from_secs(3600));
    let described = there.described(&copy);
    assert_eq!(described["State"], "available");
    assert_eq!(described["SourceImageId"], source);
    assert_eq!(described["SourceImageRegion"], HERE);
}

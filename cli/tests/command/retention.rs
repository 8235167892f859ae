//! `amiary explain` and `amiary plan --retention`.

use crate::process::{Ended, Shell};
use amiary_domain::ids::ImageRef;
use amiary_domain::notice::printable;
use amiary_simulator::{FaultKind, PlannedFault};
use amiary_tests::account::{Account, Size};
use amiary_tests::{BUILDER, Stage, Wants, golden};
use jiff::SignedDuration;
use serde_json::Value;

/// Two families, in which each of the 26 ways of use keeps one image.
const SMALL: Size = Size {
    families: 2,
    unused: 4,
    used: 26,
    young: 8,
};

/// Every place that an image's own account is looked at.
const LOOKED_AT: [&str; 9] = [
    "instances",
    "launch templates",
    "launch configurations",
    "Auto Scaling groups",
    "EC2 Fleets",
    "Spot Fleets",
    "Spot requests",
    "SSM parameters",
    "image references",
];

async fn small() -> (Account, Shell) {
    let account = Account::of_today(SMALL).await;
    let shell = Shell::over(account.world());
    (account, shell)
}

/// The image that is used so.
fn used(account: &Account, how: &str) -> String {
    let mut used = account.used.iter().filter(|(_, way)| **way == how);
    used.next().expect("an image is used so").0.to_string()
}

#[track_caller]
fn assert_says(ended: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
}

#[tokio::test]
async fn of_an_image_that_a_templates_old_version_names_everything_is_said() {
    let (account, shell) = small().await;
    let how = "a launch template's version that is neither newest nor default";
    let image = used(&account, how);
    let ended = shell.amiary(&["explain", &image]).expect(0);
    assert_says(
        &ended,
        &["f1-9  stays", &image, "x86_64 · family f1 · replica"],
    );
    let (stays, change) = ("\n  it stays: ", "\n    to change that: ");
    let reasons = ended.out.matches(stays).count();
    assert!(reasons > 0, "{}", ended.out);
    assert_eq!(ended.out.matches(change).count(), reasons, "{}", ended.out);
    assert_says(&ended, &["launch-template/lt-", "must use another image"]);
    assert_says(&ended, &LOOKED_AT);
    assert_says(
        &ended,
        &["111111111111/eu-west-1", " UTC", "complete", "none"],
    );
    let json = shell
        .amiary(&["explain", &image, "--json"])
        .expect(0)
        .json();
    assert_eq!(json["verdict"], "keep");
    assert_eq!(json["reasons"].as_array().unwrap().len(), reasons);
    assert!(!json["uses"].as_array().unwrap().is_empty(), "{json:#}");
}

#[tokio::test]
async fn what_holds_an_image_is_said_with_how_to_let_it_go() {
    let (account, shell) = small().await;
    for (how, why, change) in [
        (
            "a tag that holds it",
            "its tag \"Keep\" holds it",
            "remove its tag \"Keep\"",
        ),
        (
            "deregistration protection",
            "it is protected",
            "switch its deregistration protection off",
        ),
        ("a snapshot lock", "is locked until ", "wait until "),
        ("an EC2 Fleet", "EC2 Fleet fleet-", "must use another image"),
        (
            "an account it is shared with that nobody can read",
            "what account 999999999999 uses is not known: no usage report was asked for",
            "or a waiver be given for 999999999999",
        ),
        (
            "an instance of an account it is shared with",
            "222222222222:instance/i-",
            "must use another image",
        ),
    ] {
        let ended = shell.amiary(&["explain", &used(&account, how)]).expect(0);
        assert_says(&ended, &["stays", why, change]);
    }
}

#[tokio::test]
async fn the_newest_image_stays_and_it_is_said_after_what_it_would_go() {
    let (account, shell) = small().await;
    let image = account.publish_pair("f0", 100);
    account.record(&image).await;
    let ended = shell
        .amiary(&["explain", &image.source.to_string()])
        .expect(0);
    let parts = [
        "it is too young until ",
        "it is the newest verified one",
        "to change that: a newer one must be verified",
        "it is number 1 of the newest 3 that stay",
        "to change that: 3 newer ones must be verified",
    ];
    assert_says(&ended, &parts);
}

#[tokio::test]
async fn what_can_not_be_read_is_named_and_keeps_the_image() {
    let (account, shell) = small().await;
    let image = account.unused.iter().next().unwrap().to_string();
    let refused = FaultKind::refused("AccessDenied", 403, "not you");
    let fault = PlannedFault::new(refused).operation("DescribeLaunchConfigurations");
    account.world().plan_fault(fault.every());
    let ended = shell.amiary(&["explain", &image]).expect(0);
    let parts = [
        "stays",
        "the launch configurations of 111111111111/eu-west-1 are not known: ",
        "AccessDenied",
        "to change that: the launch configurations must be readable",
    ];
    assert_says(&ended, &parts);
    let json = shell
        .amiary(&["explain", &image, "--json"])
        .expect(0)
        .json();
    let looks = json["looks"].as_array().unwrap();
    let mut doubted = looks.iter().filter(|look| !look["doubt"].is_null());
    assert_eq!(doubted.next().unwrap()["lookout"], "launch configurations");
    assert_eq!(doubted.next(), None);
    let plan = shell.amiary(&["plan", "--retention", "--going"]).expect(1);
    assert!(plan.err.contains("what it concerns stays"), "{}", plan.err);
    assert_says(&plan, &["in all 0 may go"]);
}

#[tokio::test]
async fn of_an_image_that_may_go_the_stage_and_all_that_was_looked_at_is_said() {
    let (account, shell) = small().await;
    for image in account.unused.iter().take(2) {
        let image = image.to_string();
        let ended = shell.amiary(&["explain", &image]).expect(0);
        assert_says(&ended, &["may be marked now", &image]);
        assert_says(&ended, &LOOKED_AT);
        assert!(!ended.out.contains("it stays"), "{}", ended.out);
        let json = shell
            .amiary(&["explain", &image, "--json"])
            .expect(0)
            .json();
        assert_eq!(
            (&json["verdict"], &json["stage"]),
            (&"retire".into(), &"marked".into())
        );
        assert!(json["not_before"].is_string(), "{json:#}");
        assert_eq!(json["reasons"], Value::Array(Vec::new()));
        assert_eq!(json["uses"], Value::Array(Vec::new()));
        assert_eq!(json["looks"].as_array().unwrap().len(), LOOKED_AT.len());
    }
}

#[tokio::test]
async fn an_image_that_is_not_on_record_has_no_verdict_and_exit_code_3() {
    let (_account, shell) = small().await;
    let unknown = "111111111111/us-east-1/ami-0123456789abcdef0";
    for image in [unknown, "ami-0123456789abcdef0"] {
        let ended = shell.amiary(&["explain", image]).expect(3);
        assert!(ended.err.contains("is not on record"), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
    shell.amiary(&["explain", "golden-1"]).expect(2);
}

#[tokio::test]
async fn the_plan_is_by_family_and_owner_and_counts_what_may_go() {
    let (account, shell) = small().await;
    let all = shell.amiary(&["plan", "--retention"]).expect(0);
    assert_says(
        &all,
        &[
            "f0 (platform): 17 may go, 21 stay",
            "f1 (platform): 17 may go, 21 stay",
        ],
    );
    assert_says(&all, &["in all 34 may go, 42 stay"]);
    assert_says(
        &all,
        &["a run now would take 0 of them", "34 wait: held by the cap"],
    );
    let going = shell.amiary(&["plan", "--retention", "--going"]).expect(0);
    for (image, shown) in account
        .used
        .keys()
        .map(|image| (image, false))
        .chain(account.unused.iter().map(|image| (image, true)))
    {
        assert!(all.out.contains(&image.to_string()), "{image}");
        assert_eq!(going.out.contains(&image.to_string()), shown, "{image}");
    }
    let one = shell
        .amiary(&["plan", "--retention", "--family", "f1"])
        .expect(0);
    assert!(!one.out.contains("f0 (platform)"), "{}", one.out);
    assert_says(&one, &["f1 (platform): 17 may go, 21 stay"]);
    let ended = shell
        .amiary(&["plan", "--retention", "--family", "web"])
        .expect(2);
    assert!(
        ended.err.contains("no family \"web\", but f0, f1"),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn the_plan_is_for_scripts_too() {
    let (account, shell) = small().await;
    let arguments = ["plan", "--retention", "--going", "--json"];
    let json = shell.amiary(&arguments).expect(0).json();
    let images = json["images"].as_array().unwrap();
    let named = images
        .iter()
        .map(|image| image["image"].as_str().unwrap().parse().unwrap());
    let named: std::collections::BTreeSet<ImageRef> = named.collect();
    assert_eq!(named, account.unused);
    for image in images {
        assert_eq!(
            (&image["owner"], &image["verdict"]),
            (&"platform".into(), &"retire".into())
        );
    }
    assert_eq!(
        (&json["unseen"], &json["unread"]),
        (&Value::Array(vec![]), &Value::Array(vec![]))
    );
    let run = &json["run"];
    assert_eq!(run["going"], Value::Array(vec![]));
    assert_eq!(run["waiting"][0]["count"], account.unused.len());
    let looks = json["looks"].as_array().unwrap().iter();
    let own = looks.filter(|look| look["place"]["account"] == BUILDER);
    assert_eq!(own.count(), 2 * LOOKED_AT.len());
}

#[tokio::test]
async fn nothing_is_changed_by_looking() {
    let (account, shell) = small().await;
    let image = account.unused.iter().next().unwrap().to_string();
    shell.amiary(&["explain", &image]).expect(0);
    shell.amiary(&["plan", "--retention"]).expect(0);
    let calls = account.world().calls().into_iter();
    let changing: Vec<_> = calls
        .filter(|call| call.mutating && call.service != "dynamodb")
        .collect();
    assert_eq!(changing, []);
}

#[tokio::test]
async fn a_usage_report_is_asked_for_in_one_run_and_read_in_a_later_one() {
    let (account, shell) = small().await;
    let how = "an account it is shared with that nobody can read";
    let image = used(&account, how);
    let asked = shell
        .amiary(&["plan", "--retention", "--ask-reports"])
        .expect(0);
    let told = format!("{}{}", asked.out, asked.err);
    assert!(told.contains("1 usage reports were asked for"), "{told}");
    account.world().advance(SignedDuration::from_hours(24));
    let ended = shell.amiary(&["explain", &image]).expect(0);
    assert_says(&ended, &["usage report", "accounts it is shared with"]);
}

#[tokio::test]
async fn a_policy_without_retention_retires_nothing_and_says_so() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1")).to_string();
    stage.local.pass(SignedDuration::from_hours(1)).await;
    let shell = Shell::over(stage.world());
    let plan = shell.amiary(&["plan", "--retention"]).expect(0);
    assert_says(
        &plan,
        &["web (platform): the policy has no retention for it, so all 3 stay"],
    );
    let ended = shell.amiary(&["explain", &source]).expect(0);
    let parts = [
        "stays",
        "the policy retires nothing of this kind of web",
        "to change that: give families.web a retention with a rule for its kind",
    ];
    assert_says(&ended, &parts);
    for line in ended.out.lines() {
        assert_eq!(line, printable(line));
    }
}

#[tokio::test]
async fn the_page_shows_what_explain_really_prints() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/retention.md");
    let page = std::fs::read_to_string(root).unwrap();
    let (_, shown) = page.split_once("$ amiary explain ").unwrap();
    let (image, shown) = shown.split_once('\n').unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let (account, shell) = small().await;
    assert_eq!(image, used(&account, "a tag that holds it"));
    let ended = shell.amiary(&["explain", image]).expect(0);
    assert!(ended.out.starts_with(shown), "{}", ended.out);
}

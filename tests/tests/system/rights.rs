use amiary_domain::ids::ImageRef;
use amiary_engine::ports::{AskUses, ReadRecord, WriteRecord};
use amiary_engine::retention::{Scope, survey};
use amiary_simulator::bus::Delivering;
use amiary_tests::account::{Account, Size};
use amiary_tests::{PARTNER, Stage, Wants, golden};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What EC2 does with keys on a function's behalf: no function calls these itself.
const ON_BEHALF: [&str; 6] = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
];

fn template(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join("infra").join(name)).unwrap()
}

/// The actions that a template's part allows, from a resource's line to the next resource.
fn allowed(text: &str, resource: &str) -> BTreeSet<String> {
    let (_, part) = text.split_once(&format!("\n  {resource}:\n")).unwrap();
    let ends = part.lines().position(|line| {
        line.starts_with("  ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic)
    });
    let part: Vec<&str> = part.lines().take(ends.unwrap_or(usize::MAX)).collect();
    let statements = part.join("\n");
    statements
        .split("Sid:")
        .filter(|statement| !statement.contains("Effect: Deny"))
        .flat_map(|statement| statement.split_whitespace())
        .map(|word| word.trim_end_matches('*'))
        .filter(|word| {
            let (service, action) = word.split_once(':').unwrap_or_default();
            let known = ["autoscaling", "dynamodb", "ec2", "kms", "sns", "ssm", "sts"];
            known.contains(&service)
                && action.starts_with(|c: char| c.is_ascii_uppercase())
                && action.chars().all(char::is_alphabetic)
        })
        .filter(|word| !ON_BEHALF.contains(word))
        .map(ToOwned::to_owned)
        .collect()
}

/// The actions that a call needs.
fn needed(service: &str, operation: &str) -> Vec<String> {
    match operation {
        // Every write of the record is a transaction of puts.
        "TransactWriteItems" => vec!["dynamodb:PutItem".to_owned()],
        "CopyImage" => vec!["ec2:CopyImage".to_owned(), "ec2:CreateTags".to_owned()],
        _ => vec![format!("{service}:{operation}")],
    }
}

fn used(stage: &Stage, principal: &str) -> BTreeSet<String> {
    let marker = format!("assumed-role/{principal}/");
    let calls = stage.world().calls();
    let own = calls.iter().filter(|call| call.caller.contains(&marker));
    own.flat_map(|call| needed(&call.service, &call.operation))
        .collect()
}

/// Worlds in which everything happens that the functions know to do.
async fn everything() -> [BTreeSet<String>; 4] {
    let mut seen: [BTreeSet<String>; 4] = Default::default();
    for delivering in [Delivering::Faithful, Delivering::Lost] {
        let wants = Wants {
            production: vec!["eu-west-1"],
            sharing: "as-source = true\nsnapshots = [\"partner\"]",
            ..Wants::default()
        };
        let mut stage = Stage::new(&wants).await;
        stage.local.bus().set_delivery(delivering);
        let mut image = golden("golden-1");
        image.encrypted_with = Some("alias/golden".to_owned());
        let source = stage.publish(image);
        stage.local.pass(SignedDuration::from_hours(1)).await;
        stage.share(&source, &[], &[PARTNER]);
        stage.tag(&source, "Team", "other");
        stage.untag(&source, "Role");
        stage.local.pass(SignedDuration::from_hours(26)).await;
        for (seen, principal) in seen
            .iter_mut()
            .zip(["replicate", "reconcile", "notify", "amiary"])
        {
            seen.extend(used(&stage, principal));
        }
    }
    seen
}

#[tokio::test]
async fn the_templates_allow_exactly_what_the_functions_call() {
    let [replicate, reconcile, notify, in_spokes] = everything().await;
    let hub = template("template.yaml");
    let working: BTreeSet<String> = replicate.union(&reconcile).cloned().collect();
    assert_eq!(working, allowed(&hub, "CopyTagAndShare"));
    assert_eq!(notify, allowed(&hub, "NotifyFunction"));
    let mut spoke = allowed(&template("spoke-account.yaml"), "Role");
    spoke.remove("sts:AssumeRole");
    let (person, looks) = looked().await;
    assert_eq!(person, allowed(&hub, "LookForUses"));
    assert_eq!(
        in_spokes.union(&looks).cloned().collect::<BTreeSet<_>>(),
        spoke
    );
}

/// What a person's look for uses calls, all in all and of it what reads AWS: an account with every
/// way of use, and a report that was asked for and then read.
async fn looked() -> (BTreeSet<String>, BTreeSet<String>) {
    let account = Account::new(Size {
        families: 1,
        unused: 4,
        used: 26,
        young: 4,
    })
    .await;
    let session = account.person.session().await.unwrap();
    let aws = session.aws();
    let images: Vec<ImageRef> = account.used.keys().cloned().collect();
    aws.known(&images).await.unwrap();
    aws.find(&images[0]).await.unwrap();
    let unseen = account
        .used
        .iter()
        .find(|(_, how)| how.contains("nobody can read"));
    aws.ask_usage_report(unseen.unwrap().0).await.unwrap();
    account.world().advance(SignedDuration::from_hours(25));
    let policy = &session.active.policy;
    let before = aws.tally().await.unwrap();
    let (reading, scope) = (session.reading(), Scope::default());
    // As of an image whose sharing no run has written down yet.
    reading.images.launch_permissions(&images[0]).await.unwrap();
    let survey = survey(reading, aws, policy, &scope, &before).await.unwrap();
    aws.keep_tally(&survey.tally).await.unwrap();
    let calls = account.world().calls().into_iter();
    let all: BTreeSet<String> = calls
        .flat_map(|call| needed(&call.service, &call.operation))
        .collect();
    let looks = all.iter().filter(|action| {
        !["dynamodb:", "sts:"]
            .iter()
            .any(|of| action.starts_with(of))
    });
    let looks = looks.cloned().collect();
    (all, looks)
}

#[tokio::test]
async fn who_looks_for_uses_changes_nothing_but_asks_for_reports() {
    let (_, looks) = looked().await;
    for action in looks
        .iter()
        .filter(|action| *action != "ec2:CreateImageUsageReport")
    {
        let (_, verb) = action.split_once(':').unwrap();
        let reads = ["Describe", "Get"]
            .iter()
            .any(|word| verb.starts_with(word));
        assert!(reads, "{action}");
    }
}

#[tokio::test]
async fn no_function_ever_deletes_disables_or_deregisters() {
    let [replicate, reconcile, notify, in_spokes] = everything().await;
    for action in [replicate, reconcile, notify, in_spokes].iter().flatten() {
        let verb = action.split_once(':').unwrap().1;
        let harmless = !["Delete", "Deregister", "Disable"]
            .iter()
            .any(|w| verb.starts_with(w));
        assert!(harmless || action == "ec2:DeleteTags", "{action}");
    }
}

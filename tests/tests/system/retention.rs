//! Owns the proof of verdicts on a whole account: exactly what is old and unused may go.

use amiary_domain::ids::ImageRef;
use amiary_domain::retention::{Lookout, Verdict};
use amiary_engine::ports::{ReadRecord, WriteRecord};
use amiary_engine::retention::{Scope, Survey, survey};
use amiary_tests::BUILDER;
use amiary_tests::account::{Account, Size, TEN_THOUSAND};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

async fn look(account: &Account) -> Survey {
    let session = account.person.session().await.unwrap();
    let before = session.aws().tally().await.unwrap();
    let policy = &session.active.policy;
    let scope = Scope::default();
    survey(session.reading(), session.aws(), policy, &scope, &before)
        .await
        .unwrap()
}

async fn going(account: &Account, survey: &Survey) -> BTreeSet<ImageRef> {
    let session = account.person.session().await.unwrap();
    let judged = survey.judged(&session.active.policy, account.world().now());
    let going = judged
        .into_iter()
        .filter(|one| matches!(one.verdict, Verdict::Retire { .. }));
    going.map(|one| one.image).collect()
}

#[tokio::test]
async fn of_an_account_exactly_what_is_old_and_unused_may_go() {
    let account = Account::new(Size {
        families: 2,
        unused: 10,
        used: 52,
        young: 10,
    })
    .await;
    let survey = look(&account).await;
    let going = going(&account, &survey).await;
    for (image, how) in &account.used {
        assert!(!going.contains(image), "{image} is used by {how}");
    }
    assert_eq!(going, account.unused);
    assert!(survey.unread.is_empty(), "{:?}", survey.unread);
    let record = account.person.aws();
    record.keep_tally(&survey.tally).await.unwrap();
    assert_eq!(record.tally().await.unwrap(), survey.tally);
}

/// The calls of a look by operation, those of the record apart; with the template where one was
/// named, as for an older version that a fleet or group names.
fn asked(account: &Account) -> BTreeMap<(String, Option<String>), usize> {
    let mut asked = BTreeMap::new();
    let calls = account.world().calls().into_iter();
    for call in calls.filter(|call| !["dynamodb", "sts"].contains(&call.service.as_str())) {
        let named = ["LaunchTemplateId", "LaunchTemplateName"];
        let template = named
            .iter()
            .find_map(|name| call.parameters[*name].as_str());
        let key = (call.operation, template.map(str::to_owned));
        *asked.entry(key).or_default() += 1;
    }
    asked
}

/// The most calls that a look may make, in hundredths: a page of each list, a group of candidates
/// each, and a twentieth more for what is listed besides.
fn most_calls(account: &Account, survey: &Survey, candidates: usize) -> usize {
    let found = |lookout: Lookout| -> usize {
        let tally = survey.tally.iter().filter(|((_, of), _)| *of == lookout);
        tally
            .map(|(_, count)| usize::try_from(count.found).unwrap())
            .sum()
    };
    let pages = survey.inventory.len().div_ceil(1_000)
        + found(Lookout::Instances).div_ceil(1_000)
        + found(Lookout::LaunchTemplates).div_ceil(200)
        + found(Lookout::LaunchConfigurations).div_ceil(100)
        + found(Lookout::AutoScalingGroups).div_ceil(100)
        + candidates.div_ceil(10);
    let shared = account
        .used
        .values()
        .filter(|how| how.contains("shared"))
        .count();
    105 * pages + 100 * shared
}

#[tokio::test]
async fn of_ten_thousand_images_exactly_the_two_thousand_may_go() {
    let account = Account::new(TEN_THOUSAND).await;
    let survey = look(&account).await;
    assert_eq!(survey.inventory.len(), 10_000);
    let asked = asked(&account);
    let going = going(&account, &survey).await;
    assert_eq!((going.len(), account.used.len()), (2_000, 100));
    assert_eq!(going, account.unused);
    assert!(survey.unread.is_empty(), "{:?}", survey.unread);
    let (of_templates, of_all): (Vec<_>, Vec<_>) = asked
        .iter()
        .partition(|((_, template), _)| template.is_some());
    let candidates = going.len() + account.used.len();
    let calls: usize = of_all.iter().map(|(_, count)| **count).sum();
    assert!(
        100 * calls <= most_calls(&account, &survey, candidates),
        "{asked:#?}"
    );
    let names_older = |how: &&&str| how.contains("leet") || how.contains("group");
    let most = account.used.values().filter(names_older).count();
    assert!(of_templates.len() <= most, "{of_templates:#?}");
    assert!(
        of_templates.iter().all(|(_, count)| **count <= 3),
        "{of_templates:#?}"
    );
}

/// As of a parameter of another account, which can't be named otherwise.
#[tokio::test]
async fn an_image_whose_parameter_a_template_resolves_by_its_arn_stays() {
    let size = Size {
        families: 1,
        unused: 4,
        used: 0,
        young: 4,
    };
    let account = Account::new(size).await;
    let image = account.unused.first().unwrap();
    let region = image.place.region.as_str();
    let perform = |service: &str, operation: &str, asked: Value| {
        let world = account.world();
        let answer = world.perform(BUILDER, region, service, operation, asked);
        answer.unwrap_or_else(|error| panic!("{operation}: {error:?}"));
    };
    let parameter = json!({"Name": "/golden/web", "Value": image.id, "Type": "String"});
    perform("ssm", "PutParameter", parameter);
    let arn = format!("arn:aws:ssm:{region}:{BUILDER}:parameter/golden/web");
    let data = json!({"ImageId": format!("resolve:ssm:{arn}:1")});
    let template = json!({"LaunchTemplateName": "by-arn", "LaunchTemplateData": data});
    perform("ec2", "CreateLaunchTemplate", template);
    let survey = look(&account).await;
    let mut others = account.unused.clone();
    others.remove(image);
    assert_eq!(going(&account, &survey).await, others);
}

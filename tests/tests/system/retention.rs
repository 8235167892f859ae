//! Owns the proof of verdicts on a whole account: exactly what is old and unused may go.

use amiary_domain::ids::ImageRef;
use amiary_domain::retention::Verdict;
use amiary_engine::ports::ReadRecord;
use amiary_engine::retention::{Scope, Survey, survey};
use amiary_tests::account::{Account, Size, TEN_THOUSAND};
use std::collections::BTreeSet;

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
        used: 48,
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
}

#[tokio::test]
async fn of_ten_thousand_images_exactly_the_two_thousand_may_go() {
    let account = Account::new(TEN_THOUSAND).await;
    let survey = look(&account).await;
    assert_eq!(survey.inventory.len(), 10_000);
    let going = going(&account, &survey).await;
    assert_eq!((going.len(), account.used.len()), (2_000, 100));
    assert_eq!(going, account.unused);
}

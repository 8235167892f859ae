//! What Amiary's ports and the simulated AWS agree on: each scenario is written once, and runs
//! through the real SDK both in process and over HTTP.

use amiary_aws::{Aws, InProcess, Roles, Settings, StaticCredentials, Transport};
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place};
use amiary_domain::image::{LaunchPermission, Tags};
use amiary_domain::lineage::CopyRequest;
use amiary_domain::notice::{Notice, NoticeKind};
use amiary_engine::ports::{
    ChangeImages, Class, PortError, Publish, ReadImages, ReadKeys, ReadRecord, StorePolicy,
};
use amiary_simulator::client::exchange;
use amiary_simulator::serve::{CONNECTION_HEADER, Server};
use amiary_simulator::{Fault, FaultKind, NewImage, World};
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION};
use bytes::Bytes;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

const THERE: &str = "eu-west-1";

/// AWS through the SDK, and the world behind it.
struct Contract {
    world: World,
    aws: Aws,
    /// Where it is served; none in process.
    _server: Option<Server>,
}

type Call = Arc<dyn Fn(http::Request<Bytes>) -> http::Response<Bytes> + Send + Sync>;

impl Contract {
    async fn in_process() -> Self {
        let world = World::new(5);
        let answering = world.clone();
        Self::over(
            world,
            None,
            Arc::new(move |request| answering.call(request)),
        )
        .await
    }

    async fn over_http() -> Self {
        let world = World::new(5);
        let server = Server::start(world.clone(), 0).unwrap();
        let address = server.address();
        let call = move |request| {
            exchange(address, &request).unwrap_or_else(|_| {
                let lost = http::Response::builder().header(CONNECTION_HEADER, "aborted");
                lost.body(Bytes::new()).unwrap()
            })
        };
        Self::over(world, Some(server), Arc::new(call)).await
    }

    async fn over(world: World, server: Option<Server>, call: Call) -> Self {
        world.create_role(PRODUCTION, "amiary");
        let credentials = world.credentials(BUILDER, "engineer");
        let clock = world.clone();
        let transport = Transport::InProcess(InProcess {
            call,
            credentials: StaticCredentials {
                access_key_id: credentials.access_key_id,
                secret_access_key: credentials.secret_access_key,
                session_token: Some(credentials.session_token),
            },
            region: SOURCE_REGION.to_owned(),
            now: Arc::new(move || clock.now()),
            yields: Arc::new(|| 0),
        });
        let roles: [(AccountId, Option<String>); 3] = [
            (BUILDER.parse().unwrap(), None),
            (PRODUCTION.parse().unwrap(), Some("amiary".to_owned())),
            (PARTNER.parse().unwrap(), Some("absent".to_owned())),
        ];
        let settings = Settings {
            table: "amiary".to_owned(),
            roles: Roles::from(roles),
            external_id: None,
            transport,
        };
        Self {
            world,
            aws: Aws::new(settings).await,
            _server: server,
        }
    }

    fn golden(&self, name: &str) -> ImageRef {
        let id = self
            .world
            .publish_image(NewImage::new(BUILDER, SOURCE_REGION, name));
        image(BUILDER, SOURCE_REGION, &id)
    }

    async fn copy(&self, source: &ImageRef, token: &str, name: &str) -> Result<ImageId, PortError> {
        let request = CopyRequest {
            token: token.to_owned(),
            name: name.to_owned(),
            description: String::new(),
            key: None,
            tags: Tags::from([("by".to_owned(), "amiary".to_owned())]),
        };
        self.aws
            .copy(source, &place(BUILDER, THERE), &request)
            .await
    }

    fn fails(&self, operation: &str, kind: FaultKind) {
        self.world.fail_next(Fault {
            operation: operation.to_owned(),
            caller: None,
            region: None,
            nth: 1,
            kind,
        });
    }
}

fn place(account: &str, region: &str) -> Place {
    format!("{account}/{region}").parse().unwrap()
}

fn image(account: &str, region: &str, id: &str) -> ImageRef {
    format!("{account}/{region}/{id}").parse().unwrap()
}

fn class<T: std::fmt::Debug>(answer: Result<T, PortError>) -> Class {
    answer.unwrap_err().class
}

/// Runs each scenario in process and over HTTP.
macro_rules! contract {
    ($($scenario:ident),+ $(,)?) => {
        mod in_process {
            $(#[tokio::test]
            async fn $scenario() {
                super::$scenario(super::Contract::in_process().await).await;
            })+
        }
        mod over_http {
            $(#[tokio::test]
            async fn $scenario() {
                super::$scenario(super::Contract::over_http().await).await;
            })+
        }
    };
}

contract!(
    a_copy_asked_for_twice_is_one_copy,
    what_copying_refuses_has_its_class,
    a_copy_carries_its_tags_to_image_and_snapshots,
    launch_permissions_of_all_four_kinds_come_back,
    volume_permissions_come_back,
    tags_are_set_and_removed_and_too_many_are_refused,
    keys_are_found_by_alias_with_their_state,
    every_image_is_listed_over_pages,
    an_image_that_is_gone_or_disabled_is_told_apart,
    another_account_is_reached_by_its_role_only,
    throttling_and_lost_replies_are_tried_again,
    a_notice_reaches_its_topic,
    of_two_policies_after_the_same_one_wins,
);

async fn a_copy_asked_for_twice_is_one_copy(on: Contract) {
    let source = on.golden("golden-1");
    let first = on.copy(&source, "token", "copy-1").await.unwrap();
    assert_eq!(on.copy(&source, "token", "copy-1").await.unwrap(), first);
    assert_eq!(
        class(on.copy(&source, "token", "copy-2").await),
        Class::TokenMismatch
    );
    assert_eq!(on.world.images(BUILDER, THERE).len(), 1);
}

async fn what_copying_refuses_has_its_class(on: Contract) {
    let source = on.golden("golden-1");
    let first = on.copy(&source, "1", "copy-1").await.unwrap();
    assert_eq!(
        class(on.copy(&source, "2", "copy-1").await),
        Class::NameTaken
    );
    let named = on
        .aws
        .images_named(&place(BUILDER, THERE), "copy-1")
        .await
        .unwrap();
    assert_eq!(
        named.iter().map(|image| &image.at.id).collect::<Vec<_>>(),
        [&first]
    );
    let absent = image(BUILDER, SOURCE_REGION, "ami-00000000000000000");
    assert_eq!(class(on.copy(&absent, "3", "copy-3").await), Class::Gone);
    on.world.set_concurrent_copies(1);
    assert_eq!(class(on.copy(&source, "4", "copy-4").await), Class::Quota);
    let pending = image(BUILDER, THERE, first.as_str());
    assert_eq!(
        class(on.copy(&pending, "5", "copy-5").await),
        Class::NotReady
    );
}

async fn a_copy_carries_its_tags_to_image_and_snapshots(on: Contract) {
    let source = on.golden("golden-1");
    let copy = on.copy(&source, "token", "copy-1").await.unwrap();
    let there = place(BUILDER, THERE);
    on.world.advance(SignedDuration::from_hours(1));
    let copy = on.aws.image(&there, &copy).await.unwrap().unwrap();
    assert_eq!(copy.tags["by"], "amiary");
    assert_eq!(copy.source, Some((source.place.region.clone(), source.id)));
    let snapshots = on.aws.snapshots(&there, &copy.snapshots).await.unwrap();
    assert!(!snapshots.is_empty());
    assert!(
        snapshots
            .values()
            .all(|snapshot| snapshot.tags["by"] == "amiary")
    );
}

async fn launch_permissions_of_all_four_kinds_come_back(on: Contract) {
    let source = on.golden("golden-1");
    let organization = "arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5";
    let unit = "arn:aws:organizations::111111111111:ou/o-a1b2c3d4e5/ou-ab12-cdefgh12";
    let wanted = BTreeSet::from([
        LaunchPermission::Account(PARTNER.parse().unwrap()),
        LaunchPermission::Organization(organization.to_owned()),
        LaunchPermission::OrganizationalUnit(unit.to_owned()),
        LaunchPermission::Everyone,
    ]);
    let none = BTreeSet::new();
    on.aws.share(&source, &wanted, &none).await.unwrap();
    assert_eq!(on.aws.launch_permissions(&source).await.unwrap(), wanted);
    on.aws.share(&source, &none, &wanted).await.unwrap();
    assert_eq!(on.aws.launch_permissions(&source).await.unwrap(), none);
}

async fn volume_permissions_come_back(on: Contract) {
    let source = on.golden("golden-1");
    let here = source.place.clone();
    let read = on.aws.image(&here, &source.id).await.unwrap().unwrap();
    let snapshot = read.snapshots.first().unwrap();
    let wanted = BTreeSet::from([PARTNER.parse().unwrap(), PRODUCTION.parse().unwrap()]);
    let none = BTreeSet::new();
    on.aws
        .share_snapshot(&here, snapshot, &wanted, &none)
        .await
        .unwrap();
    assert_eq!(
        on.aws.volume_permissions(&here, snapshot).await.unwrap(),
        wanted
    );
    on.aws
        .share_snapshot(&here, snapshot, &none, &wanted)
        .await
        .unwrap();
    assert_eq!(
        on.aws.volume_permissions(&here, snapshot).await.unwrap(),
        none
    );
}

async fn tags_are_set_and_removed_and_too_many_are_refused(on: Contract) {
    let source = on.golden("golden-1");
    let (here, ids) = (source.place.clone(), vec![source.id.to_string()]);
    let tags = |count: usize| -> Tags {
        (0..count)
            .map(|n| (format!("k{n}"), "välue & <more>".to_owned()))
            .collect()
    };
    on.aws.tag(&here, &ids, &tags(50)).await.unwrap();
    let read = on.aws.image(&here, &source.id).await.unwrap().unwrap();
    assert_eq!(read.tags, tags(50));
    let more = Tags::from([("k50".to_owned(), String::new())]);
    assert_eq!(
        class(on.aws.tag(&here, &ids, &more).await),
        Class::Permanent
    );
    let keys = tags(49).into_keys().collect();
    on.aws.untag(&here, &ids, &keys).await.unwrap();
    let read = on.aws.image(&here, &source.id).await.unwrap().unwrap();
    assert_eq!(read.tags.keys().collect::<Vec<_>>(), ["k49"]);
}

async fn keys_are_found_by_alias_with_their_state(on: Contract) {
    let arn = on.world.create_key(BUILDER, THERE, "alias/golden");
    let there = place(BUILDER, THERE);
    let found = on.aws.key(&there, "alias/golden").await.unwrap().unwrap();
    assert_eq!(
        (found.arn.as_str(), found.state.as_str()),
        (arn.as_str(), "Enabled")
    );
    assert!(found.symmetric && !found.aws_managed);
    on.world.set_key_enabled(&arn, false);
    assert_eq!(
        on.aws.key(&there, &arn).await.unwrap().unwrap().state,
        "Disabled"
    );
    assert_eq!(on.aws.key(&there, "alias/absent").await.unwrap(), None);
}

async fn every_image_is_listed_over_pages(on: Contract) {
    let mut published: BTreeSet<ImageId> = BTreeSet::new();
    for number in 0..1_003 {
        published.insert(on.golden(&format!("golden-{number}")).id);
    }
    let mut listed = Vec::new();
    let mut from = None;
    let mut pages = 0;
    loop {
        let page = on
            .aws
            .images(&place(BUILDER, SOURCE_REGION), from)
            .await
            .unwrap();
        pages += 1;
        listed.extend(page.items.into_iter().map(|image| image.at.id));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert!(pages > 1, "one page does not hold them");
    assert_eq!(listed.len(), published.len(), "none twice");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), published);
}

async fn an_image_that_is_gone_or_disabled_is_told_apart(on: Contract) {
    let source = on.golden("golden-1");
    let here = source.place.clone();
    let perform = |operation| {
        let parameters = serde_json::json!({ "ImageId": source.id.as_str() });
        on.world
            .perform(BUILDER, SOURCE_REGION, "ec2", operation, parameters)
            .unwrap();
    };
    perform("DisableImage");
    let read = on.aws.image(&here, &source.id).await.unwrap();
    assert!(
        read.is_some_and(|image| !matches!(
            image.state,
            amiary_domain::image::ImageState::Available
        ))
    );
    perform("DeregisterImage");
    assert_eq!(on.aws.image(&here, &source.id).await.unwrap(), None);
}

async fn another_account_is_reached_by_its_role_only(on: Contract) {
    let listed = on
        .aws
        .images(&place(PRODUCTION, THERE), None)
        .await
        .unwrap();
    assert!(listed.items.is_empty());
    let calls = on.world.calls();
    let by = format!("arn:aws:sts::{PRODUCTION}:assumed-role/amiary/");
    assert!(calls.iter().any(|call| call.caller.starts_with(&by)));
    let refused = on.aws.images(&place(PARTNER, THERE), None).await;
    assert!(refused.is_err(), "the role does not exist");
}

async fn throttling_and_lost_replies_are_tried_again(on: Contract) {
    let source = on.golden("golden-1");
    let throttled = |code: &str| FaultKind::ErrorBefore {
        code: code.to_owned(),
        status: 503,
        message: "Request limit exceeded.".to_owned(),
    };
    on.fails("CopyImage", throttled("RequestLimitExceeded"));
    let copy = on.copy(&source, "1", "copy-1").await.unwrap();
    on.fails("CopyImage", FaultKind::ReplyLost);
    let second = on.copy(&source, "2", "copy-2").await.unwrap();
    assert_ne!(copy, second);
    assert_eq!(on.world.faults_pending(), 0, "both faults happened");
    assert_eq!(
        on.world.images(BUILDER, THERE).len(),
        2,
        "none was made twice"
    );
    for _ in 0..3 {
        on.fails("CopyImage", throttled("RequestLimitExceeded"));
    }
    assert_eq!(class(on.copy(&source, "3", "copy-3").await), Class::Retry);
}

async fn a_notice_reaches_its_topic(on: Contract) {
    let topic = on
        .world
        .create_topic(BUILDER, SOURCE_REGION, "platform-images");
    let notice = |topic: &str| Notice {
        id: "notice".to_owned(),
        topic: topic.to_owned(),
        owner: "platform".to_owned(),
        kind: NoticeKind::Replicated,
        family: "web".to_owned(),
        source: image(BUILDER, SOURCE_REGION, "ami-00000000000000001"),
        name: "golden-1".to_owned(),
        destinations: Vec::new(),
    };
    on.aws.publish(&notice(&topic)).await.unwrap();
    let inbox = on.world.inbox(&topic);
    assert_eq!(inbox.len(), 1);
    assert!(inbox[0].message.contains("golden-1"));
    let absent = topic.replace("platform-images", "absent");
    assert!(on.aws.publish(&notice(&absent)).await.is_err());
}

async fn of_two_policies_after_the_same_one_wins(on: Contract) {
    on.aws.create_table().await.unwrap();
    on.aws.create_table().await.unwrap();
    let now = on.world.now();
    assert_eq!(on.aws.apply_policy("one", 0, now, "a").await.unwrap(), 1);
    assert_eq!(
        class(on.aws.apply_policy("two", 0, now, "b").await),
        Class::Conflict
    );
    let active = on.aws.active_policy().await.unwrap().unwrap();
    assert_eq!(
        (active.number, active.text.as_str(), active.at),
        (1, "one", now)
    );
}

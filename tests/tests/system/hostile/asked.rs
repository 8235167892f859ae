//! Owns the questions that Amiary asks of AWS, each put through its port while answers are bent.

use super::answering::{Bend, Between, changed};
use amiary_aws::Aws;
use amiary_domain::ids::{ImageRef, Place, SnapshotId};
use amiary_domain::image::{LaunchPermission, Tags};
use amiary_domain::lineage::CopyRequest;
use amiary_domain::notice::{Notice, NoticeKind};
use amiary_engine::ports::{
    ChangeImages, Outbox, PortError, Publish, ReadImages, ReadKeys, ReadRecord,
};
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION, Stage, Wants, golden, topic};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// What is asked of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Image,
    Named,
    Listing,
    Launch,
    Snapshots,
    Volumes,
    Copy,
    Tag,
    Untag,
    Share,
    ShareSnapshot,
    Key,
    Find,
    Lineage,
    History,
    Unfinished,
    Known,
    Policy,
    Pending,
    Published,
    Publish,
    Elsewhere,
}

/// Every question, and the operation that answers it.
#[rustfmt::skip]
pub const ASKS: [(Ask, &str); 22] = [
    (Ask::Image, "DescribeImages"),
    (Ask::Named, "DescribeImages"),
    (Ask::Listing, "DescribeImages"),
    (Ask::Launch, "DescribeImageAttribute"),
    (Ask::Snapshots, "DescribeSnapshots"),
    (Ask::Volumes, "DescribeSnapshotAttribute"),
    (Ask::Copy, "CopyImage"),
    (Ask::Tag, "CreateTags"),
    (Ask::Untag, "DeleteTags"),
    (Ask::Share, "ModifyImageAttribute"),
    (Ask::ShareSnapshot, "ModifySnapshotAttribute"),
    (Ask::Key, "DescribeKey"),
    (Ask::Find, "GetItem"),
    (Ask::Lineage, "Query"),
    (Ask::History, "Query"),
    (Ask::Unfinished, "Query"),
    (Ask::Known, "BatchGetItem"),
    (Ask::Policy, "GetItem"),
    (Ask::Pending, "Query"),
    (Ask::Published, "UpdateItem"),
    (Ask::Publish, "Publish"),
    (Ask::Elsewhere, "AssumeRole"),
];

/// A world with a replicated image, and clients whose answers are bent.
pub struct Asked {
    stage: Stage,
    between: Between,
    aws: Aws,
    source: ImageRef,
    snapshot: SnapshotId,
}

fn text<T: Debug>(value: T) -> String {
    format!("{value:?}")
}

impl Asked {
    pub async fn new() -> Self {
        let mut stage = Stage::new(&Wants {
            own: vec!["eu-west-1"],
            ..Wants::default()
        })
        .await;
        let source = stage.publish(golden("golden-1"));
        stage.local.settle().await;
        let between = Between::default();
        // A lost answer is asked for three times; the role's credentials are not kept over cases.
        let aws = between.clients(stage.world(), "engineer").await;
        let seen = stage
            .world()
            .image(BUILDER, SOURCE_REGION, source.id.as_str());
        let snapshot = seen.unwrap().snapshots[0].id.parse().unwrap();
        Self {
            stage,
            between,
            aws,
            source,
            snapshot,
        }
    }

    /// The answer to a question while AWS's answers to this operation are bent.
    pub async fn ask(
        &self,
        ask: Ask,
        operation: &'static str,
        bend: Bend,
    ) -> Result<String, PortError> {
        let fresh;
        let aws = if ask == Ask::Elsewhere {
            fresh = self.between.clients(self.stage.world(), "engineer").await;
            &fresh
        } else {
            &self.aws
        };
        self.between.bend(operation, None, bend);
        let answer = self.put(ask, aws).await;
        assert!(
            self.between.let_through() > 0,
            "{ask:?}: {operation} was never called"
        );
        answer
    }

#[rustfmt::skip]
    async fn put(&self, ask: Ask, aws: &Aws) -> Result<String, PortError> {
        let (here, id) = (&self.source.place, &self.source.id);
        let nobody = BTreeSet::new();
        let someone = BTreeSet::from([LaunchPermission::Account(PRODUCTION.parse().unwrap())]);
        Ok(match ask {
            Ask::Image => text(aws.image(here, id).await?.map(|image| image.state)),
            Ask::Named => text(aws.images_named(here, "golden-1").await?.len()),
            Ask::Listing => text(aws.images(here, None).await?.items.len()),
            Ask::Launch => text(aws.launch_permissions(&self.source).await?),
            Ask::Snapshots => text(aws.snapshots(here, &[self.snapshot.clone()].into()).await?.len()),
            Ask::Volumes => text(aws.volume_permissions(here, &self.snapshot).await?),
            Ask::Copy => text(aws.copy(&self.source, &there(BUILDER), &request()).await?.as_str().len()),
            Ask::Tag => text(aws.tag(here, &[id.to_string()], &Tags::from([("a".to_owned(), "b".to_owned())])).await?),
            Ask::Untag => text(aws.untag(here, &[id.to_string()], &["a".to_owned()].into()).await?),
            Ask::Share => text(aws.share(&self.source, &someone, &BTreeSet::new()).await?),
            Ask::ShareSnapshot => text(aws.share_snapshot(here, &self.snapshot, &[PARTNER.parse().unwrap()].into(), &nobody).await?),
            Ask::Key => text(aws.key(&there(BUILDER), "alias/golden").await?.map(|key| key.state)),
            Ask::Find => text(aws.find(&self.source).await?.is_some()),
            Ask::Lineage => text(aws.lineage(&self.source).await?.is_some()),
            Ask::History => text(aws.history(&self.source).await?.len()),
            Ask::Unfinished => text(aws.unfinished().await?.len()),
            Ask::Known => text(aws.known(std::slice::from_ref(&self.source)).await?.len()),
            Ask::Policy => text(aws.active_policy().await?.map(|revision| revision.number)),
            Ask::Pending => text(aws.pending(self.stage.world().now(), 10).await?.len()),
            Ask::Published => text(aws.published(&self.notice_id(), self.stage.world().now()).await?),
            Ask::Publish => text(aws.publish(&notice()).await?.len()),
            Ask::Elsewhere => text(aws.images(&there(PRODUCTION), None).await?.items.len()),
        })
    }

    /// The id of the notice that the stage's image caused.
    fn notice_id(&self) -> String {
        let told = self.stage.inbox().remove(0).message;
        let data: serde_json::Value =
            serde_json::from_str(told.rsplit('\n').next().unwrap()).unwrap();
        data["id"].as_str().unwrap().to_owned()
    }
}

fn there(account: &str) -> Place {
    format!("{account}/eu-west-1").parse().unwrap()
}

fn request() -> CopyRequest {
    CopyRequest {
        token: "token".to_owned(),
        name: "copy-1".to_owned(),
        description: String::new(),
        key: None,
        tags: Tags::new(),
    }
}

fn notice() -> Notice {
    Notice {
        id: "n-1".to_owned(),
        topic: topic(),
        owner: "platform".to_owned(),
        kind: NoticeKind::Waiting,
        family: "web".to_owned(),
        source: format!("{BUILDER}/{SOURCE_REGION}/ami-01234567")
            .parse()
            .unwrap(),
        name: "golden-1".to_owned(),
        destinations: Vec::new(),
    }
}

impl Asked {
    /// The whole answer to a question.
    pub async fn whole(&self, ask: Ask, operation: &'static str) -> String {
        let kept = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let keeping = kept.clone();
        let bend = changed(move |body| {
            body.clone_into(&mut keeping.lock().unwrap());
            body.to_owned()
        });
        self.ask(ask, operation, bend).await.unwrap();
        kept.lock().unwrap().clone()
    }
}

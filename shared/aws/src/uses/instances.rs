//! Owns reading instances, and the images and snapshots that are judged.

use super::{image_target, listed, listing, moment, next};
use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::{Place, SnapshotId};
use amiary_engine::ports::{Answer, Found, Listed, Page, Target};
use aws_sdk_ec2::types::{Filter, Instance, LockState, Reservation};
use jiff::Timestamp;

/// The most items of a page, see
/// [pagination](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination).
const PAGE: i32 = 1000;

/// The states of instances that run or can start again, see
/// [the life of an instance](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html).
pub(super) const ALIVE: [&str; 5] = ["pending", "running", "stopping", "stopped", "shutting-down"];

impl Aws {
    /// A page of the instances that run or can start again.
    pub(super) async fn instances(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::ec2("DescribeInstances", place);
        let states = Filter::builder().name("instance-state-name");
        let states = ALIVE
            .iter()
            .fold(states, |states, state| states.values(*state));
        let client = self.ec2(place, &call).await?;
        let request = client.describe_instances().filters(states.build());
        let answer = request.max_results(PAGE).set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let reservations = listing(&call, answer.reservations.as_ref(), "reservations")?.iter();
        Ok(Page {
            items: reservations
                .flat_map(Reservation::instances)
                .map(instance)
                .collect(),
            next: next(answer.next_token()),
        })
    }

    /// A page of all images that the place's account owns, disabled and deprecated ones too.
    pub(super) async fn listed_images(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Listed>> {
        let call = Call::ec2("DescribeImages", place);
        let request = self.describe_images(place, &call).await?.owners("self");
        let answer = request.max_results(PAGE).set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let images = listing(&call, answer.images.as_ref(), "set of images")?;
        let mut items = Vec::with_capacity(images.len());
        for seen in images {
            items.extend(listed(&call, seen, place)?);
        }
        Ok(Page {
            items,
            next: next(answer.next_token()),
        })
    }

    /// A page of the locked snapshots, each until when; one without an end is locked until somebody
    /// unlocks it. An expired lock is none.
    pub(super) async fn locked_snapshots(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<(SnapshotId, Option<Timestamp>)>> {
        let call = Call::ec2("DescribeLockedSnapshots", place);
        let client = self.ec2(place, &call).await?;
        let request = client.describe_locked_snapshots().max_results(PAGE);
        let answer = request.set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let mut items = Vec::new();
        for lock in listing(&call, answer.snapshots.as_ref(), "locked snapshots")? {
            if lock.lock_state() == Some(&LockState::Expired) {
                continue;
            }
            let id = lock.snapshot_id().unwrap_or_default().parse();
            let id = id.map_err(|error| call.unreadable(error))?;
            let until = lock.lock_expires_on().map(|time| moment(&call, time));
            items.push((id, until.transpose()?));
        }
        Ok(Page {
            items,
            next: next(answer.next_token()),
        })
    }
}

/// An instance. Its volumes are its own: a snapshot that they came from is used no more.
fn instance(seen: &Instance) -> Found {
    let state = seen.state().and_then(|state| state.name());
    let state = state.map_or("", |state| state.as_str());
    let targets: Option<Target> = seen.image_id().and_then(image_target);
    Found {
        by: format!(
            "instance {} ({state})",
            seen.instance_id().unwrap_or_default()
        ),
        targets: targets.into_iter().collect(),
        ..Found::default()
    }
}

//! Owns the scheduled run over everything: what no event reported, what is unfinished, and what is
//! due to be looked at again. All of it is planned before any of it is applied, so that the caps
//! hold for the run as a whole.

use crate::chain::chain;
use crate::observe::observe;
use crate::pages::{NoEnd, Pages};
use crate::ports::{Answer, Class, PortError, Reading, Writing};
use crate::run::{Report, carry_out};
use amiary_domain::ids::{ImageRef, Place};
use amiary_domain::image::Image;
use amiary_domain::notice::printable;
use amiary_domain::observation::{Mandate, Observation};
use amiary_domain::plan::{ActivePolicy, Budget, Held, Plan, RECHECK_AFTER, check, plan};
use futures_util::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use tracing::warn;

/// The most lineages that are looked at only because they are due.
const MOST_DUE: usize = 500;

/// How many lineages are looked at side by side.
const AT_ONCE: usize = 8;
/// Nothing more is looked at within this time of the deadline, so that what was planned is applied.
const TIME_TO_APPLY: SignedDuration = SignedDuration::from_mins(5);

/// What a scheduled run did.
#[derive(Debug, Default)]
pub struct Summary {
    /// Lineages that were looked at.
    pub looked_at: usize,
    /// Lineages that the deadline left to the next run.
    pub late: usize,
    /// New sources that no event had reported.
    pub discovered: usize,
    /// What the caps held back.
    pub held: Held,
    /// What was done about each lineage that was not converged.
    pub reports: Vec<Report>,
    /// What could not be read; its scopes are left to the next run.
    pub unread: Vec<PortError>,
}

/// Reconciles everything.
///
/// # Errors
/// Where the record can't be read, so that it is not known what there is to do.
pub async fn reconcile(
    reading: Reading<'_>,
    writing: Writing<'_>,
    active: &ActivePolicy,
    deadline: Option<Timestamp>,
) -> Answer<Summary> {
    let mut summary = Summary::default();
    let images = scope(reading, active, &mut summary).await?;
    let looking = images
        .iter()
        .map(|image| look(reading, active, image, deadline));
    let looked: Vec<Look> = stream::iter(looking).buffered(AT_ONCE).collect().await;
    let mut planned = Vec::new();
    for look in looked {
        match look {
            Look::Planned(observation, plan) => planned.push((*observation, *plan)),
            Look::Unread(error) => unread(&mut summary, error),
            Look::Late => summary.late += 1,
        }
    }
    summary.looked_at = planned.len();
    let mut budget = Budget::from(&active.policy.caps);
    let (observations, mut plans): (Vec<Observation>, Vec<Plan>) = planned.into_iter().unzip();
    summary.held = check(&mut plans, &mut budget);
    for (observation, plan) in observations.into_iter().zip(plans) {
        match carry_out(
            reading,
            writing,
            active,
            observation,
            plan,
            &mut budget,
            deadline,
        )
        .await
        {
            Ok(report) => summary.reports.push(report),
            Err(error) => unread(&mut summary, error),
        }
    }
    Ok(summary)
}

/// What came of looking at one lineage.
enum Look {
    Planned(Box<Observation>, Box<Plan>),
    Unread(PortError),
    /// The time is needed for what was planned already.
    Late,
}

async fn look(
    reading: Reading<'_>,
    active: &ActivePolicy,
    image: &ImageRef,
    deadline: Option<Timestamp>,
) -> Look {
    if deadline.is_some_and(|deadline| reading.clock.now() + TIME_TO_APPLY > deadline) {
        return Look::Late;
    }
    match observe(reading, active, image, Mandate::Schedule).await {
        Ok(observation) => {
            let plan = plan(active, &observation, reading.clock.now());
            Look::Planned(Box::new(observation), Box::new(plan))
        }
        Err(error) => Look::Unread(error),
    }
}

fn unread(summary: &mut Summary, error: PortError) {
    let told = printable(&chain(&error).join(": "));
    warn!(error = told, "could not be read: left to the next run");
    summary.unread.push(error);
}

/// The images to look at, each once: unfinished lineages, new sources, those that a new revision of
/// the policy may concern, and those that are due, the longest due first. Two days after a revision
/// every lineage was due once anyway.
async fn scope(
    reading: Reading<'_>,
    active: &ActivePolicy,
    summary: &mut Summary,
) -> Answer<Vec<ImageRef>> {
    let now = reading.clock.now();
    let mut images = reading.record.unfinished().await?;
    for place in active.policy.source_places() {
        match discover(reading, active, &place).await {
            Ok(found) => {
                summary.discovered += found.len();
                images.extend(found);
            }
            Err(error) => unread(summary, error),
        }
    }
    if now < active.since + RECHECK_AFTER * 2 {
        images.extend(
            reading
                .record
                .decided_before(active.revision, MOST_DUE)
                .await?,
        );
    }
    images.extend(reading.record.due(now, MOST_DUE).await?);
    let mut seen = BTreeSet::new();
    images.retain(|image| seen.insert(image.clone()));
    Ok(images)
}

/// The images at a place that a family selects and nobody recorded.
async fn discover(
    reading: Reading<'_>,
    active: &ActivePolicy,
    place: &Place,
) -> Answer<BTreeSet<ImageRef>> {
    let mut found = BTreeSet::new();
    let mut from = None;
    let mut pages = Pages::default();
    loop {
        let page = reading.images.images(place, from).await?;
        let selected: Vec<ImageRef> = page
            .items
            .iter()
            .filter(|image: &&Image| active.policy.family_of(image).is_some())
            .map(|image| image.at.clone())
            .collect();
        let known = reading.record.known(&selected).await?;
        found.extend(selected.into_iter().filter(|image| !known.contains(image)));
        from = pages
            .turn(page.next)
            .map_err(|no_end| endless(place, no_end))?;
        if from.is_none() {
            return Ok(found);
        }
    }
}

fn endless(place: &Place, no_end: NoEnd) -> PortError {
    PortError {
        class: Class::Retry,
        operation: "DescribeImages",
        place: place.to_string(),
        code: "UnreadableAnswer".to_owned(),
        message: no_end.to_string(),
        request: None,
        repeated: false,
        source: Some(Box::new(no_end)),
    }
}

//! Owns one run over one or more lineages: observe → plan → check → apply → record, in rounds,
//! until nothing is left to do now.

use crate::apply::{Applied, Outcome, apply};
use crate::observe::{observe, observe_again};
use crate::ports::{Answer, Class, Reading, Writing};
use amiary_domain::ids::{ImageRef, Place};
use amiary_domain::lineage::Lineage;
use amiary_domain::observation::{Mandate, Observation};
use amiary_domain::plan::{ActivePolicy, Budget, Held, Left, Plan, check, plan, refused};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The most rounds one lineage takes: the longest way, lending, copying, giving back and telling,
/// takes fewer.
const MOST_ROUNDS: usize = 8;

/// What a run did about one lineage.
#[derive(Debug, Default)]
pub struct Report {
    /// The image it was asked to look at.
    pub image: Option<ImageRef>,
    /// Every step that was applied, in order.
    pub applied: Vec<Applied>,
    /// What was left alone at the end, and why.
    pub left: Vec<Left>,
}

impl Report {
    /// Whether a step failed in passing or was left to another run, so that this one is worth
    /// repeating soon.
    pub fn is_worth_repeating(&self) -> bool {
        self.applied
            .iter()
            .any(|step| matches!(step.outcome, Outcome::Failed(_) | Outcome::Yielded(_)))
    }

    /// Whether a step was refused or failed.
    pub fn has_failures(&self) -> bool {
        self.applied
            .iter()
            .any(|step| matches!(step.outcome, Outcome::Failed(_) | Outcome::Refused(_)))
    }
}

/// Plans what a run about one image would do, and does nothing.
///
/// # Errors
/// Where the record or the image can't be read.
pub async fn preview(
    reading: Reading<'_>,
    active: &ActivePolicy,
    image: &ImageRef,
    mandate: Mandate,
) -> Answer<(Observation, Plan)> {
    planned(
        reading,
        active,
        image,
        mandate,
        &mut Budget::from(&active.policy.caps),
    )
    .await
}

async fn planned(
    reading: Reading<'_>,
    active: &ActivePolicy,
    image: &ImageRef,
    mandate: Mandate,
    budget: &mut Budget,
) -> Answer<(Observation, Plan)> {
    let observation = observe(reading, active, image, mandate).await?;
    let mut plans = [plan(active, &observation, reading.clock.now())];
    check(&mut plans, budget);
    let [plan] = plans;
    Ok((observation, plan))
}

/// Brings the lineage of one image to what its policy wants.
///
/// # Errors
/// Where the record or the image can't be read for a passing reason, so that nothing was decided.
pub async fn look_at(
    reading: Reading<'_>,
    writing: Writing<'_>,
    active: &ActivePolicy,
    image: &ImageRef,
    mandate: Mandate,
    deadline: Option<Timestamp>,
) -> Answer<Report> {
    let mut budget = Budget::from(&active.policy.caps);
    let (observation, plan) = planned(reading, active, image, mandate, &mut budget).await?;
    carry_out(
        reading,
        writing,
        active,
        observation,
        plan,
        &mut budget,
        deadline,
    )
    .await
}

/// Applies a checked plan, then observes what it touched and plans again, until nothing is left.
/// A place where a step did not succeed is left to the next run.
///
/// # Errors
/// Where the record can't be read again.
pub async fn carry_out(
    reading: Reading<'_>,
    writing: Writing<'_>,
    active: &ActivePolicy,
    mut observation: Observation,
    mut next: Plan,
    budget: &mut Budget,
    deadline: Option<Timestamp>,
) -> Answer<Report> {
    let mut report = Report {
        image: Some(observation.image.clone()),
        ..Report::default()
    };
    let mut stopped: BTreeSet<Option<Place>> = BTreeSet::new();
    for _ in 0..MOST_ROUNDS {
        leave_out(&mut next, &stopped);
        report.left.clone_from(&next.left);
        if next.is_empty() {
            break;
        }
        let applied = apply(reading, writing, active, &observation, &next, deadline).await;
        stopped.extend(
            applied
                .iter()
                .filter(|step| !matches!(step.outcome, Outcome::Done | Outcome::AlreadySo))
                .map(|step| step.place.clone()),
        );
        let stuck = tell_refusals(reading, writing, active, &observation, &applied).await;
        report.applied.extend(applied);
        stuck?;
        if stopped.contains(&None) {
            break;
        }
        observation = observe_again(reading, &observation, &next).await?;
        let mut plans = [plan(active, &observation, reading.clock.now())];
        let _: Held = check(&mut plans, budget);
        [next] = plans;
    }
    Ok(report)
}

/// Records what AWS refused and would refuse again, so that the owner hears of it.
async fn tell_refusals(
    reading: Reading<'_>,
    writing: Writing<'_>,
    active: &ActivePolicy,
    observation: &Observation,
    applied: &[Applied],
) -> Answer<()> {
    for step in applied {
        let (Some(place), Outcome::Refused(error)) = (&step.place, &step.outcome) else {
            continue;
        };
        let Some(lineage) = recorded(reading, observation).await? else {
            return Ok(());
        };
        let now = reading.clock.now();
        for change in refused(active, &lineage, place, &error.to_string(), now) {
            match writing.record.commit(&change, now, writing.by).await {
                Err(error) if error.class != Class::Conflict => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

async fn recorded(reading: Reading<'_>, observation: &Observation) -> Answer<Option<Lineage>> {
    match (&observation.lineage, observation.source.read()) {
        (Some(lineage), _) => reading.record.lineage(&lineage.source.image).await,
        (None, Some(facts)) => reading.record.lineage(&facts.image.at).await,
        (None, None) => Ok(None),
    }
}

fn leave_out(plan: &mut Plan, stopped: &BTreeSet<Option<Place>>) {
    plan.destinations
        .retain(|group| !stopped.contains(&Some(group.place.clone())));
}

//! Owns what must hold at the end: once faults are over and people have mended what they can, every
//! source is where the policy wants it, or its owner knows why not.

use super::people::{Made, Owned};
use super::policy::{Family, Grants, OWN_TAGS, Ready, Spot, Tags};
use super::stage::Stage;
use super::watch::is_amiarys;
use amiary_domain::lineage::{Lineage, Replica, ReplicaState};
use amiary_engine::ports::{Outbox, ReadRecord};
use amiary_simulator::{Call, ImageView};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// The quarter of an hour between two scheduled runs.
const QUARTER: SignedDuration = SignedDuration::from_mins(15);

/// What a call of EC2 comes to that is no end of an attempt.
const IN_PASSING: [&str; 6] = [
    "RequestLimitExceeded",
    "InternalError",
    "Unavailable",
    "ResourceLimitExceeded",
    "ConnectionLost",
    "CallerCrashed",
];

impl Stage {
    /// Ends the faults and lets the world converge; looks whether it did, and whether that is all.
    pub(super) async fn end(&mut self) {
        let drifts = self.drifts();
        self.end_faults().await;
        self.converge().await;
        if !drifts {
            self.everything().await;
        }
        // What was missed of what is converged already is looked for a day later. Events that are
        // late have arrived by then, and have nothing to tell any more.
        let before = self.watch.calls.len();
        self.wait(SignedDuration::from_hours(25)).await;
        if drifts {
            self.converge().await;
            self.everything().await;
        } else {
            self.run().await;
            self.nothing_since(before, "a day later nothing changes");
            self.everything().await;
        }
    }

    /// Whether people changed something that Amiary may not have heard of: an event was lost, could
    /// not be heeded, or what was read because of it was older than the change. Nothing but a look at
    /// everything finds that, once a day.
    fn drifts(&self) -> bool {
        let scenario = &self.scenario;
        let heard =
            scenario.events.is_none() && scenario.faults.is_empty() && scenario.lag.is_none();
        self.scenario
            .meddlings
            .iter()
            .any(|(_, meddling)| meddling.drifts(heard))
    }

    /// Lets so many scheduled runs happen as are to be enough, and one more that changes nothing.
    async fn converge(&mut self) {
        self.let_copies_end().await;
        let unseen = self.unseen().await;
        // Back-offs take ten minutes, and a record may be by a clock that was five minutes fast. The
        // youngest image may have half an hour to settle.
        let families = &self.people.policy().families;
        let settles = families.iter().any(|family| family.ready == Ready::Settled);
        self.wait(QUARTER * if settles { 3 } else { 1 }).await;
        let unseen = unseen.max(self.unseen().await);
        for _ in 0..2 + unseen {
            self.run().await;
        }
        let before = self.watch.calls.len();
        self.run().await;
        self.nothing_since(before, "a further run changes nothing");
    }

    /// Looks at everything that must hold at the end, unless something did not hold already.
    async fn everything(&mut self) {
        self.look();
        if self.watch.broken.is_empty() {
            self.everything_even_so().await;
        }
    }

    pub(super) async fn everything_even_so(&mut self) {
        self.lineages().await;
        self.notices().await;
    }

    /// Lets time pass without a scheduled run; events that come late do arrive.
    async fn wait(&mut self, time: SignedDuration) {
        self.world.advance(time);
        self.is_between_runs = true;
        let now = self.world.now();
        self.pass(now).await;
        self.is_between_runs = false;
    }

    async fn let_copies_end(&mut self) {
        while self.watch.broken.is_empty() && self.is_copying() {
            let soon = self.world.now() + SignedDuration::from_mins(1);
            self.pass(soon).await;
        }
    }

    fn is_copying(&mut self) -> bool {
        self.look();
        self.watch
            .views
            .values()
            .any(|view| view.state == "pending")
    }

    /// One scheduled run, and all that follows from it, to the end of its copies.
    async fn run(&mut self) {
        if !self.watch.broken.is_empty() {
            return;
        }
        self.note("a scheduled run");
        let now = self.world.now().as_second();
        let next = (now / 900 + 1) * 900 - now;
        let due = self.world.now() + SignedDuration::from_secs(next) + SignedDuration::from_mins(1);
        self.pass(due).await;
        self.let_copies_end().await;
        let soon = self.world.now() + SignedDuration::from_secs(5);
        self.pass(soon).await;
    }

    /// How many more runs it takes until Amiary knows of what went wrong unseen: a copy that failed
    /// is seen by one run and asked for again by the next, after its back-off; that an image is not
    /// found is believed the second time.
    async fn unseen(&mut self) -> usize {
        let mut most = 0;
        let was_removed = self.people.touched.values().any(|touched| touched.was_away);
        let next = self.world.now() + SignedDuration::from_mins(1);
        for made in self.people.made.clone().into_values() {
            let lineage = self.lineage(&made).await;
            let replicas = lineage
                .into_iter()
                .flat_map(|lineage| lineage.replicas.into_values());
            for replica in replicas {
                let id = replica.image.as_ref().map(|id| id.as_str().to_owned());
                let view = id.as_ref().and_then(|id| self.watch.views.get(id));
                let is_copying = replica.state == ReplicaState::Copying;
                let is_waiting = replica.state == ReplicaState::Wanted && replica.due > next;
                let runs = match (id.is_some(), view) {
                    (true, None) if is_copying => 2,
                    (true, None) => 1,
                    (_, Some(view)) if view.state == "failed" && is_copying => 1,
                    // Its token or its name may lead to an image that people removed.
                    (false, _) if is_copying && was_removed => 3,
                    (false, _) if is_copying => 1,
                    _ if is_waiting => 1,
                    _ => 0,
                };
                most = most.max(runs);
            }
        }
        most
    }

    async fn lineage(&mut self, made: &Made) -> Option<Lineage> {
        self.admin
            .lineage(&made.reference())
            .await
            .expect("the record can be read")
    }

    pub(super) fn nothing_since(&mut self, before: usize, invariant: &'static str) {
        let changes = |call: &&Call| call.mutating && call.service == "ec2" && is_amiarys(call);
        let calls: Vec<String> = self.watch.calls[before.min(self.watch.calls.len())..]
            .iter()
            .filter(changes)
            .map(|call| format!("{} {}", call.operation, call.parameters))
            .collect();
        self.watch
            .unless(calls.is_empty(), invariant, || calls.join("; "));
    }

    async fn lineages(&mut self) {
        for made in self.people.made.clone().into_values() {
            let lineage = self.lineage(&made).await;
            self.source_at_the_end(&made);
            self.recorded(&made, lineage.as_ref());
            if let Some(lineage) = lineage {
                self.wanted(&made, &lineage);
                self.admin_told(&lineage).await;
            }
        }
        self.copies_are_recorded().await;
    }

    /// The source is as its owner left it, and no loan is left over.
    fn source_at_the_end(&mut self, made: &Made) {
        let Some(view) = self.watch.views.get(&made.id).cloned() else {
            return;
        };
        let lent: Vec<_> = view.launch_permissions.difference(&made.grants).collect();
        self.watch
            .unless(lent.is_empty(), "no loan is left over", || {
                format!("{}: {lent:?}", made.id)
            });
        for snapshot in &view.snapshots {
            let lent = &snapshot.create_volume_permissions;
            self.watch
                .unless(lent.is_empty(), "no loan is left over", || {
                    format!("{} of {}: {lent:?}", snapshot.id, made.id)
                });
        }
    }

    /// What the policy selects is on record, and nothing else ever is.
    fn recorded(&mut self, made: &Made, lineage: Option<&Lineage>) {
        let policy = self.people.policy();
        let selected = policy
            .families
            .iter()
            .any(|family| family.selects(made, &made.tags) && family.is_ready(&made.tags));
        let is_there = self
            .watch
            .views
            .get(&made.id)
            .is_some_and(|view| view.state == "available");
        let must = selected && is_there;
        let may = self
            .people
            .policies
            .iter()
            .any(|(_, policy)| made.families(policy).next().is_some());
        let is = lineage.is_some();
        self.watch
            .unless(!must || is, "what the policy selects is on record", || {
                made.id.clone()
            });
        self.watch.unless(
            may || !is,
            "no image that no policy selects is a source",
            || made.id.clone(),
        );
    }

    /// Each destination that the policy names has what it wants, or there is a reason in the world.
    fn wanted(&mut self, made: &Made, lineage: &Lineage) {
        let policy = self.people.policy().clone();
        let Some(family) = policy.family(&lineage.source.family) else {
            return;
        };
        for (spot, key) in &family.destinations {
            if *spot == made.spot {
                continue;
            }
            let place = spot.to_string().parse().expect("a place");
            let replica = lineage.replicas.get(&place);
            self.destination(made, family, spot, *key, replica);
        }
    }

    fn destination(
        &mut self,
        made: &Made,
        family: &Family,
        spot: &Spot,
        key: Option<&'static str>,
        replica: Option<&Replica>,
    ) {
        let is_there = made.state == Owned::Available
            && self
                .watch
                .views
                .get(&made.id)
                .is_some_and(|view| view.state == "available");
        let state = replica.map(|replica| replica.state);
        let excused = match state {
            Some(ReplicaState::Verified) => {
                if let Some(id) = replica.and_then(|replica| replica.image.as_ref()) {
                    self.verified(made, family, spot, key, id.as_str());
                }
                true
            }
            Some(ReplicaState::Failed) => self.may_fail(made, spot),
            Some(ReplicaState::Gone) => {
                let id = replica.and_then(|replica| replica.image.as_ref());
                let touched = id.and_then(|id| self.people.touched.get(id.as_str()));
                touched.is_some_and(|touched| touched.was_away)
            }
            Some(ReplicaState::Wanted) | None => {
                let is_out_of_reach = spot.account != made.spot.account && self.is_unlendable(made);
                !is_there || is_out_of_reach || (made.encrypted && key.is_none())
            }
            _ => !is_there,
        };
        self.watch.unless(excused, "it converges", || {
            format!(
                "{} of {} at {spot}: {}, {}",
                made.id,
                family.name,
                state.map_or_else(|| "nothing".to_owned(), |state| state.to_string()),
                replica
                    .and_then(|replica| replica.cause.clone())
                    .unwrap_or_default()
            )
        });
    }

    /// Whether a source is under a key that no account but its own can use: one that AWS manages,
    /// as a copy by hand has it where nobody names a key.
    fn is_unlendable(&self, made: &Made) -> bool {
        let view = self.watch.views.get(&made.id);
        let mut snapshots = view.iter().flat_map(|view| &view.snapshots);
        snapshots.any(|snapshot| {
            let key = snapshot.kms_key.as_ref();
            key.is_some_and(|arn| !self.keys.values().any(|own| own == arn))
        })
    }

    /// A destination may have failed for good after three copies were asked for, where somebody
    /// else has its name, or where its source went away.
    fn may_fail(&self, made: &Made, spot: &Spot) -> bool {
        let asked = |call: &&Call| {
            call.operation == "CopyImage"
                && Spot::new(&call.account, &call.region) == *spot
                && call.parameters["SourceImageId"] == made.id.as_str()
        };
        let calls = || self.watch.calls.iter().filter(asked);
        let made_by: BTreeSet<&str> = calls()
            .filter(|call| call.error.is_none())
            .filter_map(|call| call.parameters["ClientToken"].as_str())
            .collect();
        let refused = calls().filter(|call| {
            let code = call.error.as_deref();
            code.is_some_and(|code| !IN_PASSING.contains(&code))
        });
        let tries = made_by.len() + refused.count();
        let by_people = self.people.made.values();
        let by_people = by_people
            .filter(|other| other.spot == *spot)
            .map(|other| &other.name);
        let replicas = self.watch.views.values();
        let replicas = replicas
            .filter(|view| view.source_image_id.as_ref() != Some(&made.id))
            .filter(|view| view.account == spot.account && view.region == spot.region)
            .map(|view| &view.name);
        let has_name = by_people
            .chain(replicas)
            .any(|name| name.starts_with(&made.name));
        tries >= 3 || has_name || made.was_away
    }

    /// A verified replica is what the policy wants it to be.
    fn verified(
        &mut self,
        made: &Made,
        family: &Family,
        spot: &Spot,
        key: Option<&'static str>,
        id: &str,
    ) {
        let Some(view) = self
            .watch
            .views
            .get(id)
            .filter(|view| view.state == "available")
            .cloned()
        else {
            return self
                .watch
                .unless(false, "a verified replica is there", || id.to_owned());
        };
        let arn = key.map(|alias| &self.keys[&(spot.clone(), alias)]);
        let asked: BTreeSet<_> = view.snapshots.iter().map(|s| s.kms_key.as_ref()).collect();
        let policies = self.people.policies.len();
        self.watch.unless(
            policies > 1 || asked == [arn].into(),
            "it is under its destination's key",
            || format!("{id}: {asked:?}, not {arn:?}"),
        );
        let is_read = made.state == Owned::Available && !made.was_away;
        self.shared_as_wanted(made, family, spot, &view, is_read);
        if is_read {
            self.tagged_as_wanted(made, family, &view);
        }
    }

    fn shared_as_wanted(
        &mut self,
        made: &Made,
        family: &Family,
        spot: &Spot,
        view: &ImageView,
        is_read: bool,
    ) {
        let mut least = family.launchers(spot);
        let own = amiary_simulator::LaunchPermission::Account(spot.account.clone());
        let of_source = |grants: &Grants| -> Grants {
            let mut grants = grants.clone();
            grants.remove(&amiary_simulator::LaunchPermission::All);
            grants.remove(&own);
            grants
        };
        let mut most = least.clone();
        if family.sharing.as_source {
            let grants = if is_read {
                &made.grants
            } else {
                &made.grants_ever
            };
            most.extend(of_source(grants));
            if is_read {
                least.extend(of_source(&made.grants));
            }
        }
        if let Some(touched) = self.people.touched.get(&view.id) {
            most.extend(touched.grants.iter().cloned());
        }
        let present = &view.launch_permissions;
        let (more, less): (Vec<_>, Vec<_>) = (
            present.difference(&most).collect(),
            least.difference(present).collect(),
        );
        self.watch.unless(
            !is_read || more.is_empty(),
            "nothing is shared beyond the policy",
            || format!("{} of {}: {more:?}", view.id, made.id),
        );
        self.watch
            .unless(less.is_empty(), "it is shared as the policy wants", || {
                format!("{} of {}: without {less:?}", view.id, made.id)
            });
        let wanted = family.volume_makers(spot);
        for snapshot in &view.snapshots {
            let present = &snapshot.create_volume_permissions;
            let fits = *present == wanted || !is_read && wanted.is_subset(present);
            self.watch
                .unless(fits, "snapshots are shared as the policy wants", || {
                    format!(
                        "{} of {}: {present:?}, not {wanted:?}",
                        snapshot.id, made.id
                    )
                });
        }
    }

    fn tagged_as_wanted(&mut self, made: &Made, family: &Family, view: &ImageView) {
        let wanted = family.tags_of(&made.tags);
        let by_people = self
            .people
            .touched
            .get(&view.id)
            .map(|touched| touched.tagged.clone());
        let by_people = by_people.unwrap_or_default();
        let snapshots = view
            .snapshots
            .iter()
            .map(|snapshot| (&snapshot.id, &snapshot.tags));
        let carriers = std::iter::once((&view.id, &view.tags)).chain(snapshots);
        for (id, tags) in carriers {
            let plain: Tags = tags
                .iter()
                .filter(|(key, _)| !key.starts_with(OWN_TAGS) && !by_people.contains(*key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            let missing = wanted
                .iter()
                .any(|(key, value)| tags.get(key) != Some(value));
            let more = plain.keys().any(|key| !wanted.contains_key(key));
            self.watch.unless(
                !missing && !more,
                "it is tagged as the policy wants",
                || format!("{id} of {}: {tags:?}, not {wanted:?}", made.id),
            );
            let own = tags.keys().filter(|key| key.starts_with(OWN_TAGS)).count();
            self.watch
                .unless(own == 3, "it carries Amiary's own tags", || {
                    format!("{id}: {tags:?}")
                });
        }
    }

    /// Every copy that Amiary started leads to its source's record.
    async fn copies_are_recorded(&mut self) {
        for view in self.watch.views.clone().into_values() {
            if self.people.made.contains_key(&view.id) || view.state == "failed" {
                continue;
            }
            let at = format!("{}/{}/{}", view.account, view.region, view.id);
            let found = self.admin.find(&at.parse().expect("an image")).await;
            let lineage = found.expect("the record can be read");
            let source = lineage.map(|lineage| lineage.source.image.id.to_string());
            let is = source.is_some() && source == view.source_image_id;
            self.watch
                .unless(is, "every started copy is recorded", || at.clone());
        }
    }

    /// No notice waits any more.
    async fn admin_told(&mut self, lineage: &Lineage) {
        let far = self.world.now() + SignedDuration::from_hours(1);
        let pending = self.admin.pending(far, 100).await.expect("readable");
        self.watch
            .unless(pending.is_empty(), "no notice is lost", || {
                format!(
                    "{} and others wait still: {}",
                    pending[0].id, lineage.source.image
                )
            });
    }
}

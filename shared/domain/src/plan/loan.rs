//! Owns loans: an account that copies an image of another needs its launch permission and the
//! volume permission of its snapshots while the copy is under way, and not longer. See
//! [Copy an AMI shared with you](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html).

use super::decided::Decided;
use super::{Action, Context, Group, Step};
use crate::ids::{AccountId, Place, SnapshotId};
use crate::image::{ImageState, LaunchPermission};
use crate::lineage::{Change, Loan, Record, Replica, ReplicaState, Source};
use crate::observation::{ImageFacts, Seen};
use std::collections::{BTreeMap, BTreeSet};

/// What a copy to a place waits for, if its account can't read the source yet.
pub(super) fn missing(context: &Context, place: &Place) -> Option<Decided> {
    let account = &place.account;
    if *account == context.source.image.place.account {
        return None;
    }
    let facts = context.observation.source.read()?;
    match lacks(facts, account) {
        Ok(lacking) if lacking.is_empty() => None,
        Ok(_) => Some(Decided {
            needs_loan: true,
            ..Decided::left(format!(
                "waits until the source is lent to account {account}"
            ))
        }),
        Err(reason) => Some(Decided::left(reason)),
    }
}

/// The loan that would let an account read the source; empty if it can.
fn lacks(facts: &ImageFacts, account: &AccountId) -> Result<Loan, String> {
    let unread = || "who the source is shared with could not be read".to_owned();
    let permissions = facts.permissions.read().ok_or_else(unread)?;
    let mut loan = Loan {
        image: !permissions.contains(&LaunchPermission::Account(account.clone())),
        snapshots: BTreeSet::new(),
    };
    for snapshot in &facts.image.snapshots {
        let Some(Seen::Read(accounts)) = facts.volume_permissions.get(snapshot) else {
            return Err(unread());
        };
        if !accounts.contains(account) {
            loan.snapshots.insert(snapshot.clone());
        }
    }
    Ok(loan)
}

impl Loan {
    fn is_empty(&self) -> bool {
        !self.image && self.snapshots.is_empty()
    }
}

/// Adds the loans that copies wait for to the source's record, and the calls that make them.
pub(super) fn lend(
    context: &Context,
    source: &mut Source,
    accounts: &BTreeSet<AccountId>,
) -> Vec<Group> {
    let Some(facts) = context.observation.source.read() else {
        return Vec::new();
    };
    let mut groups = Vec::new();
    for account in accounts {
        let Ok(lacking) = lacks(facts, account) else {
            continue;
        };
        let steps = lend_steps(source, account, &lacking);
        let recorded = source.loans.entry(account.clone()).or_default();
        recorded.image |= lacking.image;
        recorded.snapshots.extend(lacking.snapshots);
        groups.push(Group {
            place: lending_place(source, account),
            steps,
        });
    }
    groups
}

fn lend_steps(source: &Source, account: &AccountId, lacking: &Loan) -> Vec<Step> {
    let reason = format!("account {account} copies it and must read it meanwhile");
    let place = &source.image.place;
    let only = BTreeSet::from([account.clone()]);
    let mut actions: Vec<Action> = lacking
        .snapshots
        .iter()
        .map(|snapshot| Action::ShareSnapshot {
            place: place.clone(),
            snapshot: snapshot.clone(),
            add: only.clone(),
        })
        .collect();
    if lacking.image {
        actions.push(Action::Share {
            image: source.image.clone(),
            add: BTreeSet::from([LaunchPermission::Account(account.clone())]),
        });
    }
    actions
        .into_iter()
        .map(|action| Step {
            action,
            reason: reason.clone(),
        })
        .collect()
}

/// Gives back one loan that no copy needs any more. One at a time: each ends in a write of the
/// source's record.
pub(super) fn give_back(
    context: &Context,
    source: &Source,
    replicas: &BTreeMap<Place, Replica>,
    planned: &[Group],
    borrowers: &BTreeSet<AccountId>,
) -> Option<Group> {
    let (account, loan) = source.loans.iter().find(|(account, _)| {
        let copying = replicas.values().any(|replica| {
            replica.destination.account == **account && replica.state == ReplicaState::Copying
        });
        let about_to = planned.iter().any(|group| group.place.account == **account);
        let mut destinations = context.family.destinations.keys();
        let waits =
            destinations.any(|to| to.account == **account && may_copy(context, replicas.get(to)));
        !copying && !waits && !about_to && !borrowers.contains(*account)
    })?;
    let reason = format!("no copy of account {account} reads it any more");
    let mut returned = source.clone();
    returned.loans.remove(account);
    let change = Change {
        record: Record::Source(Box::new(returned)),
        entry: format!("the loan to account {account} was given back: {reason}"),
        notices: Vec::new(),
    };
    let mut actions = give_back_actions(context, account, loan);
    actions.push(Action::Write(Box::new(change)));
    let steps = actions
        .into_iter()
        .map(|action| Step {
            action,
            reason: reason.clone(),
        })
        .collect();
    Some(Group {
        place: lending_place(source, account),
        steps,
    })
}

/// Whether a destination that waits may be about to copy, for all this run can tell: its next
/// attempt is due soon, or whether to begin it was not decided, as the source was not read. Another
/// run may be lending for it at this moment.
fn may_copy(context: &Context, replica: Option<&Replica>) -> bool {
    let waits = replica.is_none_or(|replica| replica.state == ReplicaState::Wanted);
    match context.observation.source {
        Seen::Absent => false,
        Seen::Read(_) => waits && replica.is_some_and(|replica| context.now < replica.due),
        _ => waits,
    }
}

/// What takes a loan back. A source that is disabled or deregistered can't be changed, and has lost
/// its launch permissions with that; its snapshots are still there, and still lent.
fn give_back_actions(context: &Context, account: &AccountId, loan: &Loan) -> Vec<Action> {
    let source = context.source;
    let mut actions = Vec::new();
    let has_permissions = context.observation.source.read().is_none_or(|facts| {
        !matches!(
            facts.image.state,
            ImageState::Disabled | ImageState::Deregistered
        )
    });
    if loan.image && has_permissions {
        actions.push(Action::Unshare {
            image: source.image.clone(),
            remove: BTreeSet::from([LaunchPermission::Account(account.clone())]),
            loan: true,
        });
    }
    actions.extend(
        loan.snapshots
            .iter()
            .map(|snapshot: &SnapshotId| Action::UnshareSnapshot {
                place: source.image.place.clone(),
                snapshot: snapshot.clone(),
                remove: BTreeSet::from([account.clone()]),
                loan: true,
            }),
    );
    actions
}

fn lending_place(source: &Source, account: &AccountId) -> Place {
    Place::new(account.clone(), source.image.place.region.clone())
}

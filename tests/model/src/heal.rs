//! Owns what follows once nothing goes wrong any more: copies end, time passes, and one scheduled
//! run after the other is made to its end.

use crate::ec2::Phase;
use crate::life::{Life, Luck};
use crate::record::{Stage, Status};
use crate::run::Mandate;
use crate::setup::Setup;

/// More rounds of scheduled runs than the longest way takes.
const MOST: usize = 16;
/// More calls than the longest run makes.
const MOST_CALLS: usize = 100;

/// Ten minutes pass since a replica's record was written; whatever was made before is then found.
pub fn ten_minutes(life: &mut Life, slot: usize) {
    life.record.replicas[slot].due = true;
    for copy in &mut life.ec2.copies[slot] {
        copy.settled = true;
    }
}

/// Whether scheduled runs alone bring a moment at which no run is under way to a good end.
pub fn ends_well(setup: &Setup, life: &Life) -> bool {
    let mut life = life.clone();
    for _ in 0..MOST {
        let before = life.clone();
        pass(&mut life);
        for image in 0..setup.images() {
            life.begin(setup, 0, image, Mandate::Schedule);
            let mut calls = 0;
            while life.workers[0].is_some() {
                calls += 1;
                if calls > MOST_CALLS || life.go(setup, 0, 0, Luck::Usual).is_none() {
                    return false;
                }
            }
        }
        if life == before {
            return is_good(setup, &life);
        }
    }
    false
}

fn pass(life: &mut Life) {
    for slot in 0..life.record.replicas.len() {
        ten_minutes(life, slot);
        for copy in &mut life.ec2.copies[slot] {
            if copy.phase == Phase::Pending {
                copy.phase = if copy.robbed {
                    Phase::Failed
                } else {
                    Phase::Available
                };
                copy.robbed = false;
            }
        }
    }
}

/// A good end: each replica verified and there, or failed after all its attempts or for a name that
/// another has; nothing lent; and each owner told, once.
fn is_good(setup: &Setup, life: &Life) -> bool {
    let replicas = life.record.replicas.iter().enumerate();
    let mut ended = replicas.map(|(slot, replica)| match (replica.stage, replica.image) {
        (Stage::Verified, Some(id)) => life.ec2.copy(id).phase == Phase::Available,
        (Stage::Failed, _) => {
            let holder = life.ec2.named(setup, slot, replica.attempt);
            replica.tries >= setup.attempts || holder.is_some_and(|id| id.slot != slot)
        }
        _ => false,
    });
    let mut sources = life.record.sources.iter();
    ended.all(|good| good)
        && !life.ec2.lent.contains(&true)
        && sources.all(|source| !source.loan && source.status != Status::Replicating)
        && life
            .record
            .notices
            .iter()
            .all(|(happened, stored)| happened == stored)
}

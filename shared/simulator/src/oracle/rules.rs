//! The rules about images.

use jiff::{SignedDuration, Timestamp};

use crate::ec2::image::{Image, ImageState};
use crate::ec2::tag::TagMap;
use crate::request::Request;
use crate::state::{State, later};

use super::act::{Act, Stage};
use super::family::{Guard, Member};
use super::memory::Memory;
use super::violation::{Resource, Rule, Violation};
use super::{caps, snapshots, uses};

/// Deprecation times are rounded to the minute.
const ROUNDING: SignedDuration = SignedDuration::from_mins(1);

/// One act held to the rules.
pub(super) struct Check<'a> {
    pub(super) state: &'a State,
    pub(super) guard: &'a Guard,
    pub(super) memory: &'a Memory,
    pub(super) call: &'a Request,
    pub(super) act: &'a Act<'a>,
    found: Vec<Violation>,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        (state, guard, memory): (&'a State, &'a Guard, &'a Memory),
        call: &'a Request,
        act: &'a Act<'a>,
    ) -> Self {
        Self {
            state,
            guard,
            memory,
            call,
            act,
            found: Vec::new(),
        }
    }

    /// Every rule that the act breaks.
    pub(super) fn violations(mut self) -> Vec<Violation> {
        let own = self.act.own();
        if own.is_empty() {
            self.breaks(
                Rule::Foreign,
                "no image is known that it belongs to".to_owned(),
            );
        }
        for image in own {
            self.image(image);
        }
        snapshots::check(&mut self);
        caps::check(&mut self);
        self.found
    }

    pub(super) fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    pub(super) fn breaks(&mut self, rule: Rule, why: String) {
        self.found.push(Violation {
            at: self.now(),
            call: self.call.operation.clone(),
            resource: Resource {
                account: self.call.account().to_owned(),
                region: self.call.region.clone(),
                id: self.act.resource.clone(),
            },
            rule,
            why,
        });
    }

    fn image(&mut self, image: &Image) {
        let member = self.guard.member((self.state, self.memory), image);
        self.uses(image);
        self.holds(image, member.as_ref());
        self.protections(image);
        self.place(image, member.as_ref());
        let known = self.memory.items.contains_key(&image.id);
        if !known {
            let table = &self.guard.safeguards.table;
            let why = format!("no item of the table {table} names {}", image.id);
            self.breaks(Rule::Unrecorded, why);
        }
        if !self.memory.noticed.contains_key(&image.id) {
            let why = format!("no message that is a notice named {}", image.id);
            self.breaks(Rule::Unnotified, why);
        }
        // A failed image was never available: it has no stages, and is none of the last.
        if let Some(member) = member.filter(|_| !matches!(image.state, ImageState::Failed(..))) {
            self.stages(image, &member);
            self.last(image, &member);
        }
    }

    fn uses(&mut self, image: &Image) {
        let safeguards = &self.guard.safeguards;
        let mut uses = uses::of_image(self.state, &image.region, &image.id);
        if safeguards.references.contains(&image.id) {
            uses.push("it is declared to be in use".to_owned());
        }
        let parameters = safeguards.parameters.iter();
        let ssm = &self.state.ssm;
        if let Some(name) = uses::declared(ssm, &image.region, &image.id, parameters) {
            uses.push(format!("the declared parameter {name} holds it"));
        }
        if !uses.is_empty() {
            let why = format!("{}: {}", image.id, uses.join("; "));
            self.breaks(Rule::InUse, why);
        }
    }

    fn holds(&mut self, image: &Image, member: Option<&Member<'_>>) {
        if self.guard.safeguards.held.contains(&image.id) {
            self.breaks(Rule::Held, format!("{} is held", image.id));
        }
        let Some(member) = member else { return };
        let mut tags = vec![(&image.id, image.tags.own(&image.owner))];
        for snapshot in &self.act.snapshots {
            tags.push((&snapshot.id, snapshot.tags.own(&snapshot.owner)));
        }
        for (id, tags) in tags {
            let hold = member.family.hold_tags.iter().find(|(key, value)| {
                let there = tags.get(key);
                there.is_some_and(|there| value.as_ref().is_none_or(|value| value == there))
            });
            if let Some((key, _)) = hold {
                self.breaks(Rule::Held, format!("{id} has the tag {key}"));
            }
        }
    }

    fn protections(&mut self, image: &Image) {
        let stage = self.act.stage;
        if stage == Stage::Deprecation {
            return;
        }
        if stage != Stage::Deletion && image.protection.holds(self.now()) {
            let why = format!("{} is protected from deregistration", image.id);
            self.breaks(Rule::Protected, why);
        }
        let vault = image.owner_alias.as_deref() == Some("aws-backup-vault");
        let tag = keeper(&image.tags.own(&image.owner));
        if let Some(keeper) = tag.or_else(|| vault.then_some("AWS Backup")) {
            self.breaks(Rule::Protected, format!("{} is kept by {keeper}", image.id));
        }
    }

    fn place(&mut self, image: &Image, member: Option<&Member<'_>>) {
        if member.is_none() {
            self.breaks(Rule::Foreign, format!("{} is of no family", image.id));
        }
        if !self.guard.safeguards.accounts.contains(&image.owner) {
            let why = format!("{} is of the account {}", image.id, image.owner);
            self.breaks(Rule::Foreign, why);
        }
    }

    /// How long after the stage before the act comes, and how old the image is.
    fn stages(&mut self, image: &Image, member: &Member<'_>) {
        let (now, stage) = (self.now(), self.act.stage);
        let lasting = member.keep().lasting;
        if later(image.created, lasting) > now {
            let why = format!("{} was made at {} only", image.id, image.created);
            self.breaks(Rule::InsideDelay, why);
        }
        let delays = member.family.delays;
        let (before, delay) = match stage {
            Stage::Deprecation => ("notice", delays.deprecation),
            Stage::Disabling => ("deprecation", delays.disabling),
            Stage::Deregistration => ("disabling", delays.deregistration),
            Stage::Deletion => return,
        };
        let in_force = match stage {
            Stage::Disabling => image.is_deprecated(later(now, ROUNDING)),
            Stage::Deregistration => image.state == ImageState::Disabled,
            Stage::Deprecation | Stage::Deletion => true,
        };
        match self.memory.stage_before(stage, &image.id) {
            // Without a notice another rule is broken.
            None if stage == Stage::Deprecation => {}
            Some(at) if in_force && later(at, delay) > now => {
                let why = format!("the {before} of {} was at {at} only", image.id);
                self.breaks(Rule::InsideDelay, why);
            }
            Some(_) if in_force => {}
            _ => {
                let why = format!("the {before} of {} is not in force", image.id);
                self.breaks(Rule::InsideDelay, why);
            }
        }
    }

    fn last(&mut self, image: &Image, member: &Member<'_>) {
        let last = member.keep().last;
        let world = (self.state, self.memory);
        let newer = self.guard.newer(world, (image, member), last.max(1));
        let group = format!(
            "{} {} of {} in {} {}",
            image.layout.architecture,
            if member.replica { "copies" } else { "sources" },
            member.family.name,
            image.owner,
            image.region
        );
        if newer < last {
            let why = format!("of the {group}, {newer} available are newer, and {last} are kept");
            self.breaks(Rule::AmongLast, why);
        }
        if newer == 0 {
            let why = format!("of the {group}, none that is available is newer");
            self.breaks(Rule::NewestVerified, why);
        }
    }
}

/// Who says by a resource's tags that it keeps it.
pub(super) fn keeper(tags: &TagMap) -> Option<&'static str> {
    tags.keys().find_map(|key| {
        let lifecycle = key.starts_with("aws:dlm:") || key == "dlm:managed";
        let backup = key.starts_with("aws:backup:");
        match (backup, lifecycle) {
            (true, _) => Some("AWS Backup"),
            (_, true) => Some("Data Lifecycle Manager"),
            _ => None,
        }
    })
}

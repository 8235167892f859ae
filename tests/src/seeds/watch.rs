//! Owns what must hold at every moment: it looks at the calls that Amiary made and at the images
//! there are, and knows nothing of how Amiary decides.

use super::people::People;
use super::policy::{Family, Grants, OWN_TAGS, Spot};
use amiary_simulator::{Call, ImageView, LaunchPermission};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a world by place and alias.
pub(super) type Keys = BTreeMap<(Spot, &'static str), String>;

/// Something that must hold and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What must hold.
    pub invariant: &'static str,
    /// What is there instead.
    pub found: String,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub broken: Vec<Broken>,
    /// Every call that Amiary made.
    pub calls: Vec<Call>,
    /// The images there are in the accounts that images are copied in.
    pub views: BTreeMap<String, ImageView>,
    /// What Amiary ever asked to put on each image or snapshot, and to whom it tried to share it.
    pub put: BTreeMap<String, Put>,
    /// The snapshots of images that people made.
    of_people: BTreeSet<String>,
}

/// What Amiary put on an image or snapshot.
#[derive(Debug, Default)]
pub(super) struct Put {
    pub tags: BTreeSet<String>,
    pub grants: BTreeSet<String>,
}

/// The operations that Amiary has any business with. None of them deletes.
const OPERATIONS: [&str; 16] = [
    "AssumeRole",
    "BatchGetItem",
    "CopyImage",
    "CreateTags",
    "DeleteTags",
    "DescribeImageAttribute",
    "DescribeImages",
    "DescribeKey",
    "DescribeSnapshotAttribute",
    "DescribeSnapshots",
    "GetItem",
    "ModifyImageAttribute",
    "ModifySnapshotAttribute",
    "Publish",
    "Query",
    "TransactWriteItems",
];

/// Whether a call was made by one of Amiary's own functions or its command.
pub(super) fn is_amiarys(call: &Call) -> bool {
    ["replicate", "reconcile", "notify", "amiary", "engineer"]
        .iter()
        .any(|name| call.caller.contains(&format!("assumed-role/{name}/")))
}

impl Watch {
    /// Looks at new calls and at all images.
    pub(super) fn look(
        &mut self,
        people: &mut People,
        keys: &Keys,
        calls: Vec<Call>,
        views: Vec<ImageView>,
    ) {
        let made = views
            .iter()
            .filter(|view| people.made.contains_key(&view.id));
        let snapshots = made.flat_map(|view| view.snapshots.iter().map(|s| s.id.clone()));
        self.of_people.extend(snapshots);
        for call in calls.into_iter().filter(is_amiarys) {
            self.call(people, keys, &call);
            self.calls.push(call);
        }
        self.views = views
            .into_iter()
            .map(|view| (view.id.clone(), view))
            .collect();
        self.pairs(people);
        for view in self.views.clone().values() {
            match people.made.get(&view.id) {
                Some(_) => self.owned(people, view),
                None => self.replica(people, keys, view),
            }
        }
    }

    pub(super) fn unless(
        &mut self,
        holds: bool,
        invariant: &'static str,
        found: impl FnOnce() -> String,
    ) {
        if !holds {
            let found = found();
            self.broken.push(Broken { invariant, found });
        }
    }

    fn call(&mut self, people: &People, keys: &Keys, call: &Call) {
        let known = OPERATIONS.contains(&call.operation.as_str());
        let marks = call.operation == "UpdateItem" && call.caller.contains("/notify/");
        self.unless(
            known || marks,
            "Amiary deletes nothing, and does only what it is for",
            || call.operation.clone(),
        );
        match call.operation.as_str() {
            "CopyImage" => self.copy(people, keys, call),
            "CreateTags" | "DeleteTags" => self.tagging(people, call),
            "ModifyImageAttribute" => self.sharing(people, call, "ImageId", "LaunchPermission"),
            "ModifySnapshotAttribute" => {
                self.sharing(people, call, "SnapshotId", "CreateVolumePermission");
            }
            _ => {}
        }
    }

    /// A copy that Amiary asks for.
    fn copy(&mut self, people: &People, keys: &Keys, call: &Call) {
        let text = |name: &str| call.parameters[name].as_str().unwrap_or_default();
        let source = people.made.get(text("SourceImageId"));
        let Some(source) = source else {
            return self.unless(false, "no replica of a replica", || {
                call.parameters.to_string()
            });
        };
        let forged = source
            .tags_ever
            .iter()
            .all(|tags| tags.keys().any(|key| key.starts_with(OWN_TAGS)));
        self.unless(!forged, "no replica of a replica", || {
            call.parameters.to_string()
        });
        let to = Spot::new(&call.account, &call.region);
        let policy = people.policy_at(call.at);
        let named = policy
            .families
            .iter()
            .any(|family| family.destinations.contains_key(&to))
            && ever(
                people,
                |family| family.destinations.contains_key(&to),
                source,
            )
            && source.spot != to;
        self.unless(named, "none where the policy names no destination", || {
            format!("{} to {to} at {}", source.id, call.at)
        });
        let asked = call.parameters["KmsKeyId"].as_str();
        let fits = ever(
            people,
            |family| match family.destinations.get(&to) {
                Some(Some(alias)) => keys.get(&(to.clone(), *alias)).map(String::as_str) == asked,
                Some(None) => asked.is_none() && !source.encrypted,
                None => false,
            },
            source,
        );
        self.unless(fits, "encryption is never lost", || {
            call.parameters.to_string()
        });
        let id = text("ClientToken").to_owned();
        self.put.entry(id).or_default();
    }

    /// Amiary tags what is its own, and takes off only tags that it put there.
    fn tagging(&mut self, people: &People, call: &Call) {
        let resources = texts(&call.parameters["Resources"], None);
        let keys = texts(&call.parameters["Tags"], Some("Key"));
        for id in resources {
            self.unless(
                !people.made.contains_key(&id),
                "people's images stay as they are",
                || format!("{} of {id}", call.operation),
            );
            let put = self.put.entry(id.clone()).or_default();
            if call.operation == "CreateTags" {
                put.tags.extend(keys.iter().cloned());
            }
        }
    }

    /// Amiary takes back only what it shared before, and never because of an event.
    fn sharing(&mut self, people: &People, call: &Call, id: &str, what: &str) {
        let id = call.parameters[id].as_str().unwrap_or_default().to_owned();
        let entries = |change: &str| -> Vec<String> {
            let entries = call.parameters[what][change].as_array();
            entries
                .into_iter()
                .flatten()
                .map(ToString::to_string)
                .collect()
        };
        let (added, removed) = (entries("Add"), entries("Remove"));
        let put = self.put.entry(id.clone()).or_default();
        put.grants.extend(added);
        let strange: Vec<String> = removed
            .iter()
            .filter(|one| !put.grants.contains(*one))
            .cloned()
            .collect();
        let is_source = people.made.contains_key(&id) || self.of_people.contains(&id);
        self.unless(
            strange.is_empty() || is_source,
            "only what Amiary shared is taken back",
            || format!("{id}: {strange:?}"),
        );
        let by_event = call.caller.contains("/replicate/");
        let of_replica = self
            .views
            .get(&id)
            .is_some_and(|view| !people.made.contains_key(&view.id));
        self.unless(
            removed.is_empty() || !by_event || !of_replica,
            "an event takes nothing back",
            || format!("{id}: {removed:?}"),
        );
    }

    /// At no moment two live copies of one source at one place.
    fn pairs(&mut self, people: &People) {
        let mut live: BTreeMap<(String, Spot), Vec<String>> = BTreeMap::new();
        for view in self.views.values() {
            let was_away = people
                .touched
                .get(&view.id)
                .is_some_and(|touched| touched.was_away);
            let is_live = view.state == "pending" || view.state == "available";
            if people.made.contains_key(&view.id) || !is_live || was_away {
                continue;
            }
            let source = view.source_image_id.clone().unwrap_or_default();
            let spot = Spot::new(&view.account, &view.region);
            live.entry((source, spot))
                .or_default()
                .push(view.id.clone());
        }
        for ((source, spot), ids) in live {
            self.unless(ids.len() == 1, "none twice", || {
                format!("{source} at {spot}: {ids:?}")
            });
        }
    }

    /// An image of people's: only loans come and go.
    fn owned(&mut self, people: &People, view: &ImageView) {
        let made = &people.made[&view.id];
        self.unless(
            view.tags == made.tags,
            "a source's tags are its owner's",
            || format!("{}: {:?}, not {:?}", view.id, view.tags, made.tags),
        );
        let missing: Vec<_> = made.grants.difference(&view.launch_permissions).collect();
        self.unless(
            missing.is_empty(),
            "a source's permissions are its owner's",
            || format!("{}: {missing:?} are gone", view.id),
        );
        let mut lent: Grants = view
            .launch_permissions
            .difference(&made.grants)
            .cloned()
            .collect();
        for snapshot in &view.snapshots {
            lent.extend(snapshot.create_volume_permissions.iter().cloned());
        }
        lent.retain(|permission| match permission {
            LaunchPermission::Account(account) => !ever(
                people,
                |family| {
                    family
                        .destinations
                        .keys()
                        .any(|spot| spot.account == *account)
                },
                made,
            ),
            _ => true,
        });
        self.unless(
            lent.is_empty(),
            "a source is lent only to who copies it",
            || format!("{}: {lent:?}", view.id),
        );
    }

    /// A replica: encrypted as its source and its destination ask, and shared with nobody whom
    /// neither a policy nor the source's owner nor a person at the replica ever named.
    fn replica(&mut self, people: &People, keys: &Keys, view: &ImageView) {
        let source = view
            .source_image_id
            .as_ref()
            .and_then(|id| people.made.get(id));
        let Some(source) = source else {
            return self.unless(false, "no replica of a replica", || format!("{view:?}"));
        };
        let to = Spot::new(&view.account, &view.region);
        let named = ever(
            people,
            |family| family.destinations.contains_key(&to),
            source,
        );
        self.unless(named, "none where the policy names no destination", || {
            format!("{} of {} at {to}", view.id, source.id)
        });
        for snapshot in view.snapshots.iter().filter(|_| view.state != "failed") {
            let fits = ever(
                people,
                |family| match family.destinations.get(&to) {
                    Some(Some(alias)) => {
                        keys.get(&(to.clone(), *alias)) == snapshot.kms_key.as_ref()
                    }
                    Some(None) => !source.encrypted && !snapshot.encrypted,
                    None => false,
                },
                source,
            );
            self.unless(fits, "encryption is never lost", || {
                format!("{}: {snapshot:?}", view.id)
            });
            let untagged = people
                .touched
                .get(&view.id)
                .is_some_and(|touched| touched.untagged);
            self.unless(
                !snapshot.tags.is_empty() || untagged,
                "no snapshot without tags",
                || format!("{}: {}", view.id, snapshot.id),
            );
        }
        self.strangers(people, source, view, &to);
    }

    fn strangers(
        &mut self,
        people: &People,
        source: &super::people::Made,
        view: &ImageView,
        to: &Spot,
    ) {
        let nobody = Grants::new();
        let by_people = people
            .touched
            .get(&view.id)
            .map_or(&nobody, |touched| &touched.grants_ever);
        let mut strangers = view.launch_permissions.clone();
        strangers.retain(|permission| {
            let named = ever(
                people,
                |family| family.launchers(to).contains(permission),
                source,
            );
            let as_source = *permission != LaunchPermission::All
                && source.grants_ever.contains(permission)
                && ever(people, |family| family.sharing.as_source, source);
            !(named || as_source || by_people.contains(permission))
        });
        self.unless(
            strangers.is_empty(),
            "no replica is shared with strangers",
            || format!("{} of {}: {strangers:?}", view.id, source.id),
        );
        for snapshot in &view.snapshots {
            let mut strangers = snapshot.create_volume_permissions.clone();
            strangers.retain(|permission| {
                !ever(
                    people,
                    |family| family.volume_makers(to).contains(permission),
                    source,
                )
            });
            self.unless(
                strangers.is_empty(),
                "no replica is shared with strangers",
                || format!("{} of {}: {strangers:?}", snapshot.id, source.id),
            );
        }
    }
}

/// Whether something held of a family of any revision that ever selected a source.
fn ever(people: &People, holds: impl Fn(&Family) -> bool, source: &super::people::Made) -> bool {
    people
        .policies
        .iter()
        .any(|(_, policy)| source.families(policy).any(&holds))
}

fn texts(values: &Value, key: Option<&str>) -> Vec<String> {
    let values = values.as_array().into_iter().flatten();
    values
        .filter_map(|value| key.map_or(value, |key| &value[key]).as_str())
        .map(str::to_owned)
        .collect()
}

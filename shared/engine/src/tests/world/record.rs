//! Owns the world's record and its clock.

use super::{State, World, refusal};
use crate::ports::{Answer, Class, Clock, Page, ReadRecord, Revision, WriteRecord};
use crate::retention::Tally;
use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::{Change, HistoryEntry, Lineage, Record, SourceStatus};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl State {
    fn found(&self, image: &ImageRef) -> Option<&Lineage> {
        self.lineages.values().find(|lineage| {
            lineage.source.image == *image
                || lineage.replicas.values().any(|replica| {
                    replica.destination == image.place && replica.image.as_ref() == Some(&image.id)
                })
        })
    }

    /// Sources of this kind of work, the longest due first.
    fn work(&self, unfinished: bool) -> Vec<&Lineage> {
        let mut all: Vec<&Lineage> = self
            .lineages
            .values()
            .filter(|l| (l.source.status == SourceStatus::Replicating) == unfinished)
            .collect();
        all.sort_by_key(|lineage| lineage.source.due);
        all
    }

    /// Every source and replica of a family. A replica without a version is not listed.
    fn family(&self, name: &str) -> Vec<Record> {
        let lineages = self.lineages.values();
        let members = lineages.flat_map(|lineage| {
            let is_meant = lineage.source.family == name;
            let source = is_meant.then(|| Record::Source(Box::new(lineage.source.clone())));
            let replicas = lineage.replicas.values().filter(|replica| {
                let version = replica.version_of.as_ref();
                version.is_some_and(|version| version.family == name)
            });
            let replicas = replicas.map(|replica| Record::Replica(Box::new(replica.clone())));
            source.into_iter().chain(replicas)
        });
        members.collect()
    }

    fn write(&mut self, record: Record) -> Answer<()> {
        let conflict = || refusal(Class::Conflict, "the record was written since");
        match record {
            Record::Source(mut source) => {
                let stored = self.lineages.get(&source.image);
                if stored.map_or(0, |lineage| lineage.source.version) != source.version {
                    return Err(conflict());
                }
                source.version += 1;
                let image = source.image.clone();
                let blank = Lineage {
                    source: (*source).clone(),
                    replicas: BTreeMap::new(),
                    descendants: BTreeSet::new(),
                };
                self.lineages.entry(image).or_insert(blank).source = *source;
            }
            Record::Replica(mut replica) => {
                let Some(lineage) = self.lineages.get_mut(&replica.source) else {
                    return Err(conflict());
                };
                let stored = lineage.replicas.get(&replica.destination);
                if stored.map_or(0, |stored| stored.version) != replica.version {
                    return Err(conflict());
                }
                replica.version += 1;
                let at = replica.destination.clone();
                lineage.replicas.insert(at, *replica);
            }
        }
        Ok(())
    }
}

fn images(lineages: Vec<&Lineage>, most: usize) -> Vec<ImageRef> {
    let images = lineages
        .into_iter()
        .map(|lineage| lineage.source.image.clone());
    images.take(most).collect()
}

#[async_trait]
impl ReadRecord for World {
    async fn find(&self, image: &ImageRef) -> Answer<Option<Lineage>> {
        let said = format!("record: find {image}");
        self.call(&said, |state| Ok(state.found(image).cloned()))
    }

    async fn lineage(&self, source: &ImageRef) -> Answer<Option<Lineage>> {
        let said = format!("record: lineage {source}");
        self.call(&said, |state| Ok(state.lineages.get(source).cloned()))
    }

    async fn history(&self, _: &ImageRef) -> Answer<Vec<HistoryEntry>> {
        Err(refusal(
            Class::Permanent,
            "no decision asks for the history",
        ))
    }

    async fn unfinished(&self) -> Answer<Vec<ImageRef>> {
        self.call("record: unfinished", |state| {
            Ok(images(state.work(true), usize::MAX))
        })
    }

    async fn due(&self, now: Timestamp, most: usize) -> Answer<Vec<ImageRef>> {
        self.call("record: due", |state| {
            let mut work = state.work(false);
            work.retain(|lineage| lineage.source.due <= now);
            Ok(images(work, most))
        })
    }

    async fn decided_before(&self, revision: u64, most: usize) -> Answer<Vec<ImageRef>> {
        self.call("record: decided before", |state| {
            let mut work = state.work(false);
            work.retain(|lineage| lineage.source.revision < revision);
            Ok(images(work, most))
        })
    }

    async fn family(&self, name: &str, from: Option<String>) -> Answer<Page<Record>> {
        let said = format!(
            "record: family {name} page {}",
            from.as_deref().unwrap_or("0")
        );
        self.call(&said, |state| {
            let members = state.family(name);
            let from: usize = from.as_deref().map_or(0, |from| from.parse().unwrap());
            let to = members.len().min(from + state.page);
            Ok(Page {
                items: members[from..to].to_vec(),
                next: (to < members.len()).then(|| to.to_string()),
            })
        })
    }

    async fn known(&self, images: &[ImageRef]) -> Answer<BTreeSet<ImageRef>> {
        self.call("record: known", |state| {
            let known = images.iter().filter(|image| state.found(image).is_some());
            Ok(known.cloned().collect())
        })
    }

    async fn tally(&self) -> Answer<Tally> {
        self.call("record: tally", |state| Ok(state.tally.clone()))
    }

    async fn active_policy(&self) -> Answer<Option<Revision>> {
        Err(refusal(Class::Permanent, "the test has the policy"))
    }
}

#[async_trait]
impl WriteRecord for World {
    async fn commit(&self, change: &Change, _: Timestamp, by: &str) -> Answer<()> {
        self.call(&format!("commit {}", change.entry), |state| {
            state.write(change.record.clone())?;
            state.history.push(format!("{by}: {}", change.entry));
            state.notices.extend(change.notices.iter().cloned());
            Ok(())
        })
    }

    async fn keep_tally(&self, tally: &Tally) -> Answer<()> {
        self.call("record: keep tally", |state| {
            let kept = tally.iter().map(|(key, count)| (key.clone(), *count));
            state.tally.extend(kept);
            Ok(())
        })
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.state().now
    }
}

//! Owns what people do to a world, and that it is written down.

use super::people::Owned;
use super::policy::Spot;
use super::scenario::Meddling;
use super::stage::{ByHand, Stage};
use amiary_engine::ports::ReadRecord;
use amiary_simulator::{ImageView, LaunchPermission, NewImage};
use jiff::SignedDuration;
use serde_json::{Value, json};

type Done = Result<(), String>;

impl Stage {
    /// Does what a person does. What AWS refuses, or what has nothing to be done to, is left.
    pub(super) async fn meddle(&mut self, meddling: Meddling) {
        let said = match &meddling {
            Meddling::ChangePolicy(_) => "the policy changes".to_owned(),
            other => format!("{other:?}"),
        };
        let done = self.try_to(meddling).await;
        match done {
            Ok(()) => self.note(said),
            Err(why) => self.note(format!("{said} comes to nothing: {why}")),
        }
        self.look();
    }

    async fn try_to(&mut self, meddling: Meddling) -> Done {
        use Meddling as M;
        match meddling {
            M::TagSource(at, key, value) => self.tag_source(at, key, Some(value)),
            M::UntagSource(at, key) => self.tag_source(at, key, None),
            M::ShareSource(at, account) => self.share_source(at, account, true).await,
            M::UnshareSource(at, account) => self.share_source(at, account, false).await,
            M::DisableSource(at) => self.own(at, "DisableImage", Owned::Disabled),
            M::EnableSource(at) => self.own(at, "EnableImage", Owned::Available),
            M::DeregisterSource(at) => self.own(at, "DeregisterImage", Owned::Deregistered),
            M::TagReplica(at, spot, key, value) => self.tag_replica(at, &spot, key, Some(value)),
            M::UntagReplica(at, spot, key) => self.tag_replica(at, &spot, key, None),
            M::UntagSnapshots(at, spot) => self.untag_snapshots(at, &spot),
            M::ShareReplica(at, spot, account) => self.share_replica(at, &spot, account, true),
            M::UnshareReplica(at, spot, account) => self.share_replica(at, &spot, account, false),
            M::DisableReplica(at, spot) => self.replica_state(at, &spot, "DisableImage"),
            M::EnableReplica(at, spot) => self.replica_state(at, &spot, "EnableImage"),
            M::DeregisterReplica(at, spot) => self.replica_state(at, &spot, "DeregisterImage"),
            M::BuildFromSource(at, name) => {
                let source = self.source(at)?;
                self.build(&source, name)
            }
            M::BuildFromReplica(at, spot, name) => {
                let replica = self.replica(at, &spot)?;
                self.build(&replica, name)
            }
            M::CopyByHand(at, spot, name) => self.copy_by_hand(at, &spot, name),
            M::CopyReplicaWithTags(at, spot, name) => self.copy_with_tags(at, &spot, name),
            M::Stranger(name, spot) => {
                let image = NewImage::new(&spot.account, &spot.region, &name);
                let id = self.world.try_publish_image(image);
                self.made(&spot, &id.map_err(|error| error.to_string())?);
                Ok(())
            }
            M::DisableKey(spot) => self.key(&spot, "DisableKey"),
            M::EnableKey(spot) => self.key(&spot, "EnableKey"),
            M::RemoveKey(spot) => {
                let alias = json!({ "AliasName": "alias/golden" });
                self.people.mends += 1;
                self.perform(&spot, "kms", "DeleteAlias", alias).map(drop)
            }
            M::ChangePolicy(policy) => {
                self.replace_policy(*policy).await;
                self.people.mends += 1;
                Ok(())
            }
            M::ReplicateByHand(at) => {
                let image = self.asked_for(at)?;
                self.invoke(Vec::new(), vec![ByHand::Replicate(image)])
                    .await;
                Ok(())
            }
            M::Overlap(reconciles, replicate) => {
                let mut by_hand: Vec<ByHand> = (0..reconciles).map(|_| ByHand::Reconcile).collect();
                if let Some(at) = replicate {
                    by_hand.push(ByHand::Replicate(self.asked_for(at)?));
                }
                let due = self.due();
                self.invoke(due, by_hand).await;
                Ok(())
            }
            M::Silence(hours) => {
                self.world.advance(SignedDuration::from_hours(hours));
                Ok(())
            }
        }
    }

    fn source(&self, at: usize) -> Result<ImageView, String> {
        let id = self.images.get(at).cloned().flatten();
        let made = id.and_then(|id| self.people.made.get(&id));
        let made = made.ok_or("it is not published")?;
        self.view(&made.spot, &made.id)
            .ok_or_else(|| "it is not there any more".to_owned())
    }

    /// A replica that Amiary made of a source and that is there.
    fn replica(&self, at: usize, spot: &Spot) -> Result<ImageView, String> {
        let id = self.images.get(at).cloned().flatten();
        let id = id.ok_or("its source is not published")?;
        let images = self.world.images(&spot.account, &spot.region);
        let replica = images.into_iter().rev().find(|image| {
            image.source_image_id.as_ref() == Some(&id)
                && !self.people.made.contains_key(&image.id)
                && image.state != "failed"
        });
        replica.ok_or_else(|| "there is no replica".to_owned())
    }

    fn asked_for(&mut self, at: usize) -> Result<amiary_domain::ids::ImageRef, String> {
        let id = self.images.get(at).cloned().flatten();
        let made = id.and_then(|id| self.people.made.get(&id));
        let image = made.ok_or("it is not published")?.reference();
        self.people.asked.insert(image.id.as_str().to_owned());
        self.people.mends += 1;
        Ok(image)
    }

    fn ec2(&mut self, of: &ImageView, operation: &str, parameters: Value) -> Result<Value, String> {
        let spot = Spot::new(&of.account, &of.region);
        self.perform(&spot, "ec2", operation, parameters)
    }

    fn tag(&mut self, of: &ImageView, resources: &[&str], key: &str, value: Option<&str>) -> Done {
        let operation = value.map_or("DeleteTags", |_| "CreateTags");
        let tag = value.map_or_else(
            || json!([{ "Key": key }]),
            |value| json!([{ "Key": key, "Value": value }]),
        );
        let parameters = json!({ "Resources": resources, "Tags": tag });
        self.ec2(of, operation, parameters).map(drop)
    }

    fn tag_source(&mut self, at: usize, key: &str, value: Option<&str>) -> Done {
        let source = self.source(at)?;
        self.tag(&source, &[&source.id], key, value)?;
        if let Some(made) = self.people.made.get_mut(&source.id) {
            made.retag(key, value);
        }
        Ok(())
    }

    /// Shares a source, or no longer. What Amiary lends to the same account meanwhile can't be told
    /// from what its owner grants, so that nobody does both at once here.
    async fn share_source(&mut self, at: usize, account: &str, is_added: bool) -> Done {
        let source = self.source(at)?;
        let made = self.people.made.get(&source.id);
        let reference = made.ok_or("it is not published")?.reference();
        let lineage = self.admin.lineage(&reference).await.ok().flatten();
        let lent = lineage.is_some_and(|lineage| {
            lineage
                .source
                .loans
                .keys()
                .any(|borrower| borrower.as_str() == account)
        });
        if lent || account == source.account {
            return Err("it is lent to that account".to_owned());
        }
        self.share(&source, account, is_added)?;
        let permission = LaunchPermission::Account(account.to_owned());
        if let Some(made) = self.people.made.get_mut(&source.id) {
            made.grant(&permission, is_added);
        }
        Ok(())
    }

    fn share(&mut self, of: &ImageView, account: &str, is_added: bool) -> Done {
        let what = if is_added { "Add" } else { "Remove" };
        let permission = json!({ what: [{ "UserId": account }] });
        let parameters = json!({ "ImageId": of.id, "LaunchPermission": permission });
        self.ec2(of, "ModifyImageAttribute", parameters).map(drop)
    }

    fn own(&mut self, at: usize, operation: &str, state: Owned) -> Done {
        let source = self.source(at)?;
        self.ec2(&source, operation, json!({ "ImageId": source.id }))?;
        if let Some(made) = self.people.made.get_mut(&source.id) {
            made.become_state(state);
        }
        self.people.mends += 1;
        Ok(())
    }

    fn tag_replica(&mut self, at: usize, spot: &Spot, key: &str, value: Option<&str>) -> Done {
        let replica = self.replica(at, spot)?;
        let id = replica.id.clone();
        self.tag(&replica, &[&id], key, value)?;
        if value.is_some() {
            self.people.touched(&id).tagged.insert(key.to_owned());
        }
        Ok(())
    }

    fn untag_snapshots(&mut self, at: usize, spot: &Spot) -> Done {
        let replica = self.replica(at, spot)?;
        let ids: Vec<&str> = replica.snapshots.iter().map(|s| s.id.as_str()).collect();
        // Without tags: all that there are.
        let parameters = json!({ "Resources": ids });
        self.ec2(&replica, "DeleteTags", parameters)?;
        self.people.touched(&replica.id).untagged = true;
        Ok(())
    }

    fn share_replica(&mut self, at: usize, spot: &Spot, account: &str, is_added: bool) -> Done {
        let replica = self.replica(at, spot)?;
        if replica.account == account {
            return Err("it is that account's own".to_owned());
        }
        self.share(&replica, account, is_added)?;
        let permission = LaunchPermission::Account(account.to_owned());
        let touched = self.people.touched(&replica.id);
        if is_added {
            touched.grants.insert(permission.clone());
            touched.grants_ever.insert(permission);
        } else {
            touched.grants.remove(&permission);
        }
        Ok(())
    }

    fn replica_state(&mut self, at: usize, spot: &Spot, operation: &str) -> Done {
        let replica = self.replica(at, spot)?;
        self.ec2(&replica, operation, json!({ "ImageId": replica.id }))?;
        self.people.mends += 1;
        let touched = self.people.touched(&replica.id);
        touched.was_away = true;
        if operation != "EnableImage" {
            touched.grants.clear();
        }
        Ok(())
    }

    fn build(&mut self, base: &ImageView, name: &str) -> Done {
        let run = json!({ "ImageId": base.id, "MinCount": 1, "MaxCount": 1 });
        let instances = self.ec2(base, "RunInstances", run)?;
        let instance = instances["Instances"][0]["InstanceId"].clone();
        let made = json!({ "InstanceId": instance, "Name": name });
        let made = self.ec2(base, "CreateImage", made)?;
        self.made_at(&Spot::new(&base.account, &base.region), &made)
    }

    fn made_at(&mut self, spot: &Spot, answer: &Value) -> Done {
        let id = answer["ImageId"].as_str().ok_or("no image came of it")?;
        self.made(spot, id);
        Ok(())
    }

    /// Somebody copies a source in the console, perhaps under its own name.
    fn copy_by_hand(&mut self, at: usize, spot: &Spot, name: &str) -> Done {
        let source = self.source(at)?;
        let name = if name.is_empty() {
            source.name.as_str()
        } else {
            name
        };
        let parameters = json!({
            "Name": name, "SourceImageId": source.id, "SourceRegion": source.region,
        });
        let copied = self.perform(spot, "ec2", "CopyImage", parameters)?;
        self.made_at(spot, &copied)
    }

    /// Somebody copies a replica with its tags, Amiary's own among them, to where sources are.
    fn copy_with_tags(&mut self, at: usize, spot: &Spot, name: &str) -> Done {
        let replica = self.replica(at, spot)?;
        let parameters = json!({
            "Name": name, "SourceImageId": replica.id, "SourceRegion": replica.region,
            "CopyImageTags": true,
        });
        let to = self.source(at)?;
        let to = Spot::new(&replica.account, &to.region);
        let copied = self.perform(&to, "ec2", "CopyImage", parameters)?;
        self.made_at(&to, &copied)
    }

    fn key(&mut self, spot: &Spot, operation: &str) -> Done {
        let key = self.keys.get(&(spot.clone(), "alias/golden")).cloned();
        let key = key.ok_or("there is no such key")?;
        self.people.mends += 1;
        self.world.set_key_enabled(&key, operation == "EnableKey");
        Ok(())
    }
}

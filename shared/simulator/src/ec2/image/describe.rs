//! `DescribeImages`: who sees which images, by which ids, owners, users and filters.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html>.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ec2::Ec2;
use crate::ec2::access::{no_image, well_formed_image};
use crate::ec2::filter::Filters;
use crate::ec2::image::allowed;
use crate::ec2::image::fields::{FILTERS, field};
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::image::{Image, ImageState};
use crate::ec2::page;
use crate::ids::is_account;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const ALIASES: [&str; 3] = ["amazon", "aws-backup-vault", "aws-marketplace"];

pub(crate) fn describe_images(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 1)?;
    let mut ids = params.texts("ImageIds");
    if !ids.is_empty() && params.has("MaxResults") {
        let message = "The parameter imageIds cannot be used with the parameter maxResults";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    known_ids(&state.ec2, call, &ids)?;
    ids.sort_unstable();
    ids.dedup();
    let selection = Selection::read(state, call, !ids.is_empty())?;
    let (now, account) = (state.clock.now(), call.account());
    let allowed = allowed::told(state, call);
    let images = state.ec2.region(&call.region).map(|region| &region.images);
    let named = ids
        .iter()
        .filter_map(|id| images.and_then(|images| images.get(*id)));
    let rest = images
        .filter(|_| ids.is_empty())
        .into_iter()
        .flat_map(|images| cursor.rest(images));
    let wanted = named
        .chain(rest.map(|(_, image)| image))
        .filter(|image| selection.holds(image))
        .filter(|image| {
            let tags = || image.tags.seen_by(account, &image.owner);
            filters.match_all(tags, |name| match (name, allowed) {
                ("image-allowed", Some(allowed)) => vec![allowed.to_string()],
                _ => field(image, name),
            })
        });
    let found = wanted.map(|image| (&image.id, image));
    let page = cursor.cut(call, found, |image| {
        let mut written = image.written(account, now);
        written["ImageAllowed"] = json!(allowed);
        written
    });
    Ok(page.named("Images"))
}

/// Refuses ids that are malformed, that don't exist, or that the caller can't see.
fn known_ids(ec2: &Ec2, call: &Request, ids: &[&str]) -> Result<(), ApiError> {
    ids.iter().try_for_each(|id| well_formed_image(id))?;
    let unknown = |id: &&&str| {
        let image = ec2.image(&call.region, id);
        !image.is_some_and(|image| ec2.sees(image, call.account()))
    };
    let unknown: Vec<&str> = ids.iter().filter(unknown).copied().collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(no_image(&unknown))
    }
}

/// What a call asks for besides ids and filters.
struct Selection<'a> {
    ec2: &'a Ec2,
    account: &'a str,
    owners: Vec<&'a str>,
    users: Vec<&'a str>,
    disabled: bool,
    deprecated: bool,
    now: Timestamp,
}

impl<'a> Selection<'a> {
    /// Deprecated images of others are shown where they are asked for, or named by id:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html>.
    fn read(state: &'a State, call: &'a Request, by_id: bool) -> Result<Self, ApiError> {
        let params = call.params();
        let owners = params.texts("Owners");
        let users = params.texts("ExecutableUsers");
        let no_owner =
            |name: &&&str| **name != "self" && !ALIASES.contains(name) && !is_account(name);
        let no_user = |name: &&&str| !["self", "all"].contains(name) && !is_account(name);
        let wrong = owners.iter().find(no_owner);
        if let Some(name) = wrong.or(users.iter().find(no_user)) {
            let message = format!("Invalid user id: \"{name}\"");
            return Err(ApiError::new("InvalidUserID.Malformed", message));
        }
        Ok(Self {
            ec2: &state.ec2,
            account: call.account(),
            owners,
            users,
            disabled: params.flag("IncludeDisabled") == Some(true),
            deprecated: by_id || params.flag("IncludeDeprecated") == Some(true),
            now: state.clock.now(),
        })
    }

    fn holds(&self, image: &Image) -> bool {
        let own = image.owner == self.account;
        self.ec2.sees(image, self.account)
            && self.owned(image)
            && self.executable(image)
            && (self.disabled || image.state != ImageState::Disabled)
            && (self.deprecated || own || !image.is_deprecated(self.now))
    }

    /// `Owners`: account ids, `self`, or an alias.
    fn owned(&self, image: &Image) -> bool {
        let named = |owner: &&str| match *owner {
            "self" => image.owner == self.account,
            owner => image.owner == owner || image.owner_alias.as_deref() == Some(owner),
        };
        self.owners.is_empty() || self.owners.iter().any(named)
    }

    /// `ExecutableUsers`: `all` (public), `self` or one's own number (shared with the caller, by
    /// number or by organization), or another's number (shared with that).
    fn executable(&self, image: &Image) -> bool {
        let may = |user: &&str| match *user {
            "all" => image.is_public(),
            "self" => self.ec2.is_shared_with(image, self.account),
            id if id == self.account => self.ec2.is_shared_with(image, id),
            id => image
                .permissions
                .contains(&LaunchPermission::Account(id.to_owned())),
        };
        self.users.is_empty() || self.users.iter().any(may)
    }
}

//! Refuses what a request asks for that its operation doesn't know.

use super::read::Arrived;
use crate::wire::model::{Location, Protocol, Service, Shape};
use crate::wire::refusal::Refusal;

/// What a query or a header asks for beyond the operation's members. Signing's own is known, and
/// `x-id`, with which some clients repeat the operation's name.
pub(crate) fn refuse_unknown(
    service: &Service,
    shape: &Shape,
    arrived: &Arrived<'_>,
) -> Result<(), Refusal> {
    let members = |location: Location| {
        let members = shape.members.iter();
        members
            .filter(move |(_, member)| member.location == Some(location))
            .map(|(name, member)| member.wire_name(name))
    };
    for (name, _) in &arrived.query {
        let signing = name
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
        let known = signing
            || name == "x-id"
            || arrived.route.literals.contains(&name.as_str())
            || members(Location::QueryString).any(|member| member == name);
        if !known {
            return Err(Refusal::unknown(name.clone()));
        }
    }
    if service.protocol != Protocol::RestXml {
        return Ok(());
    }
    for name in arrived.headers.keys().map(http::HeaderName::as_str) {
        let known = !name.starts_with("x-amz-")
            || OF_EVERY_REQUEST.iter().any(|start| name.starts_with(start))
            || members(Location::Header).any(|member| member.eq_ignore_ascii_case(name))
            || members(Location::Headers).any(|prefix| name.starts_with(prefix));
        if !known {
            return Err(Refusal::unknown(name));
        }
    }
    Ok(())
}

/// How the headers begin that clients may add to any request.
const OF_EVERY_REQUEST: [&str; 8] = [
    "x-amz-checksum-",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-trailer",
    "x-amz-user-agent",
];

//! AWS as documented for machine images, snapshots, keys and their events: in memory, on a virtual
//! clock, spoken to over the wire.
//!
//! A [`World`] answers `http::Request`s of any AWS client ([`World::call`]). Services, accounts and
//! Regions are told apart by the requests' signing scope; signatures aren't verified. Unknown
//! operations, parameters and filters are refused in AWS's error format, never ignored. One seed
//! sets a world's ids and timings: the same calls get the same answers.

mod autoscaling;
pub mod bus;
pub mod client;
mod clock;
mod cloudtrail;
mod dispatch;
mod dynamodb;
mod ec2;
mod event;
mod fault;
mod identity;
mod ids;
mod imagebuilder;
mod kms;
mod lag;
mod lately;
mod md5;
pub mod oracle;
mod rbin;
mod record;
mod request;
mod s3;
mod saved;
mod seed;
pub mod serve;
mod sns;
mod ssm;
mod state;
mod sts;
#[cfg(test)]
mod tests;
mod throttle;
mod view;
mod wire;
mod world;

pub use dynamodb::StreamRecord;
pub use ec2::image::permission::LaunchPermission;
pub use event::Event;
pub use fault::courier::{EventFate, EventFaults, EventReport};
pub use fault::plan::FaultReport;
pub use fault::{Fault, FaultKind, PlannedFault};
pub use identity::Credentials;
pub use record::Call;
pub use saved::SaveError;
pub use seed::NewImage;
pub use sns::Message;
pub use throttle::Throttled;
pub use view::{ImageView, SnapshotView};
pub use wire::error::ApiError;
pub use world::World;

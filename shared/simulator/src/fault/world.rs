//! What a world lets one plan and set of its faults, and what it reports of them.

use jiff::SignedDuration;

use super::courier::{EventFaults, EventReport};
use super::plan::FaultReport;
use super::{Fault, PlannedFault};
use crate::World;
use crate::throttle::Throttled;

impl World {
    /// Lets a fault meet a future call.
    pub fn fail_next(&self, fault: Fault) {
        self.plan_fault(fault.into());
    }

    /// Lets a fault meet future calls.
    pub fn plan_fault(&self, fault: PlannedFault) {
        self.state().faults.plan(fault);
    }

    /// How many planned faults have met no call yet.
    pub fn faults_pending(&self) -> usize {
        self.state().faults.pending()
    }

    /// What became of each planned fault, in the order they were planned.
    pub fn fault_report(&self) -> Vec<FaultReport> {
        self.state().faults.report()
    }

    /// Ends all planned faults, and forgets what became of them. Copies that are to fail still do.
    pub fn forget_faults(&self) {
        self.state().faults.forget();
    }

    /// What may become of events that are emitted from now on.
    pub fn set_event_faults(&self, faults: EventFaults) {
        self.state().courier.set(faults);
    }

    /// What became of the events that didn't just arrive, in order.
    pub fn event_report(&self) -> Vec<EventReport> {
        self.state().courier.report()
    }

    /// Throttles EC2's operations as documented, or stops that. Off at first.
    ///
    /// Each account has a bucket of tokens for each operation in each Region, and a call takes one:
    /// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>.
    pub fn set_throttling(&self, on: bool) {
        self.state().throttle.set(on);
    }

    /// The calls that were throttled, by account, Region and operation.
    pub fn throttled_calls(&self) -> Vec<Throttled> {
        self.state().throttle.report()
    }

    /// How far EC2's lists are behind: what was made, changed and removed shows up so much later
    /// in the `Describe` operations that answer in pages, named ids included. Nothing at first,
    /// and zero puts an end to it.
    ///
    /// It covers images, snapshots, volumes and instances with their tags. What is removed, made
    /// or changed before the lag is set isn't remembered.
    /// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>.
    pub fn set_list_lag(&self, lag: SignedDuration) {
        let lag = Some(lag).filter(SignedDuration::is_positive);
        self.state().ec2.set_list_lag(lag);
    }

    /// Whether calls are recorded ([`World::calls`]) and trailed (`AWS API Call via CloudTrail`).
    /// On at first; off for a world that is served for long.
    pub fn set_recording(&self, on: bool) {
        self.state().settings.recording = on;
    }
}

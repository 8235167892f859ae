//! Faults to come: errors before an operation is done, and replies lost after it was.

use serde::{Deserialize, Serialize};

/// A fault that meets one future call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The operation it meets, like `CopyImage`.
    pub operation: String,
    /// Only calls of whom this is a part of the ARN (an account, a role's name, a whole ARN).
    pub caller: Option<String>,
    /// Only calls to this Region.
    pub region: Option<String>,
    /// Which matching call it meets: 1 is the next.
    pub nth: u32,
    /// What happens to it.
    pub kind: FaultKind,
}

/// What a fault does to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// The call is refused and nothing was done.
    ErrorBefore {
        /// The error's code.
        code: String,
        /// The HTTP status.
        status: u16,
        /// The error's message.
        message: String,
    },
    /// The operation is done, but its reply never arrives: the response has status 500 and the
    /// header `x-simulator-connection: aborted`.
    ReplyLost,
}

/// The faults that wait for their call.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn pending(&self) -> usize {
        self.0.len()
    }

    /// The fault that meets this call. Every matching fault counts the call, the first one that
    /// is due is taken.
    pub(crate) fn meet(
        &mut self,
        operation: &str,
        caller: &str,
        region: &str,
    ) -> Option<FaultKind> {
        let mut met = None;
        for (place, fault) in self.0.iter_mut().enumerate() {
            if !fault.matches(operation, caller, region) {
                continue;
            }
            fault.nth = fault.nth.saturating_sub(1);
            if fault.nth == 0 && met.is_none() {
                met = Some(place);
            }
        }
        met.map(|place| self.0.remove(place).kind)
    }
}

impl Fault {
    fn matches(&self, operation: &str, caller: &str, region: &str) -> bool {
        self.operation == operation
            && self
                .caller
                .as_ref()
                .is_none_or(|part| caller.contains(part))
            && self.region.as_ref().is_none_or(|named| named == region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_matching_call_is_met_and_no_other() {
        let mut faults = Faults::default();
        faults.add(Fault {
            operation: "CopyImage".to_owned(),
            caller: Some("role/hub".to_owned()),
            region: None,
            nth: 2,
            kind: FaultKind::ReplyLost,
        });
        assert_eq!(faults.meet("CopyImage", "role/other", "r"), None);
        assert_eq!(faults.meet("CopyImage", "role/hub", "r"), None);
        assert_eq!(faults.meet("DeleteTags", "role/hub", "r"), None);
        assert_eq!(
            faults.meet("CopyImage", "role/hub", "r"),
            Some(FaultKind::ReplyLost)
        );
        assert_eq!(faults.pending(), 0);
    }
}

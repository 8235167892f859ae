//! Faults to come: what may befall a call, and how a test says which calls it befalls.

pub(crate) mod chance;
pub(crate) mod courier;
pub(crate) mod plan;
pub(crate) mod strike;
mod world;

use serde::{Deserialize, Serialize};

/// A fault that meets one future call of one operation: [`PlannedFault`] says more.
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
///
/// Where the client gets no reply, the response has status 500 and the header
/// `x-simulator-connection`. `aborted` says that the connection broke; `crashed` that whoever
/// called is gone, and so is what it was about to do; `crashed-after-reply` stands on a whole reply
/// after which the caller is gone. What a crash means is up to whoever runs the caller:
/// [`serve`](crate::serve) closes the connection for the first two.
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
    /// The connection breaks before the operation is done: nothing happens, no reply arrives.
    ConnectionLost,
    /// The operation is done, but its reply never arrives.
    ReplyLost,
    /// The caller crashes before its call arrives: nothing is done.
    CrashBefore,
    /// The operation is done, and the caller crashes before it has the reply.
    CrashAfter,
    /// The operation is done and answered, and then the caller crashes.
    CrashAfterReply,
    /// `CopyImage` is answered as usual, and the copy fails when it would have ended.
    CopyFails {
        /// Why, as the image's state reason says it.
        cause: String,
    },
}

impl FaultKind {
    /// EC2's refusal of a caller who asks too often.
    pub fn throttled() -> Self {
        Self::refused("RequestLimitExceeded", 503, "Request limit exceeded.")
    }

    /// EC2's fault of its own.
    pub fn server_error() -> Self {
        Self::refused("InternalError", 500, "An internal error has occurred")
    }

    /// EC2 has no room for the request.
    pub fn unavailable() -> Self {
        let message = "The server is overloaded and can't handle the request";
        Self::refused("Unavailable", 503, message)
    }

    /// A refusal before anything is done.
    pub fn refused(code: &str, status: u16, message: &str) -> Self {
        Self::ErrorBefore {
            code: code.to_owned(),
            status,
            message: message.to_owned(),
        }
    }
}

/// A fault that meets the calls it is narrowed down to: at first the next call, of any operation.
///
/// ```
/// use amiary_simulator::{FaultKind, PlannedFault, World};
///
/// let world = World::new(1);
/// let fault = PlannedFault::new(FaultKind::throttled()).operation("CopyImage");
/// world.plan_fault(fault.region("eu-west-1").by_chance(0.2).at_most(3));
/// assert_eq!(world.fault_report()[0].fired, 0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedFault {
    service: Option<String>,
    operation: Option<String>,
    caller: Option<String>,
    region: Option<String>,
    when: When,
    most: Option<u64>,
    kind: FaultKind,
}

/// Which of the matching calls a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum When {
    Nth(u32),
    Every,
    ByChance(f64),
}

impl PlannedFault {
    /// A fault that meets the next call.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            service: None,
            operation: None,
            caller: None,
            region: None,
            when: When::Nth(1),
            most: None,
            kind,
        }
    }

    /// Only calls of this service, by its name in the signing scope: `ec2`, `kms`, `dynamodb`.
    #[must_use]
    pub fn service(mut self, name: &str) -> Self {
        self.service = Some(name.to_owned());
        self
    }

    /// Only calls of this operation.
    #[must_use]
    pub fn operation(mut self, name: &str) -> Self {
        self.operation = Some(name.to_owned());
        self
    }

    /// Only calls of whom this is a part of the ARN (an account, a role's name, a whole ARN).
    #[must_use]
    pub fn caller(mut self, part: &str) -> Self {
        self.caller = Some(part.to_owned());
        self
    }

    /// Only calls to this Region.
    #[must_use]
    pub fn region(mut self, name: &str) -> Self {
        self.region = Some(name.to_owned());
        self
    }

    /// The nth matching call from now on, 1 being the next. Where another fault is before it, the
    /// one after.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.when = When::Nth(nth);
        self
    }

    /// Every matching call.
    #[must_use]
    pub fn every(mut self) -> Self {
        self.when = When::Every;
        self
    }

    /// Each matching call with a probability between 0 and 1. What is drawn follows from the
    /// world's seed, and shifts none of the world's ids.
    #[must_use]
    pub fn by_chance(mut self, probability: f64) -> Self {
        self.when = When::ByChance(probability);
        self
    }

    /// No more than so many calls.
    #[must_use]
    pub fn at_most(mut self, calls: u64) -> Self {
        self.most = Some(calls);
        self
    }
}

impl From<Fault> for PlannedFault {
    fn from(fault: Fault) -> Self {
        Self {
            operation: Some(fault.operation),
            caller: fault.caller,
            region: fault.region,
            ..Self::new(fault.kind).nth(fault.nth)
        }
    }
}

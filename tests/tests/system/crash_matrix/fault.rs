//! Owns a fault of the matrix: at which call of a recorded trace it strikes, and what it does; as
//! text, too, so that a failure can be played again.

use amiary_simulator::{Call, FaultKind, PlannedFault};
use amiary_tests::{BUILDER, PRODUCTION};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// How often the SDK makes a call before it gives up.
const ATTEMPTS: u32 = 3;

/// Who calls: the functions' own roles, and the one they take on in the production account.
const CALLERS: [(&str, &str, &str); 4] = [
    ("replicate", BUILDER, "replicate"),
    ("reconcile", BUILDER, "reconcile"),
    ("notify", BUILDER, "notify"),
    ("production", PRODUCTION, "amiary"),
];

/// One call of a trace: the nth of its caller's of one operation in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Boundary {
    pub caller: &'static str,
    pub service: String,
    pub operation: String,
    pub region: String,
    pub nth: u32,
}

/// What happens at a call.
///
/// A transport that fails after a reply has arrived fails the next call: that case is the next
/// boundary's [`Kind::Lost`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The invocation dies before the call is sent.
    CrashBefore,
    /// The call is done, and the invocation dies before it has the reply.
    CrashAfter,
    /// The invocation dies just after it has the reply.
    CrashAfterReply,
    /// The connection breaks before the call arrives; the SDK makes it again.
    Lost,
    /// The same at each of the SDK's attempts, and it gives up.
    LostForGood,
    /// The call is done and its reply lost; the SDK makes it again.
    ReplyLost,
    /// The same at each of the SDK's attempts, and it gives up.
    ReplyLostForGood,
}

/// Every kind, with its name.
pub const KINDS: [(Kind, &str); 7] = [
    (Kind::CrashBefore, "crash-before"),
    (Kind::CrashAfter, "crash-after"),
    (Kind::CrashAfterReply, "crash-after-reply"),
    (Kind::Lost, "lost"),
    (Kind::LostForGood, "lost-for-good"),
    (Kind::ReplyLost, "reply-lost"),
    (Kind::ReplyLostForGood, "reply-lost-for-good"),
];

/// A kind of fault at a boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub at: Boundary,
    pub kind: Kind,
}

/// The boundaries of a trace, with the places of their calls in it. Calls that none of the
/// functions made are passed over.
pub fn boundaries(calls: &[Call]) -> Vec<(usize, Boundary)> {
    let mut counts: HashMap<Boundary, u32> = HashMap::new();
    let mut found = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let caller = CALLERS.iter().find(|(_, account, role)| {
            call.account == *account && call.caller.contains(&format!("assumed-role/{role}/"))
        });
        let Some((caller, ..)) = caller else { continue };
        let mut boundary = Boundary {
            caller,
            service: call.service.clone(),
            operation: call.operation.clone(),
            region: call.region.clone(),
            nth: 0,
        };
        let count = counts.entry(boundary.clone()).or_default();
        *count += 1;
        boundary.nth = *count;
        found.push((place, boundary));
    }
    found
}

impl Boundary {
    /// How often the SDK tries this call. The client that takes on roles does not retry here.
    fn attempts(&self) -> u32 {
        if self.operation == "AssumeRole" {
            1
        } else {
            ATTEMPTS
        }
    }

    /// The call without its number.
    pub fn uncounted(&self) -> Self {
        Self {
            nth: 0,
            ..self.clone()
        }
    }

    /// Whether this is the same call as another, or one of the SDK's further attempts at it.
    pub fn is_attempt_of(&self, other: &Self) -> bool {
        let same = Self {
            nth: other.nth,
            ..self.clone()
        };
        same == *other && (other.nth..other.nth + other.attempts()).contains(&self.nth)
    }
}

impl Fault {
    /// What a world is to be told so that this happens.
    pub fn planned(&self) -> Vec<PlannedFault> {
        let (kind, attempts) = match self.kind {
            Kind::CrashBefore => (FaultKind::CrashBefore, 1),
            Kind::CrashAfter => (FaultKind::CrashAfter, 1),
            Kind::CrashAfterReply => (FaultKind::CrashAfterReply, 1),
            Kind::Lost => (FaultKind::ConnectionLost, 1),
            Kind::LostForGood => (FaultKind::ConnectionLost, self.at.attempts()),
            Kind::ReplyLost => (FaultKind::ReplyLost, 1),
            Kind::ReplyLostForGood => (FaultKind::ReplyLost, self.at.attempts()),
        };
        let caller = CALLERS.iter().find(|(name, ..)| *name == self.at.caller);
        let (_, account, role) = caller.expect("boundaries have known callers");
        let nths = self.at.nth..self.at.nth + attempts;
        let planned = nths.map(|nth| {
            PlannedFault::new(kind.clone())
                .service(&self.at.service)
                .operation(&self.at.operation)
                .region(&self.at.region)
                .caller(&format!("{account}:assumed-role/{role}/"))
                .nth(nth)
        });
        planned.collect()
    }

    /// How often a notice may be published again because of this: where it was published and that
    /// was not marked. Its owner then gets it twice rather than never. Nothing else may do that.
    pub fn publishes_again(&self) -> usize {
        match (self.at.operation.as_str(), self.kind) {
            ("Publish", Kind::ReplyLostForGood) => ATTEMPTS as usize,
            ("Publish", Kind::CrashAfter | Kind::CrashAfterReply | Kind::ReplyLost)
            | ("UpdateItem", Kind::CrashBefore | Kind::LostForGood) => 1,
            _ => 0,
        }
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            caller,
            service,
            operation,
            region,
            nth,
        } = self;
        write!(f, "{caller} {service}:{operation} {region} #{nth}")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KINDS.iter().find(|(kind, _)| kind == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.kind)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not like 'replicate ec2:CopyImage eu-west-1 #1 lost'");
        let words: Vec<&str> = text.split_whitespace().collect();
        let [caller, call, region, nth, kind] = words[..] else {
            return Err(wrong());
        };
        let caller = CALLERS.iter().find(|(name, ..)| *name == caller);
        let (service, operation) = call.split_once(':').ok_or_else(wrong)?;
        let nth = nth.strip_prefix('#').and_then(|nth| nth.parse().ok());
        let kind = KINDS.iter().find(|(_, name)| *name == kind);
        Ok(Self {
            at: Boundary {
                caller: caller.ok_or_else(wrong)?.0,
                service: service.to_owned(),
                operation: operation.to_owned(),
                region: region.to_owned(),
                nth: nth.ok_or_else(wrong)?,
            },
            kind: kind.ok_or_else(wrong)?.0,
        })
    }
}

//! Deregistration protection:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html>.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::access::own_image;
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

const COOLDOWN: SignedDuration = SignedDuration::from_hours(24);

/// Whether an image may be deregistered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Protection {
    #[default]
    Off,
    On {
        cooldown: bool,
    },
    /// Switched off, but in force until then.
    Cooling {
        until: Timestamp,
    },
}

impl Protection {
    /// Whether the image is protected now.
    pub(crate) fn holds(self, now: Timestamp) -> bool {
        match self {
            Self::Off => false,
            Self::On { .. } => true,
            Self::Cooling { until } => now < until,
        }
    }

    /// As the API names it. No page says what a cooldown is shown as: here it is shown as the
    /// protection that it is.
    pub(crate) fn name(self, now: Timestamp) -> &'static str {
        match self {
            Self::On { cooldown: false } => "enabled-without-cooldown",
            Self::On { cooldown: true } => "enabled-with-cooldown",
            Self::Cooling { .. } if self.holds(now) => "enabled-with-cooldown",
            Self::Cooling { .. } | Self::Off => "disabled",
        }
    }

    fn switched_off(self, now: Timestamp) -> Self {
        match self {
            Self::On { cooldown: true } => Self::Cooling {
                until: later(now, COOLDOWN),
            },
            Self::On { cooldown: false } | Self::Off => Self::Off,
            Self::Cooling { .. } => self,
        }
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeregistrationProtection.html>.
pub(crate) fn enable_image_deregistration_protection(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let cooldown = call.params().flag("WithCooldown") == Some(true);
    own_image(state, call)?.protection = Protection::On { cooldown };
    Ok(json!({ "Return": "true" }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableImageDeregistrationProtection.html>.
pub(crate) fn disable_image_deregistration_protection(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let image = own_image(state, call)?;
    image.protection = image.protection.switched_off(now);
    Ok(json!({ "Return": "true" }))
}

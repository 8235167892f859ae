//! The simulator's own client, in this process.

use std::time::Duration;

use amiary_simulator::World;
use amiary_simulator::client::{self, Caller};
use jiff::SignedDuration;
use serde_json::Value;

use crate::aws::{Client, Refused};

pub struct InProcess {
    pub world: World,
}

impl InProcess {
    pub fn new() -> Self {
        Self {
            world: World::new(1),
        }
    }
}

impl Client for InProcess {
    fn call(
        &self,
        (account, region): (&str, &str),
        target: (&str, &str),
        parameters: &Value,
    ) -> Result<Value, Refused> {
        let caller = Caller {
            access_key_id: account.to_owned(),
            region: region.to_owned(),
        };
        let refused = |error: amiary_simulator::ApiError| Refused {
            code: error.code,
            message: error.message,
            status: error.status,
        };
        let request = client::request(&caller, target, parameters).map_err(refused)?;
        client::result(target, &self.world.call(request)).map_err(refused)
    }

    fn pass(&self, time: Duration) {
        let time = SignedDuration::try_from(time).expect("a time that passes");
        self.world.advance(time);
    }

    fn events(&self) -> Vec<Value> {
        let events = self.world.take_events().into_iter();
        events.map(|event| event.body).collect()
    }

    fn join(&self, account: &str, arn: &str) {
        self.world.join_organization(account, arn);
    }
}

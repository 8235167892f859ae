//! Numbers that look right and can't be: too wide, too many, too large.

use serde_json::{Value, json};

use super::{HERE, OWNER, world_with_image};
use crate::client::{self, Caller};
use crate::{World, wire::error::ApiError};

/// A call as a client makes it, with what the wire layer says to it.
fn call(
    world: &World,
    target: (&'static str, &'static str),
    parameters: &Value,
) -> Result<Value, ApiError> {
    let caller = Caller {
        access_key_id: OWNER.to_owned(),
        region: HERE.to_owned(),
    };
    let request = client::request(&caller, target, parameters).expect("a request");
    client::result(target, &world.call(request))
}

#[track_caller]
fn code(world: &World, target: (&'static str, &'static str), parameters: &Value) -> String {
    call(world, target, parameters).expect_err("a refusal").code
}

#[test]
fn integers_have_32_bits() {
    let (world, _) = world_with_image();
    let images = |most: i64| json!({ "MaxResults": most });
    for wide in [i64::MIN, -2_147_483_649, 2_147_483_648, i64::MAX] {
        let code = code(&world, ("ec2", "DescribeImages"), &images(wide));
        assert_eq!(code, "InvalidParameterValue", "{wide}");
        let parameters = json!({ "Limit": wide });
        let refused = call(&world, ("kms", "ListKeys"), &parameters).expect_err("a refusal");
        assert_eq!(refused.code, "SerializationException", "{wide}");
    }
    let refused = code(&world, ("kms", "ListKeys"), &json!({ "Limit": -1 }));
    assert_eq!(refused, "ValidationException");
    let parameters = json!({ "AutoScalingGroupName": "web", "DesiredCapacity": 2_147_483_648_i64 });
    let refused = code(&world, ("autoscaling", "SetDesiredCapacity"), &parameters);
    assert_eq!(refused, "ValidationError");
}

#[test]
fn longs_have_64_bits() {
    let (world, _) = world_with_image();
    let parameters = json!({ "Name": "a", "ParameterVersion": i64::MAX, "Labels": ["b"] });
    let code = code(&world, ("ssm", "LabelParameterVersion"), &parameters);
    assert_eq!(code, "ParameterNotFound");
}

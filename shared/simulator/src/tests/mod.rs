//! Whole operations through real wire requests.

mod copy;
mod describe;
mod event_faults;
mod faults;
mod images;
mod lag;
mod lasting;
mod lifecycle;
mod numbers;
mod protocol;
mod rest;
mod services;
mod sharing;
mod tags;
mod throttling;
mod trail;

use bytes::Bytes;
use http::{Request, Response};
use jiff::SignedDuration;

use crate::{NewImage, World};

pub(super) const OWNER: &str = "111111111111";
pub(super) const OTHER: &str = "222222222222";
pub(super) const HERE: &str = "us-east-1";
pub(super) const THERE: &str = "eu-west-1";

/// An answer: its status, headers and body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    /// The text of the first element of that name.
    pub(super) fn text(&self, name: &str) -> String {
        self.texts(name).into_iter().next().unwrap_or_default()
    }

    /// The texts of all elements of that name.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let parts = self.body.split(&open).skip(1);
        parts
            .filter_map(|part| part.split_once(&close))
            .map(|(text, _)| text.to_owned())
            .collect()
    }

    /// The error's code; empty where there is none.
    pub(super) fn code(&self) -> String {
        self.text("Code")
    }
}

/// Sends a signed form request.
pub(super) fn send(
    world: &World,
    (key, region, service): (&str, &str, &str),
    operation: &str,
    parameters: &[(&str, &str)],
) -> Answer {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("Action", operation);
    body.extend_pairs(parameters);
    answer(world.call(signed(key, region, service, body.finish().into_bytes())))
}

/// Sends a request of an account to EC2.
pub(super) fn ec2(
    world: &World,
    account: &str,
    region: &str,
    operation: &str,
    parameters: &[(&str, &str)],
) -> Answer {
    send(world, (account, region, "ec2"), operation, parameters)
}

pub(super) fn signed(key: &str, region: &str, service: &str, body: Vec<u8>) -> Request<Bytes> {
    let credential = format!("Credential={key}/20260101/{region}/{service}/aws4_request");
    Request::post("https://aws.example/")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 {credential}, Signature=0"),
        )
        .body(Bytes::from(body))
        .expect("a request")
}

pub(super) fn answer(response: Response<Bytes>) -> Answer {
    Answer {
        status: response.status().as_u16(),
        body: String::from_utf8(response.into_body().to_vec()).expect("text"),
    }
}

/// A world with one plain image of the owner's.
pub(super) fn world_with_image() -> (World, String) {
    let world = World::new(1);
    let id = world.publish_image(NewImage::new(OWNER, HERE, "golden-1"));
    (world, id)
}

/// The parameters of a copy from `HERE`.
pub(super) fn copy_of<'a>(id: &'a str, name: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("SourceRegion", HERE),
        ("SourceImageId", id),
        ("Name", name),
    ]
}

pub(super) fn copied(world: &World, account: &str, parameters: &[(&str, &str)]) -> String {
    let answer = ec2(world, account, THERE, "CopyImage", parameters);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.text("imageId")
}

pub(super) fn hour() -> SignedDuration {
    SignedDuration::from_hours(1)
}

pub(super) fn state_of(world: &World, account: &str, region: &str, id: &str) -> String {
    world
        .image(account, region, id)
        .map(|image| image.state)
        .unwrap_or_default()
}

/// The states that image events told of.
pub(super) fn told(world: &World) -> Vec<(String, String)> {
    let events = world.take_events().into_iter();
    let of_images = events.filter(|event| event.body["detail-type"] == "EC2 AMI State Change");
    let detail = |event: &crate::Event, name: &str| {
        event.body["detail"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    of_images
        .map(|event| (detail(&event, "ImageId"), detail(&event, "State")))
        .collect()
}

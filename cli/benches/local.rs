//! How `amiary local --no-functions` does beside moto's server, in one run: start-up, memory,
//! listing 50,000 images, and tag calls from eight connections.
//!
//! ```sh
//! cargo bench -p amiary-cli --bench local
//! ```
//!
//! moto is installed from `PyPI` the first time. It gets fewer images, as registering many there
//! takes long; the table says how many. Without Python only Amiary's figures are printed.

#![expect(clippy::unwrap_used, reason = "what is missing ends the benchmark")]

use amiary_simulator::client::{self, Caller, Connection};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const MOTO: &str = "moto[server]==5.2.5";
const CONNECTIONS: usize = 8;
const TAGGING: Duration = Duration::from_secs(5);
const STARTS: usize = 5;

/// A server under test.
struct Served {
    process: Child,
    address: SocketAddr,
    started: Duration,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    fn amiary() -> Self {
        let begun = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_amiary"))
            .args(["local", "--no-functions", "--quiet", "--port", "0"])
            .args(["--speed", "100"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut ready).unwrap();
        let address = ready.trim().rsplit('/').next().unwrap().parse().unwrap();
        Self {
            process,
            address,
            started: begun.elapsed(),
        }
    }

    fn moto(server: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let begun = Instant::now();
        let process = Command::new(server)
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(address).is_err() {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "moto does not start"
            );
            thread::sleep(Duration::from_millis(10));
        }
        Self {
            process,
            address,
            started: begun.elapsed(),
        }
    }

    /// The most memory it has held so far, in MiB.
    fn memory(&self) -> f64 {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = peak.and_then(|line| line.split_whitespace().nth(1));
        number
            .and_then(|n| n.parse::<f64>().ok())
            .unwrap_or_default()
            / 1024.0
    }

    fn connect(&self) -> Client {
        Client(Connection::open(self.address).unwrap())
    }
}

fn caller() -> Caller {
    Caller {
        access_key_id: "111111111111".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

/// One connection's calls of EC2.
struct Client(Connection);

impl Client {
    fn call(&mut self, operation: &str, parameters: &Value) -> Value {
        let target = ("ec2", operation);
        let request = client::request(&caller(), target, parameters).unwrap();
        let answer = self.0.exchange(&request).unwrap();
        client::result(target, &answer).unwrap()
    }

    /// Registers images over one snapshot; gives the last one's id.
    fn register(&mut self, images: usize) -> String {
        let zone = json!({ "AvailabilityZone": "us-east-1a", "Size": 8, "VolumeType": "gp2" });
        let volume = self.call("CreateVolume", &zone);
        let snapshot = self.call("CreateSnapshot", &json!({ "VolumeId": volume["VolumeId"] }));
        let snapshot = snapshot["SnapshotId"].clone();
        let listed = json!({ "SnapshotIds": [snapshot] });
        while self.call("DescribeSnapshots", &listed)["Snapshots"][0]["State"] != "completed" {
            thread::sleep(Duration::from_secs(1));
        }
        let mut last = Value::Null;
        for number in 0..images {
            let image = json!({
                "Name": format!("image-{number}"),
                "RootDeviceName": "/dev/xvda",
                "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } }],
            });
            last = self.call("RegisterImage", &image)["ImageId"].clone();
        }
        last.as_str().unwrap().to_owned()
    }

    /// Lists everything, 1,000 a page; gives how many there were and how many pages. The answers
    /// are not decoded: the server is measured, not this client.
    fn list(&mut self) -> (usize, usize) {
        let (mut images, mut pages) = (0, 0);
        let mut next = Value::Null;
        loop {
            let page = json!({ "Owners": ["self"], "MaxResults": 1000, "NextToken": next });
            let request = client::request(&caller(), ("ec2", "DescribeImages"), &page).unwrap();
            let answer = self.0.exchange(&request).unwrap();
            let text = std::str::from_utf8(answer.body()).unwrap();
            images += text.matches("<imageId>").count();
            pages += 1;
            let token = text.split_once("<nextToken>");
            let Some((token, _)) = token.and_then(|(_, rest)| rest.split_once('<')) else {
                return (images, pages);
            };
            next = Value::from(token);
        }
    }
}

/// Tag calls a second, over several connections at once.
fn tag(served: &Served, image: &str) -> f64 {
    let begun = Instant::now();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let mut client = served.connect();
            let image = image.to_owned();
            thread::spawn(move || {
                let mut calls = 0_u32;
                while begun.elapsed() < TAGGING {
                    let tags = json!([{ "Key": format!("k{number}"), "Value": calls.to_string() }]);
                    client.call("CreateTags", &json!({ "Resources": [image], "Tags": tags }));
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    let calls: u32 = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    f64::from(calls) / begun.elapsed().as_secs_f64()
}

/// What was measured of one server.
struct Figures {
    name: &'static str,
    starts: Vec<Duration>,
    idle: f64,
    registered: (usize, Duration),
    listed: (usize, usize, Duration),
    full: f64,
    tags: f64,
}

fn measure(name: &'static str, images: usize, start: impl Fn() -> Served) -> Figures {
    let mut starts: Vec<Duration> = (0..STARTS).map(|_| start().started).collect();
    starts.sort();
    let served = start();
    let idle = served.memory();
    let mut client = served.connect();
    let begun = Instant::now();
    let last = client.register(images);
    let registered = (images, begun.elapsed());
    let begun = Instant::now();
    let (found, pages) = client.list();
    let listed = (found, pages, begun.elapsed());
    let full = served.memory();
    let tags = tag(&served, &last);
    Figures {
        name,
        starts,
        idle,
        registered,
        listed,
        full,
        tags,
    }
}

impl Figures {
    fn print(&self) {
        let (found, pages, took) = self.listed;
        let (images, registering) = self.registered;
        let [least, .., most] = self.starts.as_slice() else {
            return;
        };
        println!("{}", self.name);
        println!(
            "  start-up            {:?} (median of {STARTS}; {least:?} to {most:?})",
            self.starts[STARTS / 2]
        );
        println!("  memory, idle        {:.1} MiB", self.idle);
        println!(
            "  register            {images} images in {registering:.2?}, waiting for a snapshot included"
        );
        println!("  list                {found} images in {pages} pages in {took:.3?}");
        println!("  memory, full        {:.1} MiB", self.full);
        println!(
            "  tag                 {:.0} calls/s from {CONNECTIONS} connections",
            self.tags
        );
    }

    fn per_image(&self) -> f64 {
        let (found, _, took) = self.listed;
        took.as_secs_f64() / f64::from(u32::try_from(found).unwrap())
    }
}

/// moto's server, installed where it is missing.
fn moto() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-moto");
    let server = venv.join("bin/moto_server");
    if server.exists() {
        return Some(server);
    }
    let run = |program: &Path, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).status();
        status.is_ok_and(|status| status.success())
    };
    let folder = venv.to_str()?;
    let made = run(Path::new("python3"), &["-m", "venv", folder])
        && run(&venv.join("bin/pip"), &["install", "--quiet", MOTO]);
    made.then_some(server)
}

fn main() {
    // `cargo test --benches` starts it with another argument, and wants no minutes of measuring.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let ours = measure("amiary local --no-functions", 50_000, Served::amiary);
    ours.print();
    let Some(server) = moto() else {
        eprintln!("warning: MOTO WAS NOT MEASURED: it could not be installed with python3 and pip");
        return;
    };
    let theirs = measure("moto_server", 2_000, || Served::moto(&server));
    theirs.print();
    let start = theirs.starts[STARTS / 2].as_secs_f64() / ours.starts[STARTS / 2].as_secs_f64();
    println!("ratios, moto to amiary (more is slower or larger there)");
    println!("  start-up            {start:.1}");
    println!("  memory, idle        {:.1}", theirs.idle / ours.idle);
    println!(
        "  list, per image     {:.1}",
        theirs.per_image() / ours.per_image()
    );
    println!(
        "  tag calls           {:.1} times as many here",
        ours.tags / theirs.tags
    );
}

use amiary_simulator::NewImage;
use amiary_tests::{REGIONS, Stage, Wants, golden};

async fn ec2_calls(destinations: usize, wants: Wants, image: NewImage) -> usize {
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(image);
    stage.world().forget_calls();
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, destinations).await);
    stage.calls("ec2").len()
}

#[tokio::test]
async fn an_image_to_r_destinations_takes_at_most_3_and_6_r_calls() {
    for r in 1..=REGIONS.len() {
        let wants = Wants {
            own: REGIONS[..r].to_vec(),
            ..Wants::default()
        };
        let calls = ec2_calls(r, wants, golden("golden-1")).await;
        assert!(calls <= 3 + 6 * r, "{calls} calls for {r} destinations");
    }
}

#[tokio::test]
async fn a_shared_snapshot_takes_at_most_two_calls_more_in_each_destination() {
    for extra_volumes in 0..3 {
        let snapshots = extra_volumes + 1;
        let wants = Wants {
            sharing: "as-source = true\nsnapshots = [\"partner\"]",
            ..Wants::default()
        };
        let mut image = golden("golden-1");
        image.extra_volumes = extra_volumes;
        let calls = ec2_calls(2, wants, image).await;
        let most = 3 + 6 * 2 + 2 * 2 * snapshots;
        assert!(
            calls <= most,
            "{calls} calls, at most {most}, for {snapshots} snapshots"
        );
    }
}

//! What each type of volume can be: sizes, IOPS, throughput.
//! <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html>.

use std::ops::RangeInclusive;

use crate::ec2::volume::Volume;
use crate::wire::error::ApiError;

/// The limits of a type of volume.
struct Kind {
    sizes: RangeInclusive<i64>,
    /// The IOPS one may ask for, and how many for each GiB.
    iops: Option<(RangeInclusive<i64>, i64)>,
    /// Whether IOPS must be named.
    iops_needed: bool,
    throughput: Option<RangeInclusive<i64>>,
}

fn kind(name: &str) -> Kind {
    let (sizes, iops, iops_needed, throughput) = match name {
        "gp3" => (
            1..=65_536,
            Some((3_000..=80_000, 500)),
            false,
            Some(125..=2_000),
        ),
        "io1" => (4..=16_384, Some((100..=64_000, 50)), true, None),
        "io2" => (4..=65_536, Some((100..=256_000, 1_000)), true, None),
        "st1" | "sc1" => (125..=16_384, None, false, None),
        "standard" => (1..=1_024, None, false, None),
        _ => (1..=16_384, None, false, None),
    };
    Kind {
        sizes,
        iops,
        iops_needed,
        throughput,
    }
}

/// Refuses a volume that its type can't be.
pub(crate) fn check(
    name: &str,
    size: i64,
    iops: Option<i64>,
    throughput: Option<i64>,
) -> Result<(), ApiError> {
    let kind = kind(name);
    check_size(name, size, &kind.sizes)?;
    check_iops(name, size, iops, &kind)?;
    check_throughput(name, iops, throughput, kind.throughput.as_ref())
}

fn check_size(name: &str, size: i64, sizes: &RangeInclusive<i64>) -> Result<(), ApiError> {
    let (what, limit) = match size {
        size if size < *sizes.start() => ("small", format!("minimum is {}GiB", sizes.start())),
        size if size > *sizes.end() => ("large", format!("maximum is {}GiB", sizes.end())),
        _ => return Ok(()),
    };
    let message = format!("Volume of {size}GiB is too {what} for volume type {name}; {limit}");
    Err(ApiError::invalid_value(message))
}

fn check_iops(name: &str, size: i64, iops: Option<i64>, kind: &Kind) -> Result<(), ApiError> {
    let Some(iops) = iops else {
        if kind.iops_needed {
            let message = "The request must contain the parameter iops";
            return Err(ApiError::new("MissingParameter", message));
        }
        return Ok(());
    };
    let Some((range, ratio)) = &kind.iops else {
        return Err(unsupported("iops", name));
    };
    within("Volume iops", iops, range)?;
    // gp3 has its first 3,000 at any size.
    if iops > *range.start() && iops > size.saturating_mul(*ratio) {
        let message = format!("Iops to volume size ratio is too high; maximum is {ratio}");
        return Err(ApiError::invalid_value(message));
    }
    Ok(())
}

fn check_throughput(
    name: &str,
    iops: Option<i64>,
    throughput: Option<i64>,
    range: Option<&RangeInclusive<i64>>,
) -> Result<(), ApiError> {
    let Some(throughput) = throughput else {
        return Ok(());
    };
    let range = range.ok_or_else(|| unsupported("throughput", name))?;
    within("Throughput", throughput, range)?;
    if throughput > iops.unwrap_or(3_000) / 4 {
        let message =
            "Throughput (MiBps) to iops ratio is too high; maximum is 0.25 MiBps per iops";
        return Err(ApiError::invalid_value(message));
    }
    Ok(())
}

fn within(what: &str, value: i64, range: &RangeInclusive<i64>) -> Result<(), ApiError> {
    let (which, limit) = match value {
        value if value < *range.start() => ("low", format!("minimum is {}", range.start())),
        value if value > *range.end() => ("high", format!("maximum is {}", range.end())),
        _ => return Ok(()),
    };
    let message = format!("{what} of {value} is too {which}; {limit}.");
    Err(ApiError::invalid_value(message))
}

fn unsupported(parameter: &str, name: &str) -> ApiError {
    ApiError::new(
        "InvalidParameterCombination",
        format!("The parameter {parameter} is not supported for {name} volumes."),
    )
}

/// The IOPS and throughput that a type of volume has where none are asked for.
pub(crate) fn usual(name: &str) -> (Option<i64>, Option<i64>) {
    match name {
        "gp3" => (Some(3_000), Some(125)),
        _ => (None, None),
    }
}

/// The IOPS of a volume: what was asked for, or what its type gives by its size.
pub(super) fn iops(volume: &Volume) -> Option<i64> {
    match volume.kind.as_str() {
        "gp2" => Some((volume.size.saturating_mul(3)).clamp(100, 16_000)),
        kind => volume.iops.or(usual(kind).0),
    }
}

/// The throughput of a volume in MiB/s, where its type has one to set.
pub(super) fn throughput(volume: &Volume) -> Option<i64> {
    volume.throughput.or(usual(&volume.kind).1)
}

#!/usr/bin/env python3
"""Extracts the operations' shapes that the simulator speaks from botocore's service models.

    python3 extract.py > operations.json

Only the operations listed below and the shapes they reach are taken; documentation is left out.
Every shape is on one line, so that a difference between two versions of the model reads well.
"""

import json

import botocore.session

OPERATIONS = {
    "autoscaling": """
        CreateAutoScalingGroup CreateLaunchConfiguration DeleteAutoScalingGroup
        DeleteLaunchConfiguration DescribeAutoScalingGroups DescribeAutoScalingInstances
        DescribeLaunchConfigurations SetDesiredCapacity UpdateAutoScalingGroup
    """.split(),
    "ec2": """
        CancelImageLaunchPermission CancelSpotFleetRequests CancelSpotInstanceRequests CopyImage
        CopySnapshot CreateFleet CreateImage CreateImageUsageReport CreateLaunchTemplate
        CreateLaunchTemplateVersion CreateRestoreImageTask CreateSnapshot CreateSnapshots
        CreateStoreImageTask CreateTags CreateVolume DeleteFleets DeleteImageUsageReport
        DeleteLaunchTemplate DeleteLaunchTemplateVersions DeleteSnapshot DeleteTags DeleteVolume
        DeregisterImage DescribeAvailabilityZones DescribeFastSnapshotRestores
        DescribeFleetInstances DescribeFleets DescribeImageAttribute DescribeImageReferences
        DescribeImageUsageReportEntries DescribeImageUsageReports DescribeImages
        DescribeImportSnapshotTasks DescribeInstanceImageMetadata DescribeInstanceStatus
        DescribeInstances DescribeLaunchTemplateVersions DescribeLaunchTemplates
        DescribeLockedSnapshots DescribeRegions DescribeSnapshotAttribute
        DescribeSnapshotTierStatus DescribeSnapshots DescribeSpotFleetInstances
        DescribeSpotFleetRequests DescribeSpotInstanceRequests DescribeStoreImageTasks
        DescribeTags DescribeVolumes DisableAllowedImagesSettings DisableEbsEncryptionByDefault
        DisableImage DisableImageBlockPublicAccess DisableImageDeprecation
        DisableImageDeregistrationProtection DisableSnapshotBlockPublicAccess
        EnableAllowedImagesSettings EnableEbsEncryptionByDefault EnableImage
        EnableImageBlockPublicAccess EnableImageDeprecation EnableImageDeregistrationProtection
        EnableSnapshotBlockPublicAccess GetAllowedImagesSettings GetEbsDefaultKmsKeyId
        GetEbsEncryptionByDefault GetImageAncestry GetImageBlockPublicAccessState
        GetSnapshotBlockPublicAccessState ImportSnapshot ListImagesInRecycleBin
        ListSnapshotsInRecycleBin LockSnapshot ModifyEbsDefaultKmsKeyId ModifyImageAttribute
        ModifyLaunchTemplate ModifySnapshotAttribute ModifySnapshotTier RebootInstances
        RegisterImage RequestSpotFleet RequestSpotInstances ResetEbsDefaultKmsKeyId
        ResetImageAttribute ResetSnapshotAttribute RestoreImageFromRecycleBin
        RestoreSnapshotFromRecycleBin RestoreSnapshotTier RunInstances StartInstances
        StopInstances TerminateInstances UnlockSnapshot
    """.split(),
    "imagebuilder": """
        CreateImageRecipe DeleteImageRecipe GetImageRecipe ListImageRecipes
    """.split(),
    "kms": """
        CancelKeyDeletion CreateAlias CreateGrant CreateKey DeleteAlias DescribeKey DisableKey
        EnableKey GetKeyPolicy ListAliases ListGrants ListKeyPolicies ListKeys ListResourceTags
        ListRetirableGrants PutKeyPolicy ReplicateKey RetireGrant RevokeGrant
        ScheduleKeyDeletion TagResource UntagResource UpdateAlias UpdatePrimaryRegion
    """.split(),
    "rbin": """
        CreateRule DeleteRule GetRule ListRules ListTagsForResource LockRule TagResource
        UnlockRule UntagResource UpdateRule
    """.split(),
    "s3": """
        CreateBucket DeleteBucket DeleteObject DeleteObjects GetBucketLocation GetObject
        HeadBucket HeadObject ListBuckets ListObjects ListObjectsV2 PutObject
    """.split(),
    "sns": """
        CreateTopic DeleteTopic GetTopicAttributes ListTopics Publish SetTopicAttributes
    """.split(),
    "ssm": """
        DeleteParameter DeleteParameters DescribeParameters GetParameter GetParameterHistory
        GetParameters GetParametersByPath LabelParameterVersion PutParameter
    """.split(),
    "sts": "AssumeRole GetCallerIdentity".split(),
}

SCALARS = {"double": "float", "character": "string"}


def reference(ref, name):
    """A member's shape and, where it differs from the member's own, its name on the wire."""
    entry = {"shape": ref["shape"]}
    if ref.get("locationName", name) != name:
        entry["wire"] = ref["locationName"]
    if "queryName" in ref:
        entry["query"] = ref["queryName"]
    if "location" in ref:
        entry["location"] = ref["location"].lower()
    return entry


def shape_entry(shape):
    kind = shape["type"]
    entry = {"type": SCALARS.get(kind, kind)}
    if kind == "structure":
        members = shape.get("members", {})
        entry["members"] = {name: reference(ref, name) for name, ref in members.items()}
        if shape.get("required"):
            entry["required"] = shape["required"]
        if "payload" in shape:
            entry["payload"] = shape["payload"]
    elif kind == "list":
        entry["member"] = reference(shape["member"], "member")
    elif kind == "map":
        entry["key"] = reference(shape["key"], "key")
        entry["value"] = reference(shape["value"], "value")
    for trait in ("enum", "min", "max", "flattened"):
        if trait in shape:
            entry[trait] = shape[trait]
    return entry


def reached(shapes, start):
    """The names of the shapes that can be reached from `start`."""
    found, open_names = set(), [start]
    while open_names:
        name = open_names.pop()
        if name in found:
            continue
        found.add(name)
        shape = shapes[name]
        open_names += [ref["shape"] for ref in shape.get("members", {}).values()]
        open_names += [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]
    return found


def service_entry(loader, service, names):
    model = loader.load_service_model(service, "service-2")
    metadata, shapes = model["metadata"], model["shapes"]
    operations, wanted = {}, set()
    for name in sorted(names):
        operation = model["operations"][name]
        entry = {}
        for side in ("input", "output"):
            if side in operation:
                entry[side] = operation[side]["shape"]
                wanted |= reached(shapes, entry[side])
        if operation["http"]["requestUri"] != "/" or operation["http"]["method"] != "POST":
            entry["http"] = operation["http"]
        operations[name] = entry
    return {
        "protocol": metadata["protocol"],
        "target": metadata.get("targetPrefix", ""),
        "version": metadata["apiVersion"],
        "namespace": metadata.get("xmlNamespace", ""),
        "operations": operations,
        "shapes": {name: shape_entry(shapes[name]) for name in sorted(wanted)},
    }


def one_per_line(entries, indent):
    lines = (f"{indent}{json.dumps(k)}: {json.dumps(v)}" for k, v in entries.items())
    return ",\n".join(lines)


def main():
    loader = botocore.session.get_session().get_component("data_loader")
    services = []
    for service, names in OPERATIONS.items():
        entry = service_entry(loader, service, names)
        head = ", ".join(f"{json.dumps(k)}: {json.dumps(entry[k])}" for k in ("protocol", "target", "version", "namespace"))
        services.append(
            f" {json.dumps(service)}: {{{head},\n"
            f'  "operations": {{\n{one_per_line(entry["operations"], "   ")}\n  }},\n'
            f'  "shapes": {{\n{one_per_line(entry["shapes"], "   ")}\n  }}\n }}'
        )
    print("{\n" + ",\n".join(services) + "\n}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Extracts the operations' shapes that the simulator speaks from botocore's service models.

    python3 extract.py > operations.json

Only the operations listed below and the shapes they reach are taken; documentation is left out.
Every shape is on one line, so that a difference between two versions of the model reads well.
"""

import json

import botocore.session

OPERATIONS = {
    "ec2": """
        CopyImage CreateImage CreateSnapshot CreateTags CreateVolume DeleteSnapshot DeleteTags
        DeregisterImage DescribeImageAttribute DescribeImages DescribeInstances DescribeRegions
        DescribeSnapshotAttribute DescribeSnapshots DescribeTags DescribeVolumes
        DisableEbsEncryptionByDefault DisableImage DisableImageDeprecation
        EnableEbsEncryptionByDefault EnableImage EnableImageDeprecation
        GetEbsEncryptionByDefault GetImageAncestry ModifyImageAttribute ModifySnapshotAttribute
        RegisterImage ResetImageAttribute ResetSnapshotAttribute RunInstances TerminateInstances
    """.split(),
    "kms": """
        CreateAlias CreateKey DescribeKey DisableKey EnableKey ListAliases ScheduleKeyDeletion
    """.split(),
    "sns": "CreateTopic ListTopics Publish".split(),
    "sts": "AssumeRole GetCallerIdentity".split(),
}

SCALARS = {"long": "integer", "double": "float", "character": "string"}


def reference(ref, name):
    """A member's shape and, where it differs from the member's own, its name on the wire."""
    entry = {"shape": ref["shape"]}
    if ref.get("locationName", name) != name:
        entry["wire"] = ref["locationName"]
    if "queryName" in ref:
        entry["query"] = ref["queryName"]
    return entry


def shape_entry(shape):
    kind = shape["type"]
    entry = {"type": SCALARS.get(kind, kind)}
    if kind == "structure":
        members = shape.get("members", {})
        entry["members"] = {name: reference(ref, name) for name, ref in members.items()}
        if shape.get("required"):
            entry["required"] = shape["required"]
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
        operations[name] = entry
    return {
        "protocol": metadata["protocol"],
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
        head = ", ".join(f"{json.dumps(k)}: {json.dumps(entry[k])}" for k in ("protocol", "version", "namespace"))
        services.append(
            f" {json.dumps(service)}: {{{head},\n"
            f'  "operations": {{\n{one_per_line(entry["operations"], "   ")}\n  }},\n'
            f'  "shapes": {{\n{one_per_line(entry["shapes"], "   ")}\n  }}\n }}'
        )
    print("{\n" + ",\n".join(services) + "\n}")


if __name__ == "__main__":
    main()

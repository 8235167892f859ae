"""Calls AWS through boto3 for whoever writes to its standard input.

A line of input is a call: {endpoint, account, region, service, operation, parameters}, named as
the API model names them. A line of output is its answer: {result}, or {code, message, status} of
a refusal, or {broken} with a traceback where boto3 itself gave up.
"""

import base64
import datetime
import functools
import json
import sys
import traceback

import boto3
import botocore.config
import botocore.exceptions
import botocore.handlers
import botocore.response

SESSION = boto3.session.Session()
CONFIG = botocore.config.Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"total_max_attempts": 1},
    parameter_validation=False,
    s3={"addressing_style": "path"},
)


@functools.lru_cache(maxsize=None)
def client(endpoint, account, region, service):
    """A client, and its methods by the names of their operations."""
    made = SESSION.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=account,
        aws_secret_access_key="secret",
        config=CONFIG,
    )
    # User data is given as it goes over the wire.
    made.meta.events.unregister(
        "before-parameter-build.ec2.RunInstances",
        botocore.handlers.base64_encode_user_data,
    )
    methods = {api: name for name, api in made.meta.method_to_api_mapping.items()}
    return made, methods


def sent(shape, value, payload=False):
    """A parameter as boto3 takes it; a blob comes as base64, but as text where it is the body."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        body = shape.serialization.get("payload")
        return {
            name: sent(shape.members[name], member, name == body) if name in shape.members else member
            for name, member in value.items()
            if member is not None
        }
    if kind == "list" and isinstance(value, list):
        return [sent(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {name: sent(shape.value, item) for name, item in value.items()}
    if kind == "blob" and isinstance(value, str):
        return value.encode() if payload else base64.b64decode(value)
    return value


def got(value):
    """A result as JSON: times as RFC 3339, blobs as base64, a body as its text."""
    if isinstance(value, dict):
        return {name: got(member) for name, member in value.items()}
    if isinstance(value, list):
        return [got(item) for item in value]
    if isinstance(value, datetime.datetime):
        time = value.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")
        return time.replace("+00:00", "Z")
    if isinstance(value, botocore.response.StreamingBody):
        return value.read().decode()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def answer(call):
    place = (call["endpoint"], call["account"], call["region"], call["service"])
    made, methods = client(*place)
    operation = made.meta.service_model.operation_model(call["operation"])
    parameters = call["parameters"]
    if operation.input_shape is not None:
        parameters = sent(operation.input_shape, parameters)
    try:
        result = getattr(made, methods[call["operation"]])(**parameters)
    except botocore.exceptions.ClientError as refused:
        error = refused.response.get("Error", {})
        status = refused.response["ResponseMetadata"]["HTTPStatusCode"]
        code, message = error.get("Code", ""), error.get("Message", "")
        return {"code": code, "message": message, "status": status}
    result.pop("ResponseMetadata", None)
    return {"result": got(result)}


def main():
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception:
            said = {"broken": traceback.format_exc()}
        print(json.dumps(said), flush=True)


main()

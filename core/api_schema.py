"""What the generated schema says of errors: every operation may give every refusal, in one shape."""

from typing import Any

ERROR = {
    "type": "object",
    "required": ["type", "errors"],
    "properties": {
        "type": {"type": "string", "enum": ["validation_error", "client_error", "server_error"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail", "attr"],
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "attr": {"type": ["string", "null"]},
                },
            },
        },
    },
}
REFUSALS = {
    "400": "The input is not valid; each error names its field or parameter.",
    "401": "No token, or one that is wrong, expired or revoked.",
    "403": "The role or the scope of the token does not allow it.",
    "404": "It does not exist, or not for you.",
    "405": "This address does not know the method.",
    "406": "Only JSON is spoken here.",
    "409": "A rule of the business refused the change, or someone else was first.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
}


def document_errors(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Postprocessing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path in result["paths"].values():
        for operation in path.values():
            for code, description in REFUSALS.items():
                operation["responses"][code] = {"description": description, "content": content}
            operation["responses"]["414"] = {"description": "The address is too long.", "content": {"text/html": {}}}
    return result

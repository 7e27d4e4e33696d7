"""An export as a file: JSON, or a ZIP with the JSON and the files when there are any."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse

from core import clock
from privacy.queries import files_in


def as_json(data: dict[str, Any]) -> str:
    return json.dumps({"made_at": clock.now(), **data}, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def packed(data: dict[str, Any]) -> tuple[bytes, str]:
    """The bytes and the ending of the file's name."""
    names = [name for name in files_in(data) if default_storage.exists(name)]
    if not names:
        return as_json(data).encode(), "json"
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(data))
        for name in names:
            with default_storage.open(name) as file:
                archive.writestr(f"files/{name}", file.read())
    return whole.getvalue(), "zip"


def download(data: dict[str, Any]) -> HttpResponse:
    content, ending = packed(data)
    kind = "application/zip" if ending == "zip" else "application/json; charset=utf-8"
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="personal-data-{clock.today().isoformat()}.{ending}"'
    return response

"""Files that arrive with a request: written straight to the disk they will stay on, never more than allowed (P27, P44).

Django reads a form's body before any view runs, so the bounds stand here: a view that takes no file gets none, nobody
without a log-in sends one, and reading stops with the chunk that passes the limit. What went wrong is left in
`request.upload_problem` for the view to say.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

log = structlog.get_logger(__name__)
TOO_LARGE, NO_ROOM, NOT_HERE = "too_large", "no_room", "not_here"
FORM_ROOM = 1024 * 1024  # what the rest of a form may weigh beside its file
SUFFIX = ".part"


def incoming_folder() -> Path:
    """On the file system where files stay, so that keeping one is a rename."""
    folder = settings.VAR_DIR / "files" / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    return Path(folder)


def new_part() -> Path:
    return incoming_folder() / f"{uuid.uuid4().hex}{SUFFIX}"


class ArrivedFile(UploadedFile):
    """A file in the incoming folder. Closing it removes it, unless somebody moved it to where it stays."""

    size: int

    def __init__(self, name: str, content_type: str = "") -> None:
        self.path = new_part()
        self._digest = hashlib.sha256()
        super().__init__(self.path.open("w+b", buffering=0), name, content_type, 0)

    @property
    def sha256(self) -> str:
        """Of what arrived, as hexadecimal digits."""
        return self._digest.hexdigest()

    def take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        rest = memoryview(chunk)
        while rest:
            rest = rest[self.file.write(rest) :]
        self.size += len(chunk)

    def rewind(self) -> None:
        self.file.flush()
        self.file.seek(0)

    def close(self) -> None:
        super().close()
        self.path.unlink(missing_ok=True)


def arrived(name: str, chunks: Iterable[bytes]) -> ArrivedFile:
    """A file as if somebody had sent it: for commands and demo data."""
    file = ArrivedFile(name)
    for chunk in chunks:
        file.take(chunk)
    file.rewind()
    return file


def accepts_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only views marked by this are sent the files of a form."""
    view.accepts_files = True  # type: ignore[attr-defined]  # read by the handler below
    return view


def upload_problem(request: HttpRequest) -> str:
    """`too_large`, `no_room`, `not_here`, or "" when everything that was sent is here."""
    _ = request.FILES  # reads the form if nobody has
    return getattr(request, "upload_problem", "")


class BoundedUploadHandler(FileUploadHandler):
    """The only upload handler of the product."""

    chunk_size = 64 * 1024

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.total = 0
        self.announced = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        match = self.request.resolver_match
        user = getattr(self.request, "user", None)
        if not getattr(match and match.func, "accepts_files", False) or not (user and user.is_authenticated):
            self._stop(NOT_HERE)
        if self.announced > settings.FILE_MAX_BYTES + FORM_ROOM:
            self._stop(TOO_LARGE)
        try:
            self.file = ArrivedFile(self.file_name, self.content_type)
        except OSError as error:
            self._no_room(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.total += len(raw_data)
        if self.total > settings.FILE_MAX_BYTES:
            self._stop(TOO_LARGE)
        try:
            self.file.take(raw_data)
        except OSError as error:
            self._no_room(error)

    def file_complete(self, file_size: int) -> ArrivedFile:
        self.file.rewind()
        return self.file

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()

    def _no_room(self, error: OSError) -> NoReturn:
        log.error("upload_not_stored", problem=error.strerror)
        self._stop(NO_ROOM)

    def _stop(self, problem: str) -> NoReturn:
        """Read no further: the rest of the body stays in the socket, which the answer closes."""
        self.request.upload_problem = problem
        raise StopUpload(connection_reset=True)

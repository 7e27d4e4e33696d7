"""Which files are taken: by purpose, extension and content together (reliability P27)."""

from __future__ import annotations

from dataclasses import dataclass

PDF, IMAGE, OFFICE, TEXT = "pdf", "image", "office", "text"


@dataclass(frozen=True)
class Kind:
    """One sort of file. `main_part`: the content type that an office file's document must have."""

    extension: str
    content_type: str
    family: str
    main_part: str = ""


_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS = {
    kind.extension: kind
    for kind in (
        Kind("pdf", "application/pdf", PDF),
        Kind("png", "image/png", IMAGE),
        Kind("jpg", "image/jpeg", IMAGE),
        Kind(
            "docx",
            f"{_OFFICE}wordprocessingml.document",
            OFFICE,
            f"{_OFFICE}wordprocessingml.document.main+xml",
        ),
        Kind("xlsx", f"{_OFFICE}spreadsheetml.sheet", OFFICE, f"{_OFFICE}spreadsheetml.sheet.main+xml"),
        Kind(
            "pptx",
            f"{_OFFICE}presentationml.presentation",
            OFFICE,
            f"{_OFFICE}presentationml.presentation.main+xml",
        ),
        Kind("csv", "text/csv", TEXT),
    )
}
SPELLED = {"jpeg": "jpg", "jpe": "jpg"}
ALLOWED = {
    "agreement": ("pdf", "docx"),
    "pack": ("pdf", "pptx", "docx", "xlsx"),
    "proof": ("pdf", "png", "jpg", "xlsx", "csv"),
    "other": tuple(KINDS),
}


def kind_of(name: str) -> Kind | None:
    """What the last extension of a name promises; None when such files are not taken."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    return KINDS.get(SPELLED.get(extension, extension))

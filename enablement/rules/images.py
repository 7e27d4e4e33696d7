"""Pictures: refused when too large to draw, then written anew, so that nothing but the picture is left of them."""

from __future__ import annotations

import struct
import warnings
from typing import BinaryIO

from enablement.rules.refusal import RefusedError

MOST_PIXELS = 25_000_000  # what phones take; 75 MB while they are written anew, twice that to turn them
LONGEST_SIDE = 16_000
_PNG = b"\x89PNG\r\n\x1a\n"
_FORMATS = {"png": "PNG", "jpg": "JPEG"}


def look(start: bytes, extension: str) -> None:
    if extension == "png":
        if not start.startswith(_PNG) or start[12:16] != b"IHDR":
            raise RefusedError("not_what_it_says")
        _check_size(*struct.unpack(">II", start[16:24]))
    elif not start.startswith(b"\xff\xd8\xff"):
        raise RefusedError("not_what_it_says")


def rewrite(source: BinaryIO, target: BinaryIO, extension: str) -> None:
    """Write the picture of `source` into `target`: upright, without EXIF, place, comments or anything appended."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    wanted = _FORMATS[extension]
    source.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=[wanted]) as opened:
                _check_size(*opened.size)
                opened.load()
                ImageOps.exif_transpose(opened, in_place=True)
                picture: Image.Image = opened
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedError("too_many_pixels") from error
    except (OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
        raise RefusedError("broken") from error
    if wanted == "JPEG":
        picture = picture if picture.mode in {"RGB", "L"} else picture.convert("RGB")
        _forget(picture)
        picture.save(target, format="JPEG", quality=90)
        return
    picture = picture if picture.mode in {"1", "L", "LA", "P", "RGB", "RGBA"} else picture.convert("RGBA")
    transparency = picture.info.get("transparency")
    _forget(picture)
    kept = {} if transparency is None else {"transparency": transparency}
    picture.save(target, format="PNG", **kept)


def _forget(picture: object) -> None:
    """Pillow writes some of what it read, such as comments and profiles, unless it is gone."""
    picture.info.clear()  # type: ignore[attr-defined]  # Pillow is imported only in a worker


def _check_size(width: int, height: int) -> None:
    if width == 0 or height == 0:
        raise RefusedError("broken")
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise RefusedError("too_many_pixels")

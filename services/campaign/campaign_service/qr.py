"""QR codes as pictures."""

from io import BytesIO

import segno


def svg(text: str) -> str:
    """An SVG document, with the medium error correction that posters need."""
    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", scale=4, xmldecl=False)
    return picture.getvalue().decode()

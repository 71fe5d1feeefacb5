"""Plain HTML for people without an app: no scripts, readable aloud, closed to everything else."""

import base64
import hashlib
from html import escape

from fastapi.responses import HTMLResponse

STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:10vh auto;padding:0 1rem}"
    "label{display:block;margin-top:1rem}input,button{font:inherit;width:100%;padding:.6rem;"
    "box-sizing:border-box}button{margin-top:1.5rem}[role=alert]{color:#a00}"
    "fieldset{border:0;padding:0;margin:1.5rem 0 0}legend{font-weight:600}"
    "[type=radio],[type=checkbox]{width:auto}fieldset label{margin:0;padding:.4rem 0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_TAGS = {"zh": "zh-CN", "en": "en"}


def spoken(accepted: str) -> str:
    """`zh` or `en`: whichever a list of languages (`Accept-Language`) has first."""
    for wish in accepted.split(","):
        if wish.strip()[:2].lower() in _TAGS:
            return wish.strip()[:2].lower()
    return "zh"


def document(lang: str, title: str, main: str) -> str:
    """A whole document; `main` is HTML, in `zh` or `en`."""
    return (
        f'<!doctype html><html lang="{_TAGS[lang]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{main}</main></body></html>"
    )


def secured(text: str, status: int, form_target: str = "") -> HTMLResponse:
    """The page with headers that let it do nothing but send its form here, or to `form_target`."""
    answer = HTMLResponse(text, status)
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        f" form-action 'self' {form_target}; frame-ancestors 'none'"
    )
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer

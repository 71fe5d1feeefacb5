"""The sign-in page: plain HTML in Chinese and English, without scripts, readable aloud."""

from html import escape

from gateway_service.pages import document, spoken
from gateway_service.staff.use_cases import Show

_WORDS = {
    "zh": {
        "title": "登录",
        "username": "用户名",
        "password": "密码",
        "otp": "验证器上的六位数字",
        "next": "继续",
        "wrong_password": "用户名或密码不正确。",
        "wrong_code": "验证码不正确或已使用。",
        "stale": "页面已过期，请返回应用重新登录。",
        "error": "无法登录：应用的请求无效。",
    },
    "en": {
        "title": "Sign in",
        "username": "User name",
        "password": "Password",
        "otp": "The six digits of your authenticator",
        "next": "Continue",
        "wrong_password": "User name or password is not right.",
        "wrong_code": "This code is not right, or was used.",
        "stale": "This page is too old. Go back to the application and sign in again.",
        "error": "Signing in is not possible: the application asked wrongly.",
    },
}
_FIELDS = {
    "password": (
        ("username", 'autocomplete="username" autocapitalize="none" maxlength="64" autofocus'),
        ("password", 'type="password" autocomplete="current-password" maxlength="256"'),
    ),
    "otp": (
        ("otp", 'inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" autofocus'),
    ),
}


def language(query: dict[str, str], accepted: str) -> str:
    """`zh` or `en`: what the client asked for, else what the browser likes best."""
    return spoken(",".join([*query.get("ui_locales", "").split(), accepted]))


def page(show: Show, lang: str) -> str:
    """A whole document."""
    words = _WORDS[lang]
    wrong = words.get(show.wrong, words["error"]) if show.wrong else ""
    alert = f'<p role="alert">{escape(wrong)}</p>' if wrong else ""
    fields = "".join(
        f'<label for="{name}">{words[name]}</label>'
        f'<input id="{name}" name="{name}" required {attributes}>'
        for name, attributes in _FIELDS.get(show.step, ())
    )
    form = (
        f'<form method="post" action="authorize"><input type="hidden" name="ticket" '
        f'value="{escape(show.ticket)}">{fields}<button>{words["next"]}</button></form>'
        if fields
        else ""
    )
    return document(lang, words["title"], alert + form)

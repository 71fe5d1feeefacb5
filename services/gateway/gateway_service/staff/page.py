"""The sign-in page: plain HTML in Chinese and English, without scripts, readable aloud."""

from html import escape

from gateway_service.pages import document, spoken
from gateway_service.staff.steps import Show

_WORDS = {
    "zh": {
        "title": "登录",
        "username": "用户名",
        "password": "密码",
        "otp": "验证器上的六位数字",
        "phone": "手机号",
        "sms": "短信里的六位验证码",
        "next": "继续",
        "again": "重新发送验证码",
        "wrong_phone": "请输入正确的手机号。",
        "wrong_sms": "验证码不正确、已过期或已使用。",
        "no_member": "这个手机号还不是会员，请先注册。",
        "too_many": "操作太频繁，请稍后再试。",
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
        "phone": "Mobile number",
        "sms": "The six digits of the text message",
        "next": "Continue",
        "again": "Send another code",
        "wrong_phone": "This is not a mobile number.",
        "wrong_sms": "This code is not right, too old, or was used.",
        "no_member": "This number is no member's yet. Join first.",
        "too_many": "This was tried too often. Wait a little.",
        "wrong_password": "User name or password is not right.",
        "wrong_code": "This code is not right, or was used.",
        "stale": "This page is too old. Go back to the application and sign in again.",
        "error": "Signing in is not possible: the application asked wrongly.",
    },
}
STATUS = {"too_many": 429}
_FIELDS = {
    "password": (
        ("username", 'autocomplete="username" autocapitalize="none" maxlength="64" autofocus'),
        ("password", 'type="password" autocomplete="current-password" maxlength="256"'),
    ),
    "phone": (("phone", 'type="tel" inputmode="tel" autocomplete="tel" maxlength="20" autofocus'),),
    "sms": (
        ("sms", 'inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" autofocus'),
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
    again = f'<button name="again" value="1" formnovalidate>{words["again"]}</button>'
    again = again if show.step == "sms" else ""
    form = (
        f'<form method="post" action="authorize"><input type="hidden" name="ticket" '
        f'value="{escape(show.ticket)}">{fields}<button>{words["next"]}</button>{again}</form>'
        if fields
        else ""
    )
    return document(lang, words["title"], alert + form)

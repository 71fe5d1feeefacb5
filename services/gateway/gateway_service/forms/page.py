"""A form as HTML: each question a group with its legend, what is missing said first."""

from html import escape

from contracts.pages import PageForm, PageQuestion
from gateway_service.pages import document

_WORDS = {
    "zh": {
        "fault": "请完成标出的问题。", "missing": "请回答：", "optional": "（可不答）",
        "unknown": "链接无效", "unknown_text": "这个链接无效或已过期。",
        "too_often": "请稍后再试", "too_often_text": "无效链接尝试次数过多，请稍后再试。",
        "away": "请稍后再试", "away_text": "系统暂时无法处理，请稍后再打开此链接。",
    },
    "en": {
        "fault": "Please answer what is marked.", "missing": "Please answer: ",
        "optional": " (if you like)",
        "unknown": "This link is not valid", "unknown_text": "This link is not valid, or too old.",
        "too_often": "Try again later",
        "too_often_text": "Too many links that are not valid. Try again later.",
        "away": "Try again later",
        "away_text": "This does not work at the moment. Please open the link again later.",
    },
}  # fmt: skip


def page(form: PageForm) -> str:
    """A whole document; the form is sent to where it came from."""
    words = _WORDS[form.language]
    main = "".join(f"<p>{escape(text)}</p>" for text in form.text)
    if any(each.fault for each in form.questions):
        main += f'<p role="alert">{words["fault"]}</p>'
    if form.button is not None:
        groups = "".join(_group(each, words) for each in form.questions)
        button = f"<button>{escape(form.button)}</button>"
        main += f'<form method="post">{groups}{button}</form>'
    return document(form.language, form.title, main)


def told(language: str, what: str) -> str:
    """A page that only says something: unknown, too_often, away."""
    words = _WORDS[language]
    return document(language, words[what], f"<p>{words[f'{what}_text']}</p>")


def _group(question: PageQuestion, words: dict[str, str]) -> str:
    kind = "checkbox" if question.many else "radio"
    name = escape(question.name)
    needed = " required" if question.required and not question.many else ""
    choices = "".join(
        f'<label><input type="{kind}" name="{name}" value="{escape(option.value)}"{needed}>'
        f" {escape(option.label)}</label>"
        for option in question.options
    )
    before = f'<span role="alert">{words["missing"]}</span>' if question.fault else ""
    after = "" if question.required else words["optional"]
    return f"<fieldset><legend>{before}{escape(question.text)}{after}</legend>{choices}</fieldset>"

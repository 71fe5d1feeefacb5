"""Who follows a link: a person, or a program that looks ahead. Pure."""

import re
from collections.abc import Mapping

# Programs that fetch a link so that a chat or mailbox can show what is behind it, scan mails, or
# index pages. They say who they are; those that do not are told apart by nothing we would keep.
_PROGRAMS = re.compile(
    r"(?<!cu)bot\b|spider|crawl|preview|scanner|headless|curl/|wget/|python-|go-http-client|okhttp"
    r"|facebookexternalhit|whatsapp/|embedly|google-safety|googleimageproxy|safelinks|barracuda"
    r"|mimecast|proofpoint|validator|monitor|uptime",
    re.IGNORECASE,
)
_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def looks_ahead(method: str, headers: Mapping[str, str]) -> bool:
    """Whether nobody has tapped yet: HEAD, prefetching, previews, scanners, no user agent."""
    if method == "HEAD":
        return True
    if any(re.search("prefetch|preview|prerender", headers.get(name, "")) for name in _AHEAD):
        return True
    agent = headers.get("user-agent", "")
    return not agent or _PROGRAMS.search(agent) is not None

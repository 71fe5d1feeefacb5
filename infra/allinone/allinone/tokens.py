"""Development tokens: client credentials the gateway wrote, exchanged at its token endpoint."""

import ssl
from http import HTTPStatus

import httpx

from allinone.home import Home, is_locked, read_json


class NoToken(RuntimeError):
    """No token can be had; the message says what to do."""


async def fetch(
    home: Home,
    role: str,
    member: str | None = None,
    *,
    store: str | None = None,
    stepped_up: bool = False,
) -> str:
    """An access token for `role` from the platform running in `home`.

    `member` is the member id that a token of role `member` speaks for, `store` the one that staff
    works in; `stepped_up`: as if a second factor had been shown. Raises NoToken.
    """
    state = home.state()
    if not is_locked(home) or not state.get("url"):
        raise NoToken(f"no platform is ready in {home.root}; start one with `huiyuan up --dev`")
    if not state.get("dev"):
        raise NoToken("development clients exist only under `huiyuan up --dev`")
    clients = read_json(home.clients_file).get("clients", {})
    if role not in clients:
        raise NoToken(f"no role {role}; the roles are {', '.join(sorted(clients))}")
    if role == "member" and member is None:
        raise NoToken("a member's token needs --member with the member id")
    client = clients[role]
    wish = {"member_id": member, "store": store, "acr_values": "mfa" if stepped_up else None}
    form = {"grant_type": "client_credentials", **{k: v for k, v in wish.items() if v}}
    trust = ssl.create_default_context(cafile=state["ca"])
    try:
        async with httpx.AsyncClient(verify=trust) as http:
            answer = await http.post(
                f"{state['url']}/oauth2/token",
                data=form,
                auth=(client["client_id"], client["client_secret"]),
            )
    except httpx.HTTPError as error:
        raise NoToken(f"{state['url']} does not answer ({type(error).__name__})") from None
    if answer.status_code != HTTPStatus.OK:
        raise NoToken(f"the gateway refused ({answer.status_code}): {answer.text[:300]}")
    return str(answer.json()["access_token"])

"""The gateway's own FastAPI app, called like a service: body in, complete answer out."""

from typing import Any

from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer


async def through(app: Any, scope: Any, call: Call) -> Answer:
    """What the app answers. The principal is in the scope, as behind a service's inner edge."""
    inner = dict(scope, call=call)
    if not call.operation.open:
        inner["principal"] = call.principal
    answer = Answer(500, [], b"")
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": call.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(inner, receive, send)
    return answer

"""Done is in the audit as well, not only refused."""

from contracts.auditing import Decision
from gateway_service.audit.calls import entry_of
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.forward import Forward


async def audited(forward: Forward, call: Call) -> Answer:
    """Operations of inner services that are audited for what they are."""
    action = call.operation.audited
    assert action is not None, "its operation says as what it is audited"
    answer = await forward.plain(call)
    if answer.status < 300:
        call.audited = True
        call.entries.append(entry_of(call, action, Decision.DONE))
    return answer

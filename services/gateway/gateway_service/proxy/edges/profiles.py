"""What is concluded about a member is for those who agreed to it."""

from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.forward import Forward

PURPOSE = "personalised_recommendation"


async def personalised(forward: Forward, call: Call) -> Answer:
    """Without consent the service answers with what is not personal; whoever asks."""
    member = call.member_id
    call.impersonal = member is None or not await forward.consents.granted(member, PURPOSE)
    return await forward.plain(call)

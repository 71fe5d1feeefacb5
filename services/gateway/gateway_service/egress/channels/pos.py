"""POS prompts: what a till shows about the member who stands at it. The till asks for them.

There is no provider that could lose an answer: the message is sent when its row is committed, and
what the till says afterwards is its receipt. `shown` and `accepted` are deliveries.
"""

PROVIDER = "till"
DELIVERED = {"shown": True, "accepted": True, "declined": True, "not_shown": False}

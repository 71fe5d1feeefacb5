"""What campaigns hear."""

from campaign_service.campaigns import use_cases
from chassis.bus import Subscription
from contracts.points_events import BudgetAnswered

SUBSCRIPTIONS = [Subscription(BudgetAnswered, use_cases.note_answers)]

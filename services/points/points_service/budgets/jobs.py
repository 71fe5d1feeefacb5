"""Time's edge."""

from chassis.jobs import DailyJob
from points_service.budgets.use_cases import settle

budgets_settled = DailyJob("campaign_budgets", settle)

"""After an upgrade."""

from chassis.jobs import BackgroundJob
from identity_service.birthdays.use_cases import tell_untold

birthdays_told = BackgroundJob("birthdays_told", tell_untold)

"""Festivals, by the lunar calendar and the common one, on the days that were published."""

from datetime import date, timedelta

import pytest

from campaign_service.triggers import festivals

DAY = timedelta(days=1)
PUBLISHED = {  # State Council's notices and the Hong Kong Observatory's tables
    "spring_festival": "2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25"
    " 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26"
    " 2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08",
    "dragon_boat": "2015-06-20 2016-06-09 2017-05-30 2018-06-18 2019-06-07 2020-06-25 2021-06-14"
    " 2022-06-03 2023-06-22 2024-06-10 2025-05-31 2026-06-19 2027-06-09 2028-05-28 2029-06-16"
    " 2030-06-05 2031-06-24 2032-06-12 2033-06-01 2034-06-20 2035-06-10",
    "mid_autumn": "2015-09-27 2016-09-15 2017-10-04 2018-09-24 2019-09-13 2020-10-01 2021-09-21"
    " 2022-09-10 2023-09-29 2024-09-17 2025-10-06 2026-09-25 2027-09-15 2028-10-03 2029-09-22"
    " 2030-09-12 2031-10-01 2032-09-19 2033-09-08 2034-09-27 2035-09-16",
    "qixi": "2020-08-25 2021-08-14 2022-08-04 2023-08-22 2024-08-10 2025-08-29 2026-08-19",
    "double_ninth": "2020-10-25 2021-10-14 2022-10-04 2023-10-23 2024-10-11 2025-10-29 2026-10-18",
    "lantern": "2020-02-08 2021-02-26 2022-02-15 2023-02-05 2024-02-24 2025-02-12 2026-03-03",
    "new_year_eve": "2020-01-24 2021-02-11 2022-01-31 2023-01-21 2024-02-09 2025-01-28 2026-02-16",
    "qingming": "2020-04-04 2021-04-04 2022-04-05 2023-04-05 2024-04-04 2025-04-04 2026-04-05",
    "winter_solstice": "2020-12-21 2021-12-21 2022-12-22 2023-12-22 2024-12-21 2025-12-21",
    "mothers_day": "2023-05-14 2024-05-12 2025-05-11 2026-05-10",
    "fathers_day": "2023-06-18 2024-06-16 2025-06-15 2026-06-21",
}


@pytest.mark.parametrize("festival", PUBLISHED)
def test_festivals_are_on_the_days_that_were_published(festival: str) -> None:
    days = [date.fromisoformat(day) for day in PUBLISHED[festival].split()]
    found = [festivals.following(festival, date(day.year, 1, 1)) for day in days]
    assert found == days
    assert all(festivals.following(festival, day) == day for day in days)
    assert all(festivals.following(festival, day + DAY) > day for day in days)

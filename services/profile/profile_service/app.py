"""The profile service's composition root."""

from fastapi import FastAPI

from chassis.app import Service, build
from profile_service.catalogue import router as catalogue
from profile_service.catalogue.use_cases import Departments
from profile_service.clusters import jobs as cluster_jobs
from profile_service.clusters import router as clusters
from profile_service.collect import jobs as collect_jobs
from profile_service.collect import subscribers as collect
from profile_service.collect.use_cases import Collector
from profile_service.daily.jobs import JOBS as DAILY_JOBS
from profile_service.forecasts import jobs as forecast_jobs
from profile_service.forecasts import router as forecasts
from profile_service.forecasts.lake import Lake
from profile_service.insight import router as insight
from profile_service.partitions import Partitions
from profile_service.profiles import router as profiles
from profile_service.purchases import router as figures
from profile_service.purchases import subscribers as purchases
from profile_service.purchases.use_cases import Purchases
from profile_service.quality import jobs as quality_jobs
from profile_service.quality import router as quality
from profile_service.quality import subscribers as refused
from profile_service.quality.domain import Limits
from profile_service.quality.use_cases import Watch
from profile_service.rfm import router as rfm
from profile_service.rights import subscribers as rights
from profile_service.segments import jobs as segment_jobs
from profile_service.segments import router as segments
from profile_service.segments import subscribers as standings
from profile_service.segments.bitmaps import Bitmaps
from profile_service.settings import ProfileSettings
from profile_service.subjects import subscribers as subjects
from profile_service.subjects.use_cases import SubjectIds
from profile_service.tags import router as tags
from profile_service.tags import subscribers as tagged
from profile_service.tags.jobs import JOBS as TAG_JOBS
from profile_service.timeline import router as timeline
from profile_service.timeline import subscribers as happenings
from profile_service.together import router as together
from profile_service.watches import subscribers as watches
from profile_service.watches.jobs import JOBS as WATCH_JOBS
from profile_service.worth import router as worth
from profile_service.worth.jobs import JOBS as WORTH_JOBS


def create_app(settings: ProfileSettings | None = None) -> FastAPI:
    """The app; settings come from the environment unless given."""
    settings = settings or ProfileSettings()
    ids, partitions = SubjectIds(), Partitions()
    lake = Lake(settings.lake_dir)
    watch = Watch(
        Limits(
            settings.quality_completeness, settings.quality_amount_error,
            settings.quality_freshness_seconds,
        )
    )  # fmt: skip
    collector = Collector(ids, partitions, settings.dedupe_weeks, watch)
    booked = Purchases(ids, partitions, Departments())
    bitmaps = Bitmaps()
    app = build(
        Service(
            name="profile",
            settings=settings,
            routers=[
                catalogue.router, profiles.router, tags.router, rfm.router, figures.router,
                forecasts.router, segments.router, quality.router, insight.router, together.router,
                worth.router, timeline.router, clusters.router,
            ],
            subscriptions=[
                *subjects.subscriptions(ids, collector.lookout),
                *collect.subscriptions(collector),
                *purchases.subscriptions(booked),
                *rights.subscriptions(ids, lake),
                *standings.subscriptions(ids),
                *happenings.subscriptions(ids),
                *refused.subscriptions(),
                *watches.SUBSCRIPTIONS,
                *tagged.SUBSCRIPTIONS,
            ],
            sealed=[
                "trait.value", "activity.properties", "segment_version.definition",
                "tag_rule.document",
            ],
            jobs=[*collect_jobs.jobs(collector), *TAG_JOBS, *segment_jobs.jobs(bitmaps),
                  *WORTH_JOBS, *DAILY_JOBS, *WATCH_JOBS, *cluster_jobs.jobs(settings.train_days),
                  *forecast_jobs.jobs(lake, settings.train_days),
                  *quality_jobs.jobs(watch)],
        )
    )  # fmt: skip
    app.state.bitmaps, app.state.watch = bitmaps, watch
    return app

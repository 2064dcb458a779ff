"""Build and test the dbt models whenever a source has landed; check that no source stands still and no row is lost."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, AssetAny

from dags import steps
from monitoring import notify

LANDED = [
    Asset(
        name="music/raw/chinook",
        uri="warehouse://music/raw_chinook",
    ),
]
MARTS = [
    Asset(
        name="music/marts/dim_album",
        uri="warehouse://music/marts/dim_album",
    ),
    Asset(
        name="music/marts/dim_artist",
        uri="warehouse://music/marts/dim_artist",
    ),
    Asset(
        name="music/marts/dim_customer",
        uri="warehouse://music/marts/dim_customer",
    ),
    Asset(
        name="music/marts/dim_employee",
        uri="warehouse://music/marts/dim_employee",
    ),
    Asset(
        name="music/marts/dim_genre",
        uri="warehouse://music/marts/dim_genre",
    ),
    Asset(
        name="music/marts/dim_invoice",
        uri="warehouse://music/marts/dim_invoice",
    ),
    Asset(
        name="music/marts/fct_invoice_line",
        uri="warehouse://music/marts/fct_invoice_line",
    ),
    Asset(
        name="music/marts/dim_media_type",
        uri="warehouse://music/marts/dim_media_type",
    ),
    Asset(
        name="music/marts/dim_playlist",
        uri="warehouse://music/marts/dim_playlist",
    ),
    Asset(
        name="music/marts/fct_playlist_track",
        uri="warehouse://music/marts/fct_playlist_track",
    ),
    Asset(
        name="music/marts/dim_track",
        uri="warehouse://music/marts/dim_track",
    ),
]

with DAG(
    dag_id="music_transform",
    doc_md=__doc__,
    schedule=AssetAny(*LANDED),
    start_date=steps.START,
    catchup=False,
    max_active_runs=1,
    on_failure_callback=notify.run_failed,
    deadline=steps.deadline(timedelta(seconds=86400)),
    default_args={
        "owner": "data-team",
        "retries": 3,
        "retry_delay": timedelta(seconds=300),
        "retry_exponential_backoff": 2.0,  # with Airflow's own jitter
        "max_retry_delay": timedelta(seconds=1200),
        "execution_timeout": timedelta(seconds=900),
    },
    tags=["transform"],
):
    # Until every source has landed once there is nothing to build: the run is skipped.
    landed = steps.python(
        "landed",
        "ingest.ledger",
        skip_on_exit_code=99,
    )
    # A source that stands still fails the run, but holds up nothing of the others.
    freshness = steps.dbt(
        "freshness",
        "source",
        "freshness",
        retries=0,
    )
    staging = steps.build("staging", "--select=path:models/staging")
    # All that reads staging: history and snapshots too.
    marts = steps.build("marts", "--exclude=path:models/staging")
    reconcile = steps.python(
        "reconcile",
        "quality.reconcile",
        "--marts",
        retries=0,
        outlets=MARTS,
    )
    landed >> [freshness, staging]
    staging >> marts >> reconcile
    [freshness, reconcile] >> steps.observe("--transform")

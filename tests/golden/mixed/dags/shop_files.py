"""Load the tables of shop_files into the warehouse, and check that all of it arrived."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable

from dags import steps
from monitoring import notify

SOURCE = "shop_files"
LANDED = Asset(
    name="mixed/raw/shop_files",
    uri="warehouse://mixed/raw_shop_files",
)

with DAG(
    dag_id="mixed_shop_files",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("*/20 * * * *", timezone="UTC"),
    start_date=steps.START,
    catchup=False,
    max_active_runs=1,
    on_failure_callback=notify.run_failed,
    deadline=steps.deadline(timedelta(seconds=600)),
    default_args={
        "owner": 'Team "Ä" & Söhne',
        "retries": 3,
        "retry_delay": timedelta(seconds=64),
        "retry_exponential_backoff": 2.0,  # with Airflow's own jitter
        "max_retry_delay": timedelta(seconds=256),
        "execution_timeout": timedelta(seconds=900),
    },
    tags=["source"],
):
    loads = steps.loads(SOURCE)
    reconcile = steps.python(
        "reconcile",
        "quality.reconcile",
        SOURCE,
        retries=0,
        outlets=[LANDED],
    )
    loads >> reconcile >> steps.observe(SOURCE)

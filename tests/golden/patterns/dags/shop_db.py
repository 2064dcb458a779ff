"""Load the tables of shop_db into the warehouse, and check that all of it arrived."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable

from dags import steps
from monitoring import notify

SOURCE = "shop_db"
LANDED = Asset(
    name="patterns/raw/shop_db",
    uri="warehouse://patterns/raw_shop_db",
)

with DAG(
    dag_id="patterns_shop_db",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 */12 * * *", timezone="UTC"),
    start_date=steps.START,
    catchup=False,
    max_active_runs=1,
    on_failure_callback=notify.run_failed,
    deadline=steps.deadline(timedelta(seconds=43200)),
    default_args={
        "owner": "data-team",
        "retries": 3,
        "retry_delay": timedelta(seconds=300),
        "retry_exponential_backoff": 2.0,  # with Airflow's own jitter
        "max_retry_delay": timedelta(seconds=1200),
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

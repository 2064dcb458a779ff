"""Load the tables of <%= source.id %> into the warehouse, and check that all of it arrived."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable

from dags import steps
from monitoring import notify

SOURCE = <%= source.id | py %>
LANDED = Asset(
    name=<%= source.asset | py %>,
    uri=<%= ("warehouse://" ~ pipeline.id ~ "/" ~ source.raw_schema) | py %>,
)

with DAG(
    dag_id=<%= source.dag_id | py %>,
#% if source.description
    description=<%= source.description | py %>,
#% endif
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(<%= source.schedule | py %>, timezone="UTC"),
    start_date=steps.START,
    catchup=False,
    max_active_runs=1,
    on_failure_callback=notify.run_failed,
    deadline=steps.deadline(timedelta(seconds=<%= (monitoring.expected | selectattr("dag_id", "equalto", source.dag_id) | first).deadline_seconds %>)),
    default_args={
        "owner": <%= pipeline.owner | py %>,
        "retries": <%= source.retries %>,
        "retry_delay": timedelta(seconds=<%= source.retry_delay_seconds %>),
        "retry_exponential_backoff": 2.0,  # with Airflow's own jitter
        "max_retry_delay": timedelta(seconds=<%= source.max_retry_delay_seconds %>),
        "execution_timeout": timedelta(seconds=<%= source.execution_timeout_seconds %>),
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

"""Once a day, compare the tables that are loaded bit by bit: all of the source, as it is now, against all of raw.

A load checks what it has read itself. What it never read, a row that came later than the overlap reaches, is found here.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable

from dags import steps
from monitoring import notify

<% set audited = sources | map(attribute="tables") | sum(start=()) | selectattr("incremental") | map(attribute="source") | unique | list %>
SOURCES = <%= audited | py(indent=0) %>

with DAG(
    dag_id=<%= (pipeline.id ~ "_audit") | py %>,
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 4 * * *", timezone="UTC"),
    start_date=steps.START,
    catchup=False,
    max_active_runs=1,
    on_failure_callback=notify.run_failed,
    default_args={
        "owner": <%= pipeline.owner | py %>,
        "retries": 0,  # what is missing now would be missing again
        "execution_timeout": timedelta(seconds=<%= sources | map(attribute="execution_timeout_seconds") | max %>),
    },
    tags=["audit"],
):
    # Until these have landed once there is nothing to compare: the run is skipped.
    landed = steps.python(
        "landed",
        "ingest.ledger",
        *SOURCES,
        skip_on_exit_code=99,
    )
    audits = [
        steps.python(f"audit_{source}", "quality.reconcile", "--audit", source)
        for source in SOURCES
    ]
    landed >> audits >> steps.observe("--audit")

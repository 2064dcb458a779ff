"""What the panels ask Prometheus for: the names of this pipeline, and what several panels ask."""

PIPELINE = "nyc"
NAME = "nyc"
# Ids in Grafana are at most 40 characters long.
UID = "nyc"
# The objective: in which share of the time, over which window, the data is as fresh as asked.
OBJECTIVE: float = 0.99
WINDOW = "28d"

P = f'pipeline="{PIPELINE}"'
OF_SOURCE = f'{P}, source="$source"'
OF_TABLE = f'{OF_SOURCE}, table=~"$table"'
OF_DAG = 'dag_id=~"$dag"'

DAG = f"pipeline:dag:info{{{P}}}"
# Airflow's own series know of DAGs, not of pipelines.
OF_OUR_DAGS = f"* on (dag_id) group_left () max by (dag_id) ({DAG})"

# Recorded by monitoring/prometheus/rules/: whether all tables of a source are as fresh as asked,
# the share of the window in which they were, and what is left of the time in which they may not be.
FRESH = f"pipeline:freshness_good:bool{{{P}}}"
GOOD = f"(1 - pipeline:freshness_late:ratio_window{{{P}}})"
BUDGET = f"pipeline:freshness_budget:remaining_ratio{{{P}}}"


def age(labels: str) -> str:
    """Up to how long ago is what readers see complete, in seconds, by table."""
    return f"pipeline:freshness_age:seconds{{{labels}}}"


def target(labels: str) -> str:
    """How old it may be, by table."""
    return f"pipeline:freshness_target:seconds{{{labels}}}"


def used(labels: str) -> str:
    """The age as a share of what is allowed: above 1 the table is late."""
    return f"{age(labels)} / on (pipeline, source, table) {target(labels)}"

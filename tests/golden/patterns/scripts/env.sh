#!/bin/sh
# Run a command in one environment of the pipeline:
#   sh scripts/env.sh demo dbt build
#   sh scripts/env.sh prod python -m quality.reconcile --marts
# `python` is the one with dlt, dbt and DuckDB; Airflow's is .venv/airflow/bin/python.
# All that the pipeline writes stays inside the repository, unless .env says otherwise.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
environment=$1
shift

# In the image of deploy/Dockerfile all is set already, and holds for commands as well.
if [ -n "${PIPELINE_IMAGE:-}" ] && [ "$environment" = prod ]; then
    export PATH="$root/.venv/work/bin:$root/.venv/airflow/bin:$PATH"
    export DBT_PROJECT_DIR="$root/transform" DBT_PROFILES_DIR="$root/transform"
    exec "$@"
fi

# Settings of another Airflow or dbt in the caller's shell must not leak in.
unset PYTHONDONTWRITEBYTECODE PYTHONHOME VIRTUAL_ENV WORK_BIN
for name in $(env | sed -n 's/^\(\(AIRFLOW__\|DBT_\)[A-Z0-9_]*\)=.*/\1/p'); do
    unset "$name"
done

case $environment in
demo)
    WAREHOUSE_KIND=duckdb
    WAREHOUSE_PATH=data/demo.duckdb
    ;;
drill) # what the drill has set stays as it is
    WAREHOUSE_KIND=${WAREHOUSE_KIND:-duckdb}
    WAREHOUSE_PATH=${WAREHOUSE_PATH:-data/drill/warehouse.duckdb}
    ;;
prod)
    if [ -f .env ]; then
        set -a
        . ./.env
        set +a
    fi
    WAREHOUSE_KIND=postgres
    WAREHOUSE_PATH=${WAREHOUSE_PATH:-data/prod.duckdb}
    ;;
*)
    echo "env: no such environment: $environment (demo, drill or prod)" >&2
    exit 2
    ;;
esac
if [ "$WAREHOUSE_KIND" = duckdb ]; then
    case $WAREHOUSE_PATH in
    /*) ;;
    *) WAREHOUSE_PATH=$root/$WAREHOUSE_PATH ;;
    esac
    mkdir -p "$(dirname "$WAREHOUSE_PATH")"
    export WAREHOUSE_PATH
fi

export PIPELINE_ENV="$environment" WAREHOUSE_KIND
export PYTHONPATH="$root" PATH="$root/.venv/work/bin:$root/.venv/airflow/bin:$PATH"

export DBT_PROJECT_DIR="$root/transform" DBT_PROFILES_DIR="$root/transform"
export DBT_TARGET_PATH="$root/transform/target/$environment" DBT_LOG_PATH="$root/logs/$environment/dbt"

export AIRFLOW_HOME="$root/.airflow/$environment"
mkdir -p "$AIRFLOW_HOME" data
export AIRFLOW__CORE__DAGS_FOLDER="$root/dags"
export AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__LOGGING__BASE_LOG_FOLDER="$root/logs/$environment/airflow"
export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=15
if [ -n "${STATSD_HOST:-}" ]; then # Airflow's metrics, with tags; monitoring/statsd-mapping.yml names them for Prometheus
    export AIRFLOW__METRICS__STATSD_ON=True AIRFLOW__METRICS__STATSD_PREFIX=airflow
    export AIRFLOW__METRICS__STATSD_HOST="$STATSD_HOST" AIRFLOW__METRICS__STATSD_PORT="${STATSD_PORT:-9125}"
    export AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED=True AIRFLOW__METRICS__LEGACY_NAMES_ON=False
    # Airflow drops a metric with braces in a tag, as `kwargs` of a deadline's callback has them.
    export AIRFLOW__METRICS__STATSD_DISABLED_TAGS=job_id,run_id,kwargs,result
fi

exec "$@"

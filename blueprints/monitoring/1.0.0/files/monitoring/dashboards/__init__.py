"""The dashboards of Grafana, as code: `make dashboards` writes monitoring/grafana/dashboards/ anew.

They ask by variables (source, table, DAG), so that they hold for whatever the pipeline loads.
Several pipelines can share one Grafana: each has its own ids, and asks for its own series.
"""

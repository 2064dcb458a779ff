"""Extract-load: what each source's `NAME.json` declares, landed in `raw_NAME` by dlt. Run `python -m ingest --help`."""

"""Every fault that happens to a pipeline, done to this one on purpose. Run `python -m drill --help`."""

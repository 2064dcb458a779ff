"""Data in the sources' real schema, made up and always the same. Run `python -m sample --help`."""

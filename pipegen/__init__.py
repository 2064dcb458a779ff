"""pipegen: interviews a data engineer, designs the pipeline, and writes the repository that runs it."""

__version__ = "0.1.0"

from tests.postgres import postgres
from tests.small import here, small_blueprint

__all__ = ["here", "postgres", "small_blueprint"]

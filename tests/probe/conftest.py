from tests.mariadb import mariadb
from tests.postgres import postgres

__all__ = ["mariadb", "postgres"]

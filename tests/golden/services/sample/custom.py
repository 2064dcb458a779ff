"""Sample values of your own, by "source.table.column" (the ids of ingest/SOURCE.json). This file is yours.

A function gets a random generator, the number of the row (from 0) and the moment the row is about, for example:

    VALUES["shop.orders.status"] = lambda random, row, moment: random.choice(["open", "closed"])
"""

from collections.abc import Callable
from datetime import datetime
from random import Random

VALUES: dict[str, Callable[[Random, int, datetime], object]] = {}

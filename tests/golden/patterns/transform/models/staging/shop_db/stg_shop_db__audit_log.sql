select
    entry,
    actor,
    note,
    _loaded_at
from {{ source('shop_db', 'audit_log') }}

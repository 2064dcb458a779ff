select
    id,
    full_name,
    email,
    country,
    credit_limit,
    score,
    is_active,
    birth_date,
    updated_at
from {{ ref('stg_crm__customers') }}

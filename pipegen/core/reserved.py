"""Words that SQL takes for itself: an identifier that is one of them is always quoted.

Frozen, so that the same spec gives the same bytes for ever: the reserved words of the SQL standard (2016 and 2023), of
PostgreSQL 18 and of DuckDB 1.4 and 2.0, with those that may be a column but not a function or a type. A word that becomes
reserved later is added in a new blueprint version's release, and changes only files that use it.
"""

from __future__ import annotations

RESERVED: frozenset[str] = frozenset(
    """
    abs absent acos all allocate alter analyse analyze and anti any any_value are array array_agg
    array_max_cardinality as asc asensitive asin asof asymmetric at atan atomic authorization avg begin
    begin_frame begin_partition between bigint binary bit blob boolean both btrim by call called cardinality
    cascaded case cast ceil ceiling char char_length character character_length check classifier clob close
    coalesce collate collation collect column columns commit concurrently condition connect constraint contains
    convert copy corr corresponding cos cosh count covar_pop covar_samp create cross cube cume_dist current
    current_catalog current_date current_default_transform_group current_path current_role current_row
    current_schema current_time current_timestamp current_transform_group_for_type current_user cursor cycle
    date day deallocate dec decfloat decimal declare default deferrable define delete dense_rank deref desc
    describe deterministic disconnect distinct do double drop dynamic each element else empty end end_frame
    end_partition equals escape every except exec execute exists exp external extract false fetch filter
    first_value float floor for foreign frame_row free freeze from full function fusion generated get glob
    global grant greatest group grouping grouping_id groups having hold hour identity ilike in indicator initial
    initially inner inout insensitive insert int integer intersect intersection interval into is isnull join
    json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
    json_table json_table_primitive json_value lag lambda language large last_value lateral lead leading least
    left like like_regex limit listagg ln local localtime localtimestamp log log10 lower lpad ltrim map match
    match_number match_recognize matches max measures member merge merge_action method min minute mod modifies
    module month multiset national natural nchar nclob new no none normalize not notnull nth_value ntile null
    nullif numeric occurrences_regex octet_length of offset old omit on one only open or order out outer over
    overlaps overlay parameter partition pattern per percent percent_rank percentile_cont percentile_disc period
    permute pivot pivot_longer pivot_wider placing portion position position_regex positional power precedes
    precision prepare primary procedure ptf qualify range rank reads real recursive ref references referencing
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy release result
    return returning returns revoke right rollback rollup row row_number rows rpad rtrim running savepoint scope
    scroll search second seek select semi sensitive session_user set setof show similar sin sinh skip smallint
    some specific specifictype sql sqlexception sqlstate sqlwarning sqrt start static stddev_pop stddev_samp
    struct submultiset subset substring substring_regex succeeds sum summarize symmetric system system_time
    system_user table tablesample tan tanh then time timestamp timezone_hour timezone_minute to trailing
    translate translate_regex translation treat trigger trim trim_array true truncate try_cast tuple uescape
    union unique unknown unmatched unnest unpack unpivot update upper user using value value_of values var_pop
    var_samp varbinary varchar variadic varying verbose versioning when whenever where width_bucket window with
    within without xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
    xmlserialize xmltable year
    """.split()
)


def is_reserved(word: str) -> bool:
    """Whether a word, in any case, is reserved by DuckDB, PostgreSQL or standard SQL."""
    return word.lower() in RESERVED

"""The dbt project builds on empty tables with no warning, and says of every model what must be said."""


def of_type(manifest, kind):
    return [node for node in manifest["nodes"].values() if node["resource_type"] == kind]


def reads(manifest, model, kind):
    return [id for id in manifest["parent_map"][model["unique_id"]] if id.startswith(f"{kind}.")]


def test_everything_builds_twice_and_every_unit_test_passes(built):
    for done in built:
        assert done.returncode == 0, done.stdout[-3000:]


def test_how_many_models_at_once_is_a_setting_of_the_machine(dbt):
    done = dbt("compile", "--inline", "select 1", DBT_THREADS="3")
    assert "Concurrency: 3 threads" in done.stdout


def test_only_staging_reads_sources(manifest):
    for model in of_type(manifest, "model") + of_type(manifest, "snapshot"):
        if reads(manifest, model, "source"):
            assert model["schema"] == "staging", model["name"]


def test_every_table_is_watched_and_has_one_staging_model(manifest):
    for source in manifest["sources"].values():
        assert "ops.loads" in source["loaded_at_query"]
        assert source["freshness"]["error_after"]["count"]
        children = manifest["child_map"][source["unique_id"]]
        assert len([id for id in children if id.startswith("model.")]) == 1, source["name"]


def test_every_model_is_described_owned_and_in_its_schema(manifest):
    for model in of_type(manifest, "model"):
        assert model["description"] and model["config"]["group"], model["name"]
        assert model["schema"] == model["fqn"][1], model["name"]
    for snapshot in of_type(manifest, "snapshot"):
        assert snapshot["description"] and snapshot["config"]["group"], snapshot["name"]
        assert snapshot["schema"] == "history", snapshot["name"]


def test_what_is_kept_as_a_table_has_a_contract(manifest):
    for model in of_type(manifest, "model"):
        if model["schema"] != "staging" and "custom" not in model["fqn"]:
            assert model["config"]["materialized"] in ("table", "incremental"), model["name"]
            assert model["config"]["contract"]["enforced"], model["name"]


def test_every_incremental_model_says_how_it_grows(manifest):
    for model in of_type(manifest, "model"):
        config = model["config"]
        if config["materialized"] != "incremental" or "custom" in model["fqn"]:
            continue
        assert config["on_schema_change"] in ("fail", "append_new_columns"), model["name"]
        if model["schema"] == "history":
            assert config["full_refresh"] is False and config["pre-hook"], model["name"]
        elif config["incremental_strategy"] == "microbatch":
            assert config["event_time"] and config["begin"] and config["lookback"], model["name"]
            assert config["post-hook"], model["name"]
        else:
            assert config["unique_key"] and config["post-hook"], model["name"]
            assert "max(_loaded_at) - interval" in model["raw_code"], model["name"]
            for column in config["unique_key"]:
                constraints = model["columns"][column.strip('"')]["constraints"]
                assert [c["type"] for c in constraints] == ["not_null"], (model["name"], column)


def test_the_logic_of_every_incremental_model_has_unit_tests(manifest):
    units = manifest["unit_tests"].values()
    tested = {model for unit in units for model in unit["depends_on"]["nodes"]}
    for model in of_type(manifest, "model"):
        by_key = model["config"]["materialized"] == "incremental" and model["config"]["unique_key"]
        if by_key and "custom" not in model["fqn"]:
            assert model["unique_id"] in tested, model["name"]

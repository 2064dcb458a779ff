"""The dbt project builds on empty tables with no warning, and says of every model what must be said."""


def of_type(manifest, kind):
    return [node for node in manifest["nodes"].values() if node["resource_type"] == kind]


def reads(manifest, model, kind):
    return [id for id in manifest["parent_map"][model["unique_id"]] if id.startswith(f"{kind}.")]


def test_everything_builds_and_every_unit_test_passes(built):
    assert built.returncode == 0, built.stdout[-3000:]


def test_only_staging_reads_sources(manifest):
    for model in of_type(manifest, "model"):
        if reads(manifest, model, "source"):
            assert model["schema"] == "staging", model["name"]


def test_every_source_is_watched_and_has_one_staging_model(manifest):
    for source in manifest["sources"].values():
        assert source["loaded_at_query"] and source["freshness"]["error_after"]["count"]
        children = manifest["child_map"][source["unique_id"]]
        assert len([id for id in children if id.startswith("model.")]) == 1, source["name"]


def test_every_model_is_described_owned_and_in_its_schema(manifest):
    for model in of_type(manifest, "model"):
        assert model["description"] and model["config"]["group"], model["name"]
        assert model["schema"] == model["fqn"][1], model["name"]


def test_marts_are_tables_with_a_contract(manifest):
    for model in of_type(manifest, "model"):
        if model["schema"] == "marts":
            assert model["config"]["materialized"] == "table", model["name"]
            own = "custom" in model["fqn"]
            assert model["config"]["contract"]["enforced"] or own, model["name"]

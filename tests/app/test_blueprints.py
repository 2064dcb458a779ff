"""The use cases of ``pipegen blueprints``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pipegen.app.blueprints import lint_blueprints, list_blueprints, new_blueprint, show_blueprint
from pipegen.core.errors import BlueprintError, UsageError, WorkspaceError
from pipegen.render.renderer import render
from pipegen.store.blueprints import BlueprintStore, load_source
from tests.render.blueprints import blueprint
from tests.render.designs import design


def catalog(root: Path, text: str) -> BlueprintStore:
    (root / "catalog.yml").write_text(text, encoding="utf-8")
    return BlueprintStore(root)


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """``audit/1.0.0``, as ``new`` writes it, under a folder of blueprints."""
    new_blueprint("audit", tmp_path)
    (tmp_path / "audit").rename(tmp_path / "x")
    (tmp_path / "audit").mkdir()
    return (tmp_path / "x").rename(tmp_path / "audit/1.0.0")


class TestNew:
    def test_it_passes_its_own_lint(self, tmp_path: Path) -> None:
        written = new_blueprint("audit", tmp_path)
        assert [path.relative_to(tmp_path).as_posix() for path in written] == [
            "audit/blueprint.yml",
            "audit/CHANGELOG.md",
            "audit/readme/audit.md",
            "audit/files/audit/{source}.md",
            "audit/files/audit/settings.yml",
        ]
        assert lint_blueprints(tmp_path / "audit").findings == ()

    def test_it_renders(self, tmp_path: Path) -> None:
        new_blueprint("audit", tmp_path)
        tree = render([load_source(str(tmp_path / "audit")), blueprint({}, name="project")], design(), cache=None)
        assert tree["audit/shop_files.md"].content.decode() == (
            "# shop_files\n\nOwned by data. Its tables:\n\n- `orders`, 3 columns\n- `customers`, 3 columns\n"
        )
        assert tree["audit/settings.yml"].ownership == "once"

    @pytest.mark.parametrize("name", ["", "Audit", "a b", "../a", "1a", "a/b", "x" * 41])
    def test_a_name_that_cannot_be_one(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(UsageError):
            new_blueprint(name, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_there_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "audit").mkdir()
        with pytest.raises(WorkspaceError, match="is there already"):
            new_blueprint("audit", tmp_path)


class TestListAndShow:
    def test_list(self, audit: Path) -> None:
        store = catalog(audit.parent.parent, 'catalogs: {next: {audit: 1.0.0}, "1.0": {audit: 1.0.0}}\n')
        (summary,) = list_blueprints(store)
        assert (summary.name, summary.version, summary.catalogs) == ("audit", "1.0.0", ("1.0", "next"))

    def test_the_bundled_ones(self) -> None:
        assert {"airflow", "dbt", "project"} <= {summary.name for summary in list_blueprints()}

    def test_show(self, audit: Path) -> None:
        details = show_blueprint("audit", store=catalog(audit.parent.parent, "catalogs: {next: {audit: 1.0.0}}\n"))
        assert [(file.path, file.ownership) for file in details.files] == [
            ("audit/settings.yml", "once"),
            ("audit/{source}.md", "merged"),
        ]
        assert details.contributes == {"make": ("audit",), "readme": ("audit",)}
        assert details.questions == ({"id": "team", "ask": "Which team owns it?", "type": "text", "default": "data"},)
        assert json.loads(json.dumps(details.document()))["schema_version"] == 1
        assert show_blueprint(str(audit)).digest == details.digest

    def test_show_what_is_not_there(self, audit: Path) -> None:
        store = catalog(audit.parent.parent, "catalogs: {next: {audit: 1.0.0}}\n")
        with pytest.raises(BlueprintError, match="there is no blueprint `audti`") as caught:
            show_blueprint("audti", store=store)
        assert caught.value.hint == "there is: audit"
        with pytest.raises(BlueprintError, match=r"there is no blueprint `audit 2\.0\.0`"):
            show_blueprint("audit", "2.0.0", store=store)


class TestLint:
    def found(self, path: Path, root: Path) -> list[str]:
        return [f"{f.path.removeprefix(f'{root}/')}:{f.line}: {f.code}" for f in lint_blueprints(path).findings]

    def test_lines_are_those_of_the_file(self, audit: Path) -> None:
        manifest = audit / "blueprint.yml"
        text = manifest.read_text(encoding="utf-8")
        text = text.replace("for_each:", "when: sorces\nfor_each:").replace('"audit/settings', '"audit/settngs')
        text += "  - {id: more, ask: more}\n"
        manifest.write_text(text, encoding="utf-8")
        at = {code.strip(): int(line) for _, line, code in (item.split(":") for item in self.found(audit, audit))}
        lines = ["", *text.splitlines()]
        assert lines[at.pop("undefined")] == "when: sorces"
        assert "settngs" in lines[at.pop("no-match")]
        assert "more" in lines[at.pop("unused")]
        assert at == {}

    def test_a_manifest_that_is_not_valid_is_a_finding(self, audit: Path) -> None:
        (audit / "blueprint.yml").write_text("name: audit\nversion: 1.0.0\nsummary: x\nfils: {}\n", encoding="utf-8")
        report = lint_blueprints(audit)
        assert [(f.line, f.code, f.hint) for f in report.findings] == [(4, "manifest", "did you mean `files`?")]
        assert report.failed

    def test_a_symlink_is_a_finding(self, audit: Path) -> None:
        (audit / "files/x").symlink_to("/etc/passwd")
        assert self.found(audit, audit) == ["files/x:1: manifest"]

    def test_secrets_anywhere(self, audit: Path) -> None:
        token = "ghp_" + "a1" * 18
        (audit / "files/audit/a.md").write_text(f"x\n{token}\n", encoding="utf-8")
        (audit / "readme/x.md").write_text(f"{token}\n", encoding="utf-8")
        with (audit / "blueprint.yml").open("a", encoding="utf-8") as file:
            file.write(f"# {token}\n")
        found = self.found(audit, audit)
        assert [line for line in found if line.endswith("secret")] == found
        assert [line.split(":")[0] for line in found] == ["blueprint.yml", "files/audit/a.md", "readme/x.md"]

    def test_files_that_git_ignores(self, audit: Path) -> None:
        root = audit.parent.parent
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        (root / ".gitignore").write_text("settings.yml\n", encoding="utf-8")
        assert self.found(audit, audit) == ["files/audit/settings.yml:1: ignored"]

    def test_a_whole_folder(self, audit: Path) -> None:
        root = audit.parent.parent
        (root / "other/1.0.0").mkdir(parents=True)
        for path, text in {
            "blueprint.yml": "name: other\nversion: 1.0.0\nsummary: x\n",
            "CHANGELOG.md": "x\n",
            "files/audit/settings.yml": "a: 1\n",
        }.items():
            target = root / "other/1.0.0" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        catalog(root, "catalogs: {next: {audit: 1.0.0, other: 2.0.0}}\n")
        assert self.found(root, root) == ["catalog.yml:1: catalog", "other/1.0.0/files/audit/settings.yml:1: same-path"]
        assert lint_blueprints(root).blueprints == 2

    def test_a_warning_alone_does_not_fail(self, audit: Path) -> None:
        (audit / "files/audit/a.md").write_text("x\n\n<%= ci | trusted %>\n", encoding="utf-8")
        report = lint_blueprints(audit)
        assert [f.code for f in report.findings] == ["trusted"]
        assert not report.failed
        assert report.document()["findings"][0]["line"] == 3

    def test_a_folder_with_no_blueprint(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"there is no blueprint\.yml"):
            lint_blueprints(tmp_path)

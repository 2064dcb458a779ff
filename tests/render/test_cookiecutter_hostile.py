"""Templates that would run code, read files, or never end: none of them does, and nothing is left to say that it did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import SecurityError, TemplateNotFound, UndefinedError

from pipegen.core.errors import BlueprintError
from pipegen.render.cookiecutter_draws import Draws
from pipegen.render.cookiecutter_process import Limits
from pipegen.render.cookiecutter_sandbox import CookiecutterSandbox, MemoryLoader
from tests.render.cookiecutters import SEED, TIME, files, ours, picked, template

# Each writes the canary where the sandbox lets it through: `TOUCH` is a command of the shell.
ESCAPES = [
    "{{ cycler.__init__.__globals__.os.system('TOUCH') }}",
    "{{ joiner.__init__.__globals__.os.system('TOUCH') }}",
    "{{ namespace.__init__.__globals__.os.system('TOUCH') }}",
    "{{ lipsum.__globals__.os.system('TOUCH') }}",
    "{{ lipsum.__globals__['os'].system('TOUCH') }}",
    "{{ lipsum['__globals__']['os']['system']('TOUCH') }}",
    "{{ lipsum|attr('__globals__') }}",
    "{{ (lipsum|attr('__glo' ~ 'bals__'))['os'].system('TOUCH') }}",
    "{{ [lipsum]|map('attr', '__globals__')|first }}",
    "{{ ([lipsum]|map(attribute='__globals__')|first).os.system('TOUCH') }}",
    "{{ ([[lipsum, 1]]|map(attribute='0.__globals__')|first).os.system('TOUCH') }}",
    "{{ random_ascii_string.__globals__ }}",
    "{{ uuid4.__closure__[0].cell_contents }}",
    "{{ cycler('a').__class__.__init__.__globals__.os.system('TOUCH') }}",
    "{{ cycler('a').__init__.__func__.__globals__.os.system('TOUCH') }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os.system('TOUCH') }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').system('TOUCH') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__']['__mro__'] }}",
    "{{ (''|attr('__class__')).mro() }}",
    "{{ dict.mro()[1].__subclasses__() }}",
    "{{ dict.fromkeys.__self__.__mro__[1].__subclasses__() }}",
    "{{ range.__base__.__subclasses__() }}",
    "{{ cookiecutter.__class__.__init__.__globals__ }}",
    "{{ cookiecutter.update.__self__.__class__.__mro__ }}",
    "{{ cookiecutter.watching.__globals__ }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ '{0.__init__.__globals__[os]}'.format(cycler('a')) }}",
    "{{ '{a.__globals__}'.format_map({'a': lipsum}) }}",
    "{{ ('{0.__globals__}'.format)(lipsum) }}",
    "{{ ''.format.__wrapped__.__self__.__class__.__mro__ }}",
    "{% set f = '{0.__globals__}'.format %}{{ f(lipsum) }}",
    "{{ ['{0.__globals__}'.format]|map('call', lipsum)|list }}",
    "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__.os.system('TOUCH') }}",
    "{% macro m() %}{% endmacro %}{{ m._environment.loader.__init__.__globals__ }}",
    "{% for x in [1] %}{{ loop.__init__.__globals__.os.system('TOUCH') }}{% endfor %}",
    "{% for x in [1] %}{{ loop._undefined.__init__.__globals__ }}{% endfor %}",
    "{% set ns = namespace() %}{{ ns.__init__.__globals__.os.system('TOUCH') }}",
    "{% set ns = namespace(a=lipsum) %}{{ ns.a.__globals__.os.system('TOUCH') }}",
    "{{ undefined_name.__class__.__init__.__globals__ }}",
    "{% import 'other' as o %}{{ o.__init__.__globals__.os.system('TOUCH') }}",
    "{% import 'other' as o %}{{ o.__loader__ }}",
    "{% from 'other' import __globals__ %}{{ __globals__.os }}",
    "{{ (cookiecutter|map('upper')).gi_frame.f_globals.os.system('TOUCH') }}",
    "{{ ([1]|batch(1)).gi_frame.f_builtins.__import__('os').system('TOUCH') }}",
    "{{ config }}{{ get_flashed_messages.__globals__ }}",
    "{{ __builtins__ }}",
    "{{ __import__('os').system('TOUCH') }}",
    "{{ context.environment }}",
    "{{ environment.globals }}",
    "{% set x = (1).__class__ %}{{ x.__base__.__subclasses__() }}",
    "{{ 'a'|e|attr('__html__')|attr('__func__')|attr('__globals__') }}",
    "{% now __import__('os'), '%Y' %}",
    "{% now 'utc'.__class__, '%Y' %}",
    "{{ cookiecutter.items.__call__.__self__.__class__ }}",
    "{{ super.__class__ }}{% block b %}{{ super().__class__ }}{% endblock %}",
    "{% call cycler.__init__() %}{% endcall %}",
    "{{ [].append.__self__.__class__.__base__.__subclasses__() }}",
    "{{ caller.__globals__ }}",
    "{{ _cookiecutter.__class__ }}",
    "{{ slugify.__globals__ }}{{ 'x'|slugify|attr('__class__')|attr('__base__') }}",
    "{{ 0.0.__class__ }}{{ none.__class__.__base__ }}",
]


def command(canary: Path) -> str:
    return f"touch {canary}"


@pytest.mark.parametrize("text", ESCAPES)
def test_no_way_leads_out_of_the_sandbox(text: str, tmp_path: Path) -> None:
    """In this very process, so that a way out would be a way into it."""
    canary = tmp_path / "canary"
    config = {"slug": "x"}
    env = CookiecutterSandbox(config, Draws(SEED, TIME), MemoryLoader({"other": "{% set a = 1 %}"}))
    with pytest.raises(Exception) as refused:
        env.from_string(text.replace("TOUCH", command(canary))).render(cookiecutter=config, _cookiecutter=config)
    assert isinstance(refused.value, (SecurityError, UndefinedError)) or type(refused.value).__module__.startswith(
        "jinja2"
    ), refused.value
    assert not canary.exists()


def test_the_escapes_would_work_in_cookiecutter(tmp_path: Path) -> None:
    """The first of them do write the canary where nothing stops them, so the test above can fail."""
    from cookiecutter.environment import StrictEnvironment

    for number, text in enumerate(ESCAPES[:6]):
        canary = tmp_path / f"canary{number}"
        StrictEnvironment(context={}).from_string(text.replace("TOUCH", command(canary))).render()
        assert canary.exists(), text


PLACES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a file": ({}, {"x.txt": "CODE"}),
    "the name of a file": ({}, {"{{ lipsum['__globals__']['os']['system'](cookiecutter.touch) }}": "x"}),
    "the name of a folder": ({}, {"{{ lipsum['__globals__']['os']['system'](cookiecutter.touch) }}/x": "x"}),
    "a variable": ({"a": "CODE"}, {"x.txt": "x"}),
    "a choice": ({"a": ["CODE", "b"]}, {"x.txt": "x"}),
    "the key of a mapping": ({"a": {"CODE": "b"}}, {"x.txt": "x"}),
    "a derived variable": ({"__a": ["CODE"]}, {"x.txt": "x"}),
    "an included file": ({}, {"x.txt": "{% include 'y' %}", "/templates/y": "CODE"}),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_template_is_refused_wherever_the_code_is(place: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    code = f"{{{{ lipsum.__globals__.os.system('{command(canary)}') }}}}"
    config, contents = PLACES[place]
    variables = json.loads(json.dumps(config).replace("CODE", code))
    texts = {path: content.replace("CODE", code) for path, content in contents.items()}
    folder = template(tmp_path / "tpl", {"touch": command(canary), **variables}, texts)
    with pytest.raises(BlueprintError, match="does what no template needs") as refused:
        ours(folder)
    assert "--trust" in (refused.value.hint or "")
    assert not canary.exists()


@pytest.mark.parametrize(
    ("config", "contents", "named"),
    [
        ({}, {"/hooks/pre_gen_project.py": "TOUCH"}, r"hooks/pre_gen_project\.py"),
        ({}, {"/hooks/post_gen_project.sh": "TOUCH"}, r"hooks/post_gen_project\.sh"),
        ({}, {"/hooks/pre_prompt.py": "TOUCH"}, r"hooks/pre_prompt\.py"),
        ({"_extensions": ["local_extensions.Bad"]}, {"/local_extensions.py": "TOUCH"}, r"local_extensions\.Bad"),
        ({"_extensions": ["jinja2.ext.debug"]}, {}, r"jinja2\.ext\.debug"),
        ({"_extensions": ["os.path.join"]}, {}, r"os\.path\.join"),
        ({"_extensions": "cookiecutter.extensions.TimeExtension"}, {}, "_extensions"),
    ],
)
def test_code_of_the_template_does_not_run_without_trust(
    config: dict[str, Any], contents: dict[str, str], named: str, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    code = f"import pathlib; pathlib.Path({str(canary)!r}).touch()\n"
    folder = template(tmp_path / "tpl", config, {"x": "1", **dict.fromkeys(contents, code)})
    with pytest.raises(BlueprintError, match=f"runs code of its own: {named}") as refused:
        ours(folder)
    assert "--trust" in (refused.value.hint or "")
    assert not canary.exists()


def test_a_hooks_folder_that_is_a_symlink_is_code_too(tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", {}, {"x": "1", "/elsewhere/post_gen_project.py": "1"})
    (folder / "hooks").symlink_to("elsewhere")
    with pytest.raises(BlueprintError, match="runs code of its own: hooks"):
        ours(folder)


def test_a_hooks_folder_with_no_hook_is_no_code(tmp_path: Path) -> None:
    folder = template(
        tmp_path / "tpl",
        {},
        {"x": "1", "/hooks/README.md": "?", "/hooks/post_gen_project.py~": "?", "/hooks/in/pre_prompt.py": "?"},
    )
    assert picked(folder).code() == []
    assert set(files(ours(folder))) == {"x"}


def test_settings_of_jinja_that_would_change_the_sandbox_are_refused() -> None:
    for setting in (
        {"extensions": ["x"]},
        {"finalize": "x"},
        {"undefined": "x"},
        {"enable_async": True},
        {"loader": "x"},
        ["x"],
    ):
        with pytest.raises(SecurityError, match="sets what a template may not set"):
            CookiecutterSandbox({"_jinja2_env_vars": setting}, Draws(SEED, TIME))
    with pytest.raises(SecurityError, match=r"the extension `local\.Bad` is not one of those"):
        CookiecutterSandbox({"_extensions": ["local.Bad"]}, Draws(SEED, TIME))


SMALL = Limits(seconds=1, memory=300_000_000)
DOUBLING = (
    "{% set ns = namespace(x='x' * 1000) %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "was not rendered after 1 seconds",
        ),
        ("{{ 'x' * 10 ** 10 }}", r"x:1: a repetition is longer than 10,000,000"),
        ("{{ 10 ** 9 * [1] }}", r"x:1: a repetition is longer"),
        ("{{ 10 ** (10 ** 10) }}", r"x:1: a power is too large"),
        ("{% for x in range(10 ** 12) %}x{% endfor %}", "Range too big"),
        (DOUBLING, "fills more than 300 MB of memory"),
        ("{{ 'x'.ljust(10 ** 10) }}", "fills more than 300 MB of memory"),
        ("{{ '%1000000000d' % 1 }}", "(fills more than 300 MB|x:1: )"),
        ("{{ lipsum(10 ** 9) }}", "(fills more than 300 MB|was not rendered after)"),
        ("{{ random_ascii_string(10 ** 9) }}", "more than 1000000"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "(recursion|brought its renderer down)"),
        ("{% include 'x' %}", "recursion"),
        ("{{ 'a' * 9000000 }}" * 40, "(fills more than 300 MB|longer than)"),
    ],
)
def test_a_template_that_never_ends_or_fills_the_memory_is_stopped(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match=f"(?s){message}"):
        ours(template(tmp_path / "tpl", {}, {"x": text}), limits=SMALL)


def test_a_path_of_the_machine_is_read_by_no_template(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("private\n")
    env = CookiecutterSandbox({}, Draws(SEED, TIME), MemoryLoader({"x": "1"}, {"y": "2"}))
    assert env.from_string("{% include './x' %}{% include 'y' %}").render() == "12"
    for name in (
        str(secret),
        "../secret.txt",
        "../../secret.txt",
        "../cookiecutter.json",
        "a/../../x",
        "/x/../etc/hostname",
    ):
        with pytest.raises(TemplateNotFound):
            env.from_string(f"{{% include {name!r} %}}").render()


CONFINED = """
import ctypes, json, os, shutil, socket, subprocess, sys, tempfile
sys.path[:0] = [sys.argv[1]]
from pipegen.render import cookiecutter_child
asked = json.load(sys.stdin)
cookiecutter_child.confine(20, 1_000_000_000)
done = []
for code in asked:
    try:
        exec(code)
    except OSError:
        continue
    done.append(code)
print(json.dumps(done))
"""
DEEDS = [
    "os.system('touch CANARY')", "subprocess.run(['touch', 'CANARY'])", "os.execv('/usr/bin/touch', ['touch', 'CANARY'])",
    "os.posix_spawn('/usr/bin/touch', ['touch', 'CANARY'], {})", "os.fork()", "os.kill(os.getpid(), 9)", "ctypes.CDLL(None)",
    "open('CANARY', 'w')", "open('CANARY', 'ab')", "os.open('CANARY', os.O_CREAT | os.O_WRONLY)", "os.mkdir('CANARY')",
    "os.symlink('x', 'CANARY')", "os.remove('VICTIM')", "os.rename('VICTIM', 'CANARY')", "os.truncate('VICTIM', 0)",
    "shutil.rmtree('VICTIM')", "os.chmod('VICTIM', 0o777)", "open('VICTIM').read()", "open('VICTIM', 'r+')", "tempfile.mkdtemp()",
    "socket.socket()", "socket.create_connection(('127.0.0.1', 9))", "os.putenv('A', 'b')",
]  # fmt: skip


def test_the_process_that_renders_has_no_rights_to_lose(tmp_path: Path) -> None:
    """What holds if the sandbox did not: the same process, with Python at hand."""
    canary, victim = tmp_path / "canary", tmp_path / "victim"
    victim.write_text("whole")
    asked = json.dumps([deed.replace("CANARY", str(canary)).replace("VICTIM", str(victim)) for deed in DEEDS])
    command = [sys.executable, "-P", "-c", CONFINED, str(Path(__file__).parents[2])]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stdout + done.stderr
    assert not os.path.lexists(canary)
    assert victim.read_text() == "whole"


def test_a_renderer_that_is_killed_is_an_error_of_the_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipegen.render import cookiecutter_process

    monkeypatch.setattr(cookiecutter_process, "_START", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV) # {0}")
    with pytest.raises(BlueprintError, match=f"brought its renderer down .exit code {-signal.SIGSEGV}"):
        ours(template(tmp_path / "tpl", {}, {"x": "1"}))

"""What is kept of an interview that was left: the answers by step and what was given before it, without any password."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pipegen.app.answers import Answer, Given
from pipegen.app.interview.places import shown
from pipegen.app.interview.step import Reply, without
from pipegen.core import names, questions
from pipegen.core.errors import SpecError, UsageError
from pipegen.core.spec.remote_url import has_secret
from pipegen.store import yaml_file
from pipegen.store.drafts import Drafts

VERSION = 1


@dataclass(frozen=True)
class Draft:
    """``base`` is what was given before the interview, ``answers`` go by step, ``more`` are questions that were asked for.

    ``anew`` are questions that were answered before the interview, and asked all the same; ``name`` is what it is kept by.
    """

    base: Given = field(repr=False)
    answers: Mapping[str, Reply] = field(repr=False)
    more: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    name: str | None = None

    def joined(self, now: Given) -> tuple[Given, tuple[str, ...]]:
        """What was given then, and what is given now, which comes before it; and what is still to be asked anew."""
        anew = tuple(name for name in self.anew if name not in now.flags)
        for name in anew:  # a variable that is still set gave an answer that was changed
            now = without(now, questions.BY_NAME[name])
        return self._joined(now), anew

    def _joined(self, now: Given) -> Given:
        then = self.base
        layer = now.answers
        if layer is None and then.answers_file not in (None, "-"):
            layer = yaml_file.read(now.cwd / str(then.answers_file), then.answers_file)
        return replace(
            now,
            name=now.name or then.name,
            flags={**then.flags, **now.flags},
            sets=[*then.sets, *now.sets],
            answers=layer,
            answers_file=now.answers_file or then.answers_file,
            directory=now.directory or then.directory,
        )


def keep(drafts: Drafts, draft: Draft) -> None:
    """Keep a draft by its name; raises as :meth:`Drafts.keep`."""
    base = draft.base
    given = {
        "name": base.name,
        "flags": {key: value for key, value in _plain_flags(base.flags).items() if value},
        "sets": [{"key": key, "value": value} for key, value in base.sets if not _is_secret(value)],
        "answers_file": base.answers_file,
        "directory": str(base.directory) if base.directory is not None else None,
    }
    answers = [{"step": id, "answer": _plain(id, reply)} for id, reply in draft.answers.items()]
    values: dict[str, Any] = {
        "version": VERSION,
        "folder": str(base.cwd.resolve()),
        "given": {key: value for key, value in given.items() if value},
        "answers": answers,
        "more": list(draft.more),
        "anew": list(draft.anew),
    }
    drafts.keep(draft.name, values)


def _plain_flags(flags: Mapping[str, Answer]) -> dict[str, str | list[str]]:
    """Flags without passwords: a source as it may be printed, and no other text with a secret in it."""
    found: dict[str, str | list[str]] = {}
    for key, answer in flags.items():
        texts = [answer] if isinstance(answer, str) else list(answer)
        texts = [shown(text) for text in texts] if key == "source" else [t for t in texts if not has_secret(t)]
        found[key] = texts[0] if isinstance(answer, str) and texts else texts
    return found


def _plain(step: str, reply: Reply) -> str | list[str]:
    if isinstance(reply, tuple):
        return list(reply)
    if step.partition(".")[0] == "source":
        return shown(reply) if reply.strip() else ""
    return "" if has_secret(reply) else reply


def _is_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_secret(one) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_is_secret(one) for one in value)
    return isinstance(value, str) and has_secret(value)


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Set(_Shape):
    key: str
    value: Any = None


class _BeforeShape(_Shape):
    name: str | None = None
    flags: dict[str, str | list[str]] = {}
    sets: list[_Set] = []
    answers_file: str | None = None
    directory: str | None = None


class _AnswerShape(_Shape):
    step: str
    answer: str | list[str]


_TYPES = ("str", "list[str]")  # by which an error says which of several types it tried


class _DraftShape(_Shape):
    folder: str = ""
    given: _BeforeShape = _BeforeShape()
    answers: list[_AnswerShape] = []
    more: list[str] = []
    anew: list[str] = []


def read(drafts: Drafts, name: str | None, now: Given) -> Draft:
    """The draft of a pipeline; without a name the newest that was begun in this folder, or else the newest.

    Raises:
        UsageError: there is none, it was begun in another folder, or it cannot be read.
        SpecError: it is no YAML.
    """
    there = drafts.names()
    if name is None and there:
        name = _newest(drafts, there, now)
    values = drafts.read(name) if name is not None or there else None
    if values is None:
        kept = [one for one in there if one is not None]
        hint = names.did_you_mean(name or "", kept) or (f"there are: {', '.join(kept[:20])}" if kept else None)
        what = f"no draft of `{names.shorten(name)}` is kept" if name else "no draft is kept"
        raise UsageError(what, hint=hint or "`pipegen new` begins one")
    begin_anew = "remove it, and begin anew with `pipegen new`"
    if values.get("version") != VERSION:
        raise UsageError(f"the draft `{drafts.path(name)}` is of another version of pipegen", hint=begin_anew)
    try:
        found = _DraftShape.model_validate(values)
    except ValidationError as error:
        at = ".".join(str(part) for part in error.errors()[0]["loc"] if part not in _TYPES)
        raise UsageError(
            f"the draft `{drafts.path(name)}` was edited: `{at}` cannot be taken", hint=begin_anew
        ) from None
    if found.folder and not _begun_in(found.folder, now):
        raise UsageError(f"this interview was begun in `{found.folder}`", hint="go there, or name it with `-C DIR`")
    return _parsed(found, name)


def _newest(drafts: Drafts, there: Sequence[str | None], now: Given) -> str | None:
    for name in there:
        with contextlib.suppress(UsageError, SpecError):
            values = drafts.read(name) or {}
            if _begun_in(str(values.get("folder")), now):
                return name
    return there[0]


def _begun_in(folder: str, now: Given) -> bool:
    return Path(folder) == now.cwd.resolve()


def _parsed(found: _DraftShape, kept_as: str | None) -> Draft:
    given = found.given
    flags = {name: _answer(name, answer) for name, answer in given.flags.items() if name in questions.BY_NAME}
    base = Given(
        name=given.name,
        flags=flags,
        sets=[(one.key, one.value) for one in given.sets],
        answers_file=given.answers_file,
        directory=Path(given.directory) if given.directory else None,
    )
    answers = {one.step: tuple(one.answer) if isinstance(one.answer, list) else one.answer for one in found.answers}
    more, anew = (tuple(name for name in some if name in questions.BY_NAME) for some in (found.more, found.anew))
    return Draft(base, answers, more, anew, kept_as)


def _answer(name: str, answer: str | list[str]) -> Answer:
    return [answer] if isinstance(answer, str) and questions.BY_NAME[name].repeat else answer

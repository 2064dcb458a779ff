"""Conducting the interview: the questions, then the review, and from there back to the questions until it is written or left."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from pipegen.app.answers import Given, draft
from pipegen.app.generate import Generated, generate
from pipegen.app.interview import kept, naming, review
from pipegen.app.interview.picture import Pictures, in_words
from pipegen.app.interview.places import SAMPLE, has_sources
from pipegen.app.interview.review import Review
from pipegen.app.interview.said import Said, given_of
from pipegen.app.interview.step import Way, given_place, set_address, without
from pipegen.app.interview.walk import Walk
from pipegen.core import names, questions
from pipegen.core.errors import PipegenError, Problem, SpecError, WorkspaceError
from pipegen.core.measured import Measured
from pipegen.core.prompting import Back, Prompter, Stopped
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.model import PipelineSpec
from pipegen.store import workspace
from pipegen.store.drafts import Drafts

Progress = Callable[[str], None]
Show = Callable[[Review], None]
_OF_NO_SOURCE = PipelineSpec.model_fields.keys() - {"sources"}


@dataclass(frozen=True)
class Interviewed:
    """What came of an interview: ``given`` as flags and assignments say it, what was measured, and what is generated from it.

    ``generated`` is what was reviewed, None where nothing is to be written. ``name`` is that of the draft, which who writes the
    repository drops then; ``resume`` the command that goes on with it.
    """

    given: Given = field(repr=False)
    measured: dict[str, Measured]
    decision: Literal["write", "quit"]
    generated: Generated | None
    name: str
    resume: str


def is_needed(given: Given) -> bool:
    """Whether something that has no default was not given, so that it must be asked for."""
    return naming.given_name(given) is None or not has_sources(given)


def resume_command(given: Given, name: str | None) -> str:
    """The command that goes on with an interview that was left."""
    words = ["pipegen", "new", *([name] if name else []), "--resume"]
    return shlex.join([*words, *(["-C", str(given.cwd)] if str(given.cwd) != "." else [])])


def interview(
    given: Given,
    prompter: Prompter,
    *,
    drafts: Drafts,
    resume: bool = False,
    progress: Progress = lambda _: None,
    show: Show | None = None,
) -> Interviewed:
    """Ask for what was not given, look at the sources as they are named, and review it; nothing is written but the draft.

    ``show`` shows the review; without it the prompter says it.

    Raises:
        Stopped: the person left. Its text is the command that goes on; the draft is kept.
        UsageError, SpecError, SourceError, WorkspaceError: what was given cannot be taken, so that to ask is of no use.
    """
    _refuse_name(given)
    before = kept.read(drafts, naming.given_name(given), given) if resume else None
    base, anew = before.joined(given) if before is not None else (given, ())
    _refuse_name(base)
    _refuse_target(base, resumed=before is not None)
    _refuse_values(base)
    conduct = _Conduct(base, prompter, drafts, progress, show)
    if before is not None:
        conduct.walk.take_up(before.answers)
        conduct.kept_as = (before.name,)
        conduct.way.more, conduct.way.anew = before.more, anew
    return conduct.run()


def _refuse_name(given: Given) -> None:
    name = naming.given_name(given)
    wrong = names.spec_name_problem(name, "pipeline") if name is not None else None
    if wrong:
        raise SpecError([Problem(wrong, "NAME" if given.name else None)])


def _refuse_target(base: Given, *, resumed: bool) -> None:
    name = naming.given_name(base)
    if name is None and base.directory is None:
        return
    try:
        workspace.check_target(naming.target(name or "", base))
    except WorkspaceError as error:
        if not resumed:
            raise
        raise WorkspaceError(
            error.message, hint="the answers are kept: `--dir PATH` goes on with them elsewhere"
        ) from None


def _refuse_values(base: Given) -> None:
    """Refuse values that their keys do not take, before anything is asked: no answer could mend them.

    What is said of sources that are still to be named is looked at when they are.
    """
    known = base
    if not has_sources(base):
        sets = [(key, value) for key, value in base.sets if set_address(key)[0] in _OF_NO_SOURCE]
        known = replace(base, sets=sets, flags={**base.flags, "source": [SAMPLE]})
    made = draft(replace(known, name=naming.given_name(base) or questions.NAME.example))
    spec_load.load(made.values, made.locate)


class _Conduct:
    def __init__(self, base: Given, prompter: Prompter, drafts: Drafts, progress: Progress, show: Show | None) -> None:
        self.prompter, self.drafts, self.progress = prompter, drafts, progress
        self.show = show or self._say
        self.way = Way(base, Pictures(base, progress), prompter)
        self.walk = Walk(self.way, prompter, self._keep)
        self.kept_as: tuple[()] | tuple[str | None] = ()
        self.spared: dict[str | None, int] = {}
        self.unkept = ""

    def run(self) -> Interviewed:
        try:
            self._spares(self._name())
            while True:
                said = self.walk.questions()
                self._keep()
                done = self._review(said)
                if done is not None:
                    return done
        except (Stopped, KeyboardInterrupt, EOFError):
            self._keep()
            if self.unkept:
                self.prompter.say(self.unkept, "note")
            raise Stopped(resume_command(self.way.base, self._name())) from None

    def _name(self) -> str | None:
        known = self.walk.answers.get("name") or self.walk.earlier.get("name")
        said = known.reply.strip() if known is not None and isinstance(known.reply, str) else ""
        asked = said if not names.spec_name_problem(said, "pipeline") else None  # a draft may hold any text
        return naming.given_name(self.way.base) or asked

    def _spares(self, name: str | None) -> bool:
        """Whether another interview's draft has this name and is left alone: until there is an answer more than when it was told."""
        if self.kept_as == (name,) or not self.drafts.has(name):
            return False
        count = len(self.walk.answers)
        if name not in self.spared:
            self.spared[name] = count
            if name is not None:
                how = f"ctrl-c, and `{resume_command(self.way.base, name)}` goes on with it"
                self.prompter.say(f"a draft of `{name}` is kept: {how}; the next answer takes its place", "note")
        return self.spared[name] >= count

    def _keep(self) -> None:
        """Keep the draft; where that fails, it is told when the person leaves."""
        name, answers = self._name(), {id: answered.reply for id, answered in self.walk.answers.items()}
        if self._spares(name):
            return
        try:
            kept.keep(self.drafts, kept.Draft(self.way.base, answers, self.way.more, self.way.anew, name))
            if self.kept_as and self.kept_as != (name,):  # it has another name now
                self.drafts.drop(*self.kept_as)
            self.kept_as, self.unkept = (name,), ""
        except WorkspaceError as error:
            self.unkept = in_words(error)

    def _review(self, said: Said) -> Interviewed | None:
        """Show what would be written, and do what the person wants; None where there is more to ask."""
        given = given_of(self.way.base, said, self.way.facts(said))
        found = self._reviewed(given, said)
        self.show(found)
        while True:
            try:
                choice = self.prompter.ask(review.menu(found))
            except Back:
                self.walk.back()
                return None
            if choice in (review.WRITE, review.QUIT):
                return self._done(given, said, cast('Literal["write", "quit"]', choice), found)
            if self._asked_on(cast(str, choice), found):
                return None

    def _done(self, given: Given, said: Said, decision: Literal["write", "quit"], found: Review) -> Interviewed:
        name = self._name() or ""
        made = found.generated if decision == review.WRITE else None
        return Interviewed(given, dict(self.way.facts(said)), decision, made, name, resume_command(self.way.base, name))

    def _asked_on(self, choice: str, found: Review) -> bool:
        """Begin to change an answer, or to ask more; false where the person goes back to the review, or nothing is left to ask."""
        try:
            if choice == review.CHANGE:
                self._change(cast(str, self.prompter.ask(review.which(found.answers))))
                return True
            ask = review.more(self.way, found.answers)
            if ask is None:
                self.prompter.say("everything was asked", "note")
                return False
            wanted = cast("tuple[str, ...]", self.prompter.ask(ask))
        except Back:
            return False
        self.way.more = (*self.way.more, *wanted)
        return bool(wanted)

    def _change(self, id: str) -> None:
        """Ask once more what was asked; or ask what was given before, or had its default."""
        question = questions.BY_NAME.get(id)
        if id in self.walk.answers or question is None:
            self.walk.change(id)
            return
        base, more, anew = self.way.base, self.way.more, self.way.anew

        def undo() -> None:
            self._begin_from(base)
            self.way.more, self.way.anew = more, anew

        if given_place(base, question) is None:
            self.way.more = (*more, id)
        else:
            self._begin_from(without(base, question))
            self.way.anew = (*anew, id)
        self.walk.change(id, undo)

    def _begin_from(self, base: Given) -> None:
        self.way.base = self.way.pictures.base = base

    def _reviewed(self, given: Given, said: Said) -> Review:
        try:
            made, trouble = generate(given, looked=self.way.pictures.looked, progress=self.progress), ""
        except PipegenError as error:
            made, trouble = None, in_words(error)
        asked = [review.asked(step, self.walk.answers[step.id].reply) for step in self.walk.path]
        steps = {step.id for step in self.walk.path}
        known = list(review.measured(made, self.way.facts(said), steps)) if made is not None else []
        rest = review.unasked(self.way, made, {id.partition(".")[0] for id in steps})
        return Review((*asked, *known, *rest), made, trouble)

    def _say(self, found: Review) -> None:
        self.prompter.say("So it is:", "heading")
        for known in found.answers:
            self.prompter.say(f"{known.about}: {known.value} ({known.origin})")
        if found.trouble:
            self.prompter.say(found.trouble, "note")

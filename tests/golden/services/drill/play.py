"""Plays the scenarios, chapter by chapter, and notes how each went."""

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from drill.bed import Bed, representatives
from drill.report import FAILS, HOLDS, NO_MEANING, NOT_RUN, Result
from drill.scenarios import CHAPTERS, OF_TRANSFORM
from drill.scenarios.scenario import Scenario
from drill.stage import Broken, Stage
from drill.twins import MARKER

ALL = "all models"


class Player:
    """Plays on a bed; `chosen` scenarios of one `source`, or all."""

    def __init__(self, made: Bed, chosen: set[str], source: str | None, smoke: bool):
        self._bed = made
        self._chosen = chosen
        self._smoke = smoke
        self._stages = [stage for stage in made.stages if source in (None, stage.source.id)]
        self._casts = {
            stage.source.id: representatives(stage.source, made.uses(stage.source))
            for stage in self._stages
        }
        self.results: list[Result] = []

    def play(self) -> list[Result]:
        if not self._first_load():
            return self.results
        chapters = {
            name: [one for one in many if self._is_wanted(one)] for name, many in CHAPTERS.items()
        }
        if self._smoke:  # one transform for all
            chapters = {"all of these": [one for many in chapters.values() for one in many]}
        for name, wanted in chapters.items():
            if wanted:
                self._chapter(name, wanted)
        self._of_transform()
        self._secrets()
        return self.results

    def keep_outputs(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number, run in enumerate(self._bed.pipeline.outputs):
            text = f"$ {run.command}\n{run.output}\nexit {run.code}, {run.seconds:.1f} s\n"
            (folder / f"{number:03}.log").write_text(text, encoding="utf-8")

    def _is_wanted(self, scenario: Scenario) -> bool:
        if self._chosen:
            return scenario.name in self._chosen
        return scenario.smoke or not self._smoke

    def _first_load(self) -> bool:
        """All sources loaded, transformed and compared: what every scenario starts from."""
        began = time.monotonic()
        failed = self._bed.load_all()
        wrong = [run.last() for run in failed]
        if not wrong:
            for stage in self._bed.stages:
                stage.compare(stage.source.tables)
                wrong += [f"{name}: {text}" for name, text in stage.wrong.items()]
                stage.wrong.clear()
        if not wrong:
            run = self._bed.transform()
            wrong = [] if run.good else [run.last()]
            wrong = wrong or [f"{name}: {text}" for name, text in self._bed.transformed().items()]
        happened = "; ".join(wrong) or "all sources, whole, through every model"
        self._note(
            Result(
                "the first load",
                ALL,
                "",
                happened,
                FAILS if wrong else HOLDS,
                time.monotonic() - began,
            )
        )
        if not wrong:
            self._bed.save()
        return not wrong

    def _chapter(self, name: str, scenarios: list[Scenario]) -> None:
        """Scenarios one after the other on the same data, then the transform; alone again, each, where that fails."""
        for scenario in scenarios:
            self._scenario(scenario)
        text, seconds = self._transform()
        if text and len(scenarios) > 1:
            text = f"{text} (see the scenarios that follow, each with a transform of its own)"
        after = (
            f"transform after {name}"
            if len(scenarios) > 1
            else f"transform after {scenarios[0].name}"
        )
        self._verdict(after, text, "staging, marts and history are as the oracle says", seconds)
        if not text:
            return
        self._bed.restore()
        for scenario in scenarios if len(scenarios) > 1 else []:
            self._scenario(scenario)
            text, seconds = self._transform()
            if text:
                self._verdict(f"transform after {scenario.name}", text, "", seconds)
            self._bed.restore()

    def _scenario(self, scenario: Scenario) -> None:
        held = all([self._on_stage(scenario, stage) for stage in self._stages])
        if scenario.alone or not held:
            self._bed.restore()

    def _on_stage(self, scenario: Scenario, stage: Stage) -> bool:
        """One scenario for all tables of a source that it has a meaning for."""
        cast = self._casts[stage.source.id]
        missing = scenario.needs(stage)
        stage.cast = []
        for table in cast:
            why = scenario.concerns(stage) or scenario.applies(table)
            if why or missing:
                verdict = NO_MEANING if why else NOT_RUN
                self._note(
                    Result(scenario.name, str(table), table.pattern, why or missing, verdict)
                )
            else:
                stage.cast.append(table)
        if not stage.cast:
            return True
        stage.wrong.clear()
        began = time.monotonic()
        happened = self._act(scenario, stage)
        seconds = time.monotonic() - began
        for table in stage.cast:
            wrong = stage.wrong.get(table.id)
            verdict = FAILS if wrong else HOLDS
            self._note(
                Result(
                    scenario.name, str(table), table.pattern, wrong or happened, verdict, seconds
                )
            )
            seconds = 0.0
        return not stage.wrong

    def _act(self, scenario: Scenario, stage: Stage) -> str:
        try:
            return scenario.act(stage)
        except Broken as error:
            text = str(error)
        except Exception as error:  # the drill's own: it must not hide how the others went
            text = f"the drill itself failed: {type(error).__name__}: {error}"
            traceback.print_exc()
        for table in stage.cast:
            stage.fail(table, text)
        return text

    def _transform(self) -> tuple[str, float]:
        """What does not hold after a build of the transform, and how long that took."""
        began = time.monotonic()
        run = self._bed.transform()
        if not run.good:
            text = run.last()
        else:
            text = "; ".join(f"{name}: {wrong}" for name, wrong in self._bed.transformed().items())
        return text, time.monotonic() - began

    def _of_transform(self) -> None:
        for name, act in OF_TRANSFORM.items():
            if (self._chosen and name not in self._chosen) or (self._smoke and not self._chosen):
                continue
            began = time.monotonic()
            wrong, happened = self._play_transform(act)
            self._verdict(name, wrong, happened, time.monotonic() - began)
            if wrong:
                self._bed.restore()

    def _play_transform(self, act: Callable[[Bed, list[Stage]], str]) -> tuple[str, str]:
        for stage in self._stages:
            stage.cast = list(self._casts[stage.source.id])
            stage.wrong.clear()
        try:
            happened = act(self._bed, self._stages)
        except Broken as error:
            return str(error), ""
        wrong = [f"{name}: {text}" for stage in self._stages for name, text in stage.wrong.items()]
        return "; ".join(wrong), happened

    def _secrets(self) -> None:
        """Nothing that must not be seen is in anything that the pipeline printed."""
        words = {MARKER: "a value of a column that never lands"}
        if self._bed.server:
            words |= {
                word: f"the password of {role}" for role, word in self._bed.server.passwords.items()
            }
        said = "\n".join(run.output for run in self._bed.pipeline.outputs)
        found = [what for word, what in words.items() if word in said]
        runs = len(self._bed.pipeline.outputs)
        self._verdict(
            "nothing secret is printed", ", ".join(found), f"in the output of {runs} processes", 0.0
        )

    def _verdict(self, name: str, wrong: str, happened: str, seconds: float) -> None:
        verdict = FAILS if wrong else HOLDS
        self._note(Result(name, ALL, "", wrong or happened, verdict, seconds))

    def _note(self, result: Result) -> None:
        self.results.append(result)
        if result.verdict != NO_MEANING:
            seconds = f"{result.seconds:6.1f} s" if result.seconds else " " * 8
            line = f"{result.verdict:<8} {seconds}  {result.scenario}: {result.table}"
            line += f": {result.happened}" if result.verdict == FAILS else ""
            print(line, file=sys.stderr, flush=True)

"""docs/answers.md, written from the table of questions: ``python -m tests.core.answers_page``."""

from __future__ import annotations

from pathlib import Path

from pipegen.core.questions_page import page

PAGE = Path(__file__).parents[2] / "docs" / "answers.md"

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

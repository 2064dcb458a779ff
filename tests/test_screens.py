"""The screens in docs/ are those of the interview as it is."""

from __future__ import annotations

from xml.etree import ElementTree

from docs.screens import make


def test_the_screens_of_the_docs_are_those_of_the_interview() -> None:
    shots = make.play()
    again = "write them anew: python docs/screens/make.py"
    assert (make.FOLDER / "interview.md").read_text(encoding="utf-8") == make.page(shots), again
    drawn = make.still(shots)
    assert (make.FOLDER / "interview.svg").read_text(encoding="utf-8") == drawn, again
    said = " ".join(
        "".join(text.itertext()) for text in ElementTree.fromstring(drawn).iter() if text.tag.endswith("}text")
    )
    assert make.STILL in said
    assert all(len(line) <= 80 for shot in shots for line in shot.lines)

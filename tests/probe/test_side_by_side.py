"""Work that is shared out among sessions, and how all of it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from pipegen.probe.side_by_side import Sessions

PATIENCE = 20.0


@dataclass
class Session:
    """One that waits in its source until somebody ends it."""

    ended: threading.Event = field(default_factory=threading.Event)
    closed: bool = False


@dataclass
class Source:
    """A source with room for some more sessions, which may be deaf to cancels."""

    room: int
    deaf: bool = False
    said: list[str] = field(default_factory=list)
    opened: list[Session] = field(default_factory=list)

    def sessions(self, most: int) -> Sessions[Session]:
        self.opened = [Session()]
        return Sessions(self.opened[0], most, self.open, self.cancel, self.hang_up, self.close)

    def open(self) -> Session | None:
        if len(self.opened) > self.room:
            return None
        self.opened.append(Session())
        return self.opened[-1]

    def cancel(self, some: Sequence[Session]) -> None:
        self.said.append("cancel")
        for session in some:
            if not self.deaf:
                session.ended.set()

    def hang_up(self, session: Session) -> None:
        self.said.append("hang up")
        session.ended.set()

    def close(self, session: Session) -> None:
        session.closed = True


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name == "pipegen-probe"] == []


@pytest.mark.parametrize(("most", "room", "opened"), [(1, 9, 1), (4, 9, 4), (9, 2, 3), (9, 0, 1)])
def test_results_come_in_the_order_of_their_items(most: int, room: int, opened: int) -> None:
    source, heard = Source(room), []
    together = threading.Barrier(opened)  # nobody goes on before all are there

    def work(_: Session, item: int) -> str:
        if item < opened:
            together.wait(PATIENCE)
        return str(item)

    with source.sessions(most) as sessions:
        found = sessions.each(range(20), work, lambda done, item: heard.append((done, item)))
    assert found == [str(i) for i in range(20)]
    assert [done for done, _ in heard] == list(range(1, 21))
    assert sorted(item for _, item in heard) == list(range(20))
    assert len(source.opened) == opened
    assert all(session.closed for session in source.opened)
    assert source.said == []


def test_no_session_is_opened_for_no_work() -> None:
    source = Source(9)
    with source.sessions(9) as sessions:
        assert sessions.each([], lambda _, item: item, lambda *_: None) == []
        assert sessions.each(["x"], lambda _, item: item, lambda *_: None) == ["x"]
    assert len(source.opened) == 1


@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("raised", [KeyboardInterrupt, ValueError])
def test_what_is_raised_ends_all_of_it(deaf: bool, raised: type[BaseException]) -> None:
    source, begun = Source(9, deaf), threading.Semaphore(0)

    def work(session: Session, item: int) -> None:
        if item == 0 and raised is ValueError:
            assert all(begun.acquire(timeout=PATIENCE) for _ in range(2))
            raise ValueError
        if item:
            begun.release()
            session.ended.wait()

    def heard(*_: object) -> None:
        assert all(begun.acquire(timeout=PATIENCE) for _ in range(2))
        raise raised

    with pytest.raises(raised), source.sessions(3) as sessions:
        sessions.each(range(9), work, heard)
    assert source.said[0] == "cancel"
    assert ("hang up" in source.said) == deaf
    assert all(session.closed for session in source.opened)

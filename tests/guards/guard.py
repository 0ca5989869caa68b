"""One guard, and how it is taken away."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


class OutdatedList(Exception):
    """The list of guards no longer fits the source."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A piece of source that stands once in its file, what takes its place, and the tests that should notice."""

    name: str
    file: str
    piece: str
    without: str
    # Files, or single tests of them (`file::test`)
    tests: tuple[str, ...]

    def changed(self, root: Path = ROOT) -> str:
        """The source of the file without the guard. Raises OutdatedList where the piece is not there exactly once."""
        path = root / self.file
        text = path.read_text("utf-8") if path.exists() else ""
        if (found := text.count(self.piece)) != 1:
            raise OutdatedList(
                f"{self.name}: the list is out of date, its piece is {found} times in {self.file}"
            )
        return text.replace(self.piece, self.without)

    def missing_tests(self, root: Path = ROOT) -> list[str]:
        """The named tests that do not exist."""
        return [test for test in self.tests if not _exists(root, test)]


def _exists(root: Path, test: str) -> bool:
    file, _, name = test.partition("::")
    path = root / file
    return path.exists() and (not name or f"def {name}(" in path.read_text("utf-8"))

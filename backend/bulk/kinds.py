"""Which order kinds come as files, and their columns: they have the names of the kind's fields."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from backend.bulk import cells
from backend.catalog.catalogue import Catalogue
from backend.orders.kinds import KINDS
from backend.tabular.cells import NO_AMOUNT, cents, digits, list_of, one_of, optional
from backend.tabular.columns import FileColumn

FieldValues = dict[str, Any]


class OrderColumn(FileColumn, frozen=True, kw_only=True):
    """A column of a bulk file; `names`: plan, option or barring, whose code or name the cell has."""

    names: str = ""


class FileKind(msgspec.Struct, frozen=True, kw_only=True):
    """One order kind as a file. `finish` changes values of cells to the kind's fields, where they differ."""

    kind: str
    columns: tuple[OrderColumn, ...]
    finish: Callable[[FieldValues], None] | None = None

    @property
    def on_lines(self) -> bool:
        """Whether a row names a line; others make one."""
        return KINDS[self.kind].creates is None


@cache
def _said() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("columns.toml").read_text("utf-8"))


def _column(name: str, *, code: str = "", **more: Any) -> OrderColumn:
    """A column as columns.toml has it; `code` is the kind's field where it is called otherwise."""
    said = _said()[name]
    return OrderColumn(
        code=code or name,
        labels=said["label"],
        hint=said.get("hint", {}),
        example=said.get("example", ""),
        **more,
    )


def _choice(name: str, **more: Any) -> OrderColumn:
    return _column(name, parse=one_of(_said()[name]["words"]), **more)


def _some(name: str, names: str, *, code: str = "") -> OrderColumn:
    return _column(name, code=code, names=names, parse=list_of, required=False)


NUMBER = _column("number", parse=cells.number, unique=True)


def _cap(fields: FieldValues) -> None:
    if fields.get("cap_cents") == NO_AMOUNT:
        fields["cap_cents"], fields["no_cap"] = None, True


ALL = (
    FileKind(kind="change_options", columns=(NUMBER, _some("add", "option"), _some("remove", "option"))),
    FileKind(kind="change_plan", columns=(NUMBER, _column("plan", names="plan"))),
    FileKind(
        kind="change_barrings",
        columns=(NUMBER, _some("block", "barring", code="add"), _some("open", "barring", code="remove")),
    ),
    FileKind(
        kind="change_spend_cap",
        columns=(NUMBER, _column("cap_cents", parse=cents), _choice("period", required=False)),
        finish=_cap,
    ),
    FileKind(kind="suspend", columns=(NUMBER, _choice("reason"))),
    FileKind(kind="reactivate", columns=(NUMBER,)),
    FileKind(kind="convert_to_prepaid", columns=(NUMBER,)),
    FileKind(kind="change_cost_centre", columns=(NUMBER, _column("cost_centre", parse=optional))),
    FileKind(kind="move_account", columns=(NUMBER, _column("account"))),
    FileKind(
        kind="add_line",
        columns=(
            _column("account"),
            _column("family_name"),
            _column("given_name", required=False),
            _column("cost_centre", required=False),
            _column("reserved", code="number", parse=cells.number, required=False, unique=True),
            _choice("sim_kind", required=False),
            _column("sim_number", parse=digits, required=False, unique=True),
            _column("email", required=False),
            _choice("language", required=False),
            _column("plan", names="plan"),
            _some("options", "option"),
            _column("cap_cents", parse=cents),
            _column(
                "companion_sim",
                parse=one_of(_said()["companion_sim"]["words"], {"true": True, "false": False}),
                required=False,
            ),
        ),
        finish=_cap,
    ),
)
FILES: dict[str, FileKind] = {one.kind: one for one in ALL if one.kind in KINDS}


def with_examples(
    kind: FileKind, catalogue: Catalogue, values: Mapping[str, Sequence[str]]
) -> list[OrderColumn]:
    """The columns with examples and names of the tenant's own carrier.

    `values`: what the tenant has itself for a column, such as its cost centres, by the column's code.
    """
    profile, language = catalogue.profile, catalogue.language
    offered = {
        "plan": [plan.code for plan in profile.plans],
        "option": [option.code for option in profile.options],
        "barring": [barring.code for barring in profile.barrings],
    }
    found = []
    for column in kind.columns:
        changes: dict[str, Any] = {"allowed": tuple(values.get(column.code, _words(column.code, language)))}
        if column.names and offered[column.names]:
            codes = offered[column.names]
            several = column.parse is list_of and column.code != "remove"
            changes["example"] = "" if column.code == "remove" else "|".join(codes[: 2 if several else 1])
            changes["allowed"] = tuple(catalogue.name(column.names, code) for code in codes)
        elif column.code == "sim_number":
            changes["example"] = profile.sim_number.example
        found.append(msgspec.structs.replace(column, **changes))
    return found


def _words(name: str, language: str) -> list[str]:
    """The words of a column that chooses, as its hint in this language has them."""
    said = _said().get(name, {})
    hint = said.get("hint", {}).get(language, "").casefold()
    return [
        next((word for word in words if word in hint), words[0]) for words in said.get("words", {}).values()
    ]

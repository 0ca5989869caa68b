"""Every refusal that the product words itself is said in the reader's language."""

import ast
from collections.abc import Iterator

import pytest

from backend.core import errors
from frontend.error_messages import ERROR_MESSAGES
from frontend.i18n import translator_for
from tests.architecture.test_code import modules

# Never on a page: the command line, the operator's interface, jobs
ELSEWHERE = {
    "carrier_first",
    "code_exists",
    "delivery_changed",
    "no_statement",
    "not_open",
    "not_under_review",
    "number_exists",
    "request_key_used",
    "still_unreadable",
    "tenant_exists",
    "wrong_state",
}


def worded_refusals() -> Iterator[tuple[str, str]]:
    """The code of each refusal that is raised with an English sentence, and where."""
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    for name, tree in modules():
        if "sandbox" in name or "demo" in name:
            continue
        for node in ast.walk(tree):
            called = getattr(getattr(node, "func", None), "id", "")
            if not isinstance(node, ast.Call) or called not in kinds or not node.args:
                continue
            given = {key.arg: key.value for key in node.keywords}
            code = given.get("code")
            if called == "FileRejected":
                code = node.args[0]
            if isinstance(code, ast.Constant):
                yield str(code.value), name


def test_every_code_has_words() -> None:
    found = dict(worded_refusals())
    assert len(found) > 20
    assert {code: name for code, name in found.items() if code not in ERROR_MESSAGES} == {
        code: name for code, name in found.items() if code in ELSEWHERE
    }


def test_every_kind_of_refusal_has_words() -> None:
    kinds = [errors.NotFound, errors.Forbidden, errors.NotAuthenticated, errors.ReauthenticationRequired]
    for kind in (*kinds, errors.Conflict, errors.Unavailable):
        assert kind.code in ERROR_MESSAGES, kind


@pytest.mark.parametrize("language", ["fr", "nl", "de"])
def test_the_words_are_translated(language: str) -> None:
    text = translator_for(language)
    assert [code for code, words in ERROR_MESSAGES.items() if text(words) == words] == []

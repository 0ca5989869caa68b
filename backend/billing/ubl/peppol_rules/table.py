"""A table of rules and how it is applied: one pass over the document, each element asked by its name."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from backend.billing.ubl.fired import Findings, Fired, Severity
from backend.billing.ubl.peppol_rules.context import DocumentContext
from backend.billing.ubl.xml import Element

# Whether the rule holds for this element
Test: TypeAlias = Callable[[Element, DocumentContext], bool]


class PeppolRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: the elements that it is asked of, and what it asks of them.

    With `scheme` it is asked only of elements whose schemeID is that one. Without `tags`: of all elements.
    """

    id: str
    says: str
    holds: Test
    severity: Severity = Severity.FATAL
    tags: tuple[str, ...] = ()
    scheme: str = ""


class RuleGroup(list[PeppolRule]):
    """Rules of one kind, in the order of their module."""

    def rule(self, id_: str, says: str, *tags: str) -> Callable[[Test], Test]:
        """Take a function in as the test of a fatal rule."""

        def take(test: Test) -> Test:
            self.append(PeppolRule(id=id_, says=says, holds=test, tags=tags))
            return test

        return take


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an element with one name: always, and by its scheme."""

    always: tuple[PeppolRule, ...]
    by_scheme: dict[str, tuple[PeppolRule, ...]]


class RuleTable:
    """Rules found by the name of an element and by its scheme."""

    def __init__(self, rules: Iterable[PeppolRule]) -> None:
        self.rules = tuple(rules)
        self._others = self._asked("")
        self._by_tag = {tag: self._asked(tag) for rule in self.rules for tag in rule.tags}

    def _asked(self, tag: str) -> _Asked:
        mine = [rule for rule in self.rules if not rule.tags or tag in rule.tags]
        schemes = {rule.scheme for rule in mine if rule.scheme}
        return _Asked(
            always=tuple(rule for rule in mine if not rule.scheme),
            by_scheme={scheme: tuple(one for one in mine if one.scheme == scheme) for scheme in schemes},
        )

    def fired(self, root: Element) -> Findings:
        """The broken rules, each with how many times."""
        context = DocumentContext.of(root)
        times: dict[str, int] = {}
        for element in root.iter():
            asked = self._by_tag.get(element.tag, self._others)
            rules = asked.always
            if asked.by_scheme:
                rules += asked.by_scheme.get(element.get("schemeID", ""), ())
            for rule in rules:
                if not rule.holds(element, context):
                    times[rule.id] = times.get(rule.id, 0) + 1
        return {
            rule.id: Fired(rule=rule.id, severity=rule.severity, times=times[rule.id], says=rule.says)
            for rule in self.rules
            if rule.id in times
        }

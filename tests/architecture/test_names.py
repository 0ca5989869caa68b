"""Names: one class name is one thing in the whole product."""

import ast
from collections import defaultdict

from tests.architecture.test_code import modules


def test_no_class_name_stands_for_two_things() -> None:
    """Classes, type aliases and components alike; a private class counts as well."""
    places: dict[str, set[str]] = defaultdict(set)
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(name)
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                target = node.targets[0].id
                # `T = TypeVar("T")` and constants are no things of their own.
                if target[0].isupper() and not target.isupper():
                    places[target].add(name)
            if isinstance(node, ast.FunctionDef) and node.name[0].isupper():
                places[node.name].add(name)
    assert not {name: sorted(found) for name, found in places.items() if len(found) > 1}

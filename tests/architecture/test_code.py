"""What holds for every module: read from the source, so that nothing slips in."""

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from statistics import quantiles

import backend
from backend import subscriptions
from backend.core.facts import Fact, FactName, JobName, TimerName
from backend.core.messaging.jobs import JOBS
from backend.core.permissions import OPERATOR_PERMISSIONS, PERMISSIONS, Permission, Role
from backend.core.use_case import USE_CASES
from backend.timeline.schemas import TimelineCode

ROOT = Path(backend.__file__).parents[1]
PACKAGES = ("backend", "frontend", "tenants")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def import_everything() -> None:
    for module in pkgutil.walk_packages(backend.__path__, "backend."):
        if not module.name.endswith(("embedded_postgres", "piccolo_conf")):
            import_module(module.name)


def test_scopes_are_opened_in_two_places_only() -> None:
    allowed = {"backend/core/use_case.py", "backend/core/messaging/jobs.py", "tenants/transaction.py"}
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "open_scope" for alias in node.names)
    }
    assert found <= allowed, found - allowed


def test_tables_are_imported_by_their_feature_only() -> None:
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".tables"):
                feature = (node.module or "").rpartition(".")[0].replace(".", "/")
                assert name.startswith(feature) or name == "backend/piccolo_app.py", (name, node.module)


def test_pages_and_addresses_use_no_clients_of_the_worker() -> None:
    """Web opens none: what asks for them there fails, and in tests it would not, since one process is both."""
    for name, tree in modules():
        if name.startswith(("frontend/", "backend/api/", "backend/web/")):
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module == "backend.runtime":
                    assert not any(alias.name in {"clients", "open_clients"} for alias in node.names), name


def test_every_module_with_code_opens_with_a_sentence() -> None:
    for name, tree in modules():
        if tree.body:
            assert ast.get_docstring(tree), f"{name} does not say what it is for"


def test_every_public_class_says_what_it_is() -> None:
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not silent


def test_every_use_case_has_a_permission_and_a_docstring_or_is_private() -> None:
    import_everything()
    assert len(USE_CASES) > 30
    for name, entry in USE_CASES.items():
        assert isinstance(entry.permission, Permission), name
        function = inspect.unwrap(entry.function)
        assert function.__doc__ or function.__name__.startswith("_"), f"{name} has no docstring"


def test_every_permission_is_held_by_a_role_or_by_the_product_alone() -> None:
    held = {permission for permissions in PERMISSIONS.values() for permission in permissions}
    assert set(Permission) - held == {Permission.SYSTEM} | OPERATOR_PERMISSIONS
    assert set(PERMISSIONS) == set(Role)


def enqueued() -> set[str]:
    """The jobs that the product asks for by name: `JobName.X` in a call of `enqueue` or of `store_callback`."""
    return {
        getattr(JobName, node.attr).value
        for name, tree in modules()
        if name not in {"backend/core/facts.py", "backend/subscriptions.py"}
        for node in ast.walk(without_decorators(tree))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "JobName"
    }


def without_decorators(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef):
            node.decorator_list = []
    return tree


def test_every_fact_has_one_struct_and_every_timer_and_command_a_job() -> None:
    import_everything()
    structs = [kind.name for kind in Fact.__subclasses__()]
    assert sorted(structs) == sorted(FactName), "one struct a fact"
    assert set(TimerName) <= set(subscriptions.SUBSCRIPTIONS), "a timer that starts nothing"
    assert set(JOBS) == set(JobName), "every job is named in JobName"
    started = {job for jobs in subscriptions.SUBSCRIPTIONS.values() for job in jobs}
    assert started | enqueued() == set(JobName), "a job that nothing starts"


def test_modules_with_jobs_are_imported_where_jobs_are_subscribed() -> None:
    """A worker knows the jobs of the modules that `subscriptions.py` imports, and no others."""
    trees = dict(modules())
    with_jobs = {
        name.removesuffix(".py").replace("/", ".")
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id in {"job", "idempotent_job"}
    }
    imported = {
        alias.name
        for node in trees["backend/subscriptions.py"].body
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert len(with_jobs) > 10
    assert with_jobs == imported


def test_every_fact_is_emitted() -> None:
    import_everything()
    made = {
        node.func.id
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {kind.__name__ for kind in Fact.__subclasses__()} <= made


def test_tests_import_no_private_name_of_the_product() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                package, *parts = name.split(".")
                if package in PACKAGES:
                    assert not any(part.startswith("_") for part in parts), (path, name)


def test_components_are_called_by_the_names_of_their_parameters() -> None:
    """The decorator hides them from the type checker; `key` is ReactPy's own."""
    known = {
        node.name: {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)} | {"key"}
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(each, ast.Name) and each.id == "component" for each in node.decorator_list)
    }
    assert len(known) > 50
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
                given = {each.arg for each in node.keywords if each.arg}
                assert given <= known[node.func.id], (name, node.lineno, node.func.id)


def test_pages_ask_no_client_of_jobs() -> None:
    """The web process opens none: a page that asks for one fails there, and nowhere in tests, where jobs run beside it."""
    asking = [
        name
        for name, tree in modules()
        if name.startswith("frontend/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "backend.runtime"
        and any(alias.name in {"clients", "open_clients"} for alias in node.names)
    ]
    assert not asking


def test_codes_of_timelines_are_enum_members() -> None:
    calls = [
        (name, node)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"record", "record_many"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "timeline"
    ]
    assert len(calls) > 10
    literal = [f"{name}:{node.lineno}" for name, node in calls if any(map(_is_literal, node.args))]
    assert not literal
    import_everything()
    codes = [code.value for feature in TimelineCode.__subclasses__() for code in feature]
    assert len(codes) == len(set(codes)), "one code, one thing"


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, (ast.Constant, ast.JoinedStr))


ESCAPES_BY_HAND = {
    # The one writer of HTML
    "backend/web/html.py",
    # A fleet of thousands of rows is written as text, and its regions are filled into a template.
    "frontend/pages/fleet/rows.py",
    "frontend/pages/fleet/live_list.py",
    # Mails
    "backend/notifications/frame.py",
    "backend/orders/notifications/order_mail.py",
}


def test_html_is_escaped_by_its_writer() -> None:
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "html"
        and any(alias.name == "escape" for alias in node.names)
    }
    assert found <= ESCAPES_BY_HAND, "write it with element() of backend/web/html.py"


LONGEST_FUNCTION = 60
MOST_PARAMETERS = 8
MORE_PARAMETERS = {
    # Litestar reads the parameters of an address from the handler's signature.
    "backend/api/lines.py list_lines",
}
LONGEST_FILE, MEDIAN_FILE, NINE_OF_TEN_FILES = 330, 110, 200
# Files of words and of invented data: long because there is much to say, not much to understand.
WORDS = {"backend/issuer/texts.py", "backend/demo/people.py"}


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name} {node.name}", node


def test_no_function_is_longer_than_a_page() -> None:
    lengths = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in functions()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_function_takes_more_than_eight_parameters() -> None:
    counts = {
        name: len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)
        for name, node in functions()
    }
    assert {name for name, count in counts.items() if count > MOST_PARAMETERS} == MORE_PARAMETERS


def test_files_are_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    lengths = {name: length for name, length in lengths.items() if length and name not in WORDS}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    deciles = quantiles(lengths.values(), n=10, method="inclusive")
    assert deciles[4] <= MEDIAN_FILE
    assert deciles[8] <= NINE_OF_TEN_FILES


def test_no_library_sets_up_the_log_of_a_process() -> None:
    """Each of these would put handlers of its own in place of those of `core/logs.py`, without being asked."""
    keywords = {"Litestar": "logging_config", "Config": "log_config", "run": "log_config"}
    found = {}
    for name, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            of = getattr(getattr(node.func, "value", None), "id", "")
            if called == "Litestar" or (of == "uvicorn" and called in keywords):
                given = {one.arg: one.value for one in node.keywords}.get(keywords[called])
                found[f"{name}:{node.lineno}"] = isinstance(given, ast.Constant) and given.value is None
    assert len(found) >= 5
    assert all(found.values()), found

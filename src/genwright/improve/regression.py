"""The regression suite, asked of one version."""

from genwright.answers.assistants import build_answerer, find_scope
from genwright.improve.loop import open_assistants
from genwright.improve.suites import DEFAULT, check_case, list_cases
from genwright.runtime import Runtime
from genwright.types import Json


def run_suite(runtime: Runtime, assistant: str = "", suite: str = DEFAULT) -> Json:
    """Ask a version every case of a suite.

    Returns:
        ``{"assistant", "total", "passed", "cases"}``, each case with whether and why.

    Raises:
        NotFound: There is no such assistant or version.
    """
    served = open_assistants(runtime).resolve(runtime.principal, assistant)
    settings = served.version.config.merge_settings(runtime.settings)
    inner = runtime.act_for(runtime.principal, settings)
    answerer, scope = build_answerer(inner, served), find_scope(inner, served)
    told = []
    for case in list_cases(runtime.database, runtime.principal, suite):
        verdict = check_case(case, answerer.ask(case.question, scope=scope))
        told.append({"id": case.id, "question": case.question, **verdict.__dict__})
    passed = sum(each["passed"] for each in told)
    return {"assistant": served.label, "total": len(told), "passed": passed, "cases": told}

"""The regression suite, asked of one version."""

from genwright.answers.assistants import answerer_of, scope_of
from genwright.improve.loop import assistants_of
from genwright.improve.suites import DEFAULT, cases, check
from genwright.runtime import Runtime
from genwright.types import Json


def run_suite(runtime: Runtime, assistant: str = "", suite: str = DEFAULT) -> Json:
    """Ask a version every case of a suite.

    Returns:
        ``{"assistant", "total", "passed", "cases"}``, each case with whether and why.

    Raises:
        NotFound: There is no such assistant or version.
    """
    served = assistants_of(runtime).resolve(runtime.principal, assistant)
    settings = served.version.config.settings(runtime.settings)
    inner = runtime.acting_for(runtime.principal, settings)
    answerer, scope = answerer_of(inner, served), scope_of(inner, served)
    told = []
    for case in cases(runtime.database, runtime.principal, suite):
        verdict = check(case, answerer.ask(case.question, scope=scope))
        told.append({"id": case.id, "question": case.question, **verdict.__dict__})
    passed = sum(each["passed"] for each in told)
    return {"assistant": served.label, "total": len(told), "passed": passed, "cases": told}

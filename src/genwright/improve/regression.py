"""The regression suite, asked of one version."""

from genwright.answers.assistants import open_assistant
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
    opened = open_assistant(runtime, assistant)
    told = []
    for case in list_cases(runtime.database, runtime.principal, suite):
        verdict = check_case(case, opened.ask(case.question))
        told.append({"id": case.id, "question": case.question, **verdict.__dict__})
    passed = sum(each["passed"] for each in told)
    return {"assistant": opened.served.label, "total": len(told), "passed": passed, "cases": told}

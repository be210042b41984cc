"""A sentence is printed where ``before`` puts it, wrapped if it is prose, as it stands if not."""

import os

import pytest

from genwright.cli.printing.answers import SentencePrinter, print_answer
from genwright.grounding.citations import Answer, Citation, Sentence

PUMP = Citation(1, "/notes/pump.md", None, "Oil > Grades", 0, 13, "Use grade 46.")
VALVE = Citation(1, "/notes/pump.md", None, "Oil", 20, 500, "The valve opens at 4 bar. " * 20)


def print_all(*sentences: Sentence) -> None:
    printer = SentencePrinter()
    for each in sentences:
        printer.print_sentence(each)
    printer.end()


def test_sentences_of_a_paragraph_share_its_lines(capsys: pytest.CaptureFixture[str]):
    print_all(Sentence("Use grade 46.", 1.0, (PUMP,)), Sentence("Twice.", 1.0, (VALVE, PUMP)))
    assert capsys.readouterr().out == "Use grade 46. [1] Twice. [2][1]\n"


def test_items_and_paragraphs_stand_on_lines_of_their_own(capsys: pytest.CaptureFixture[str]):
    print_all(
        Sentence("There are 2.", 1.0, remark=True),
        Sentence("- one", 1.0, (PUMP,), before="\n"),
        Sentence("- two", 1.0, (PUMP,), before="\n"),
        Sentence("Then rest.", 0.1, before="\n\n"),
    )
    said = capsys.readouterr().out
    assert said == "There are 2.\n- one [1]\n- two [1]\n\nThen rest. [unsupported]\n"


def test_code_keeps_its_lines_and_has_its_number_below(capsys: pytest.CaptureFixture[str]):
    code = "Like so:\n\n```python\nif True:\n    " + "x = 1; " * 30 + "\n```"
    print_all(Sentence(code, 1.0, (PUMP,), before="\n\n"), Sentence("Done.", 1.0, remark=True))
    assert capsys.readouterr().out == f"{code}\n[1]\n\nDone.\n"


def test_prose_is_wrapped_across_sentences(capsys: pytest.CaptureFixture[str]):
    long = Sentence(" ".join(["word"] * 17) + ".", 1.0, (PUMP,))
    print_all(*[long] * 5)
    said = capsys.readouterr().out
    width = min(os.get_terminal_size().columns if os.isatty(1) else 80, 100)
    assert max(map(len, said.splitlines())) <= width + 1
    assert said.split() == " ".join([f"{long.text} [1]"] * 5).split()


def test_sources_say_what_is_not_quoted_in_two_lines(capsys: pytest.CaptureFixture[str]):
    told = (
        Sentence("Use grade 46.", 1.0, (PUMP,)),
        Sentence("It opens at four bar.", 1.0, (VALVE,)),
        Sentence("That is all.", 1.0, remark=True),
    )
    print_answer(Answer("", False, told, (), "m", "", 1.0))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "",
        "Sources",
        "[1] /notes/pump.md, Grades [0:13], word for word",
    ]
    assert lines[3] == "[2] /notes/pump.md, Oil [20:500]"
    assert len(lines) == 6 and lines[-1].endswith("…")


def test_remarks_alone_have_no_list_of_sources(capsys: pytest.CaptureFixture[str]):
    print_answer(Answer("", False, (Sentence("Hello!", 1.0, remark=True),), (), "m", "", 1.0))
    assert "Sources" not in capsys.readouterr().out

"""Answers as JSON have the shape that is promised."""

from tests.fixtures.hits import hit

from genwright.engines import TokenUsage
from genwright.grounding.citations import Answer, Sentence, cite

TEXT = "Oil it. Use grade 46."


def test_a_citation_quotes_its_span_of_the_document():
    found = hit(TEXT, start=100, page=3, section="Oil")
    citation = cite(found, 108, 121)
    assert citation.quote == "Use grade 46." == TEXT[8:21]
    assert (citation.page, citation.section, citation.document) == (3, "Oil", found.document)


def test_json_has_what_the_command_line_promises():
    found = hit(TEXT)
    sentence = Sentence("Use grade 46.", 0.97, (cite(found, 8, 21),))
    answer = Answer(
        answer=sentence.text,
        refused=False,
        sentences=(sentence,),
        hits=(found,),
        model="scripted",
        prompt_version="answer@1",
        answerable=0.91234567,
        usage=TokenUsage(10, 3),
        timings={"search": 0.123456},
    )
    told = answer.json()
    assert set(told) == {
        "answer", "refused", "sentences", "hits", "model", "prompt_version", "answerable",
        "trace_id", "usage", "timings",
    }  # fmt: skip
    [said] = told["sentences"]
    assert set(said) == {"text", "support", "citations", "remark", "before"}
    assert set(said["citations"][0]) == {
        "document", "source", "page", "section", "start", "end", "quote",
    }  # fmt: skip
    assert set(told["hits"][0]) == {
        "document", "source", "passage", "text", "start", "end", "page", "section", "score",
        "scores",
    }  # fmt: skip
    assert told["usage"] == {"prompt_tokens": 10, "completion_tokens": 3}

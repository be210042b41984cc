"""The check of the built site finds dead links and anything that a page loads from elsewhere."""

import pytest


@pytest.fixture
def problems(build, tmp_path):
    """A function that builds a site of one page beside a good one, and says what is wrong."""
    check = build("check_site")

    def found(body: str) -> list[str]:
        (tmp_path / "other.html").write_text('<h2 id="there">There</h2>', encoding="utf-8")
        (tmp_path / "index.html").write_text(body, encoding="utf-8")
        check._seen.cache_clear()
        return list(check.problems(tmp_path))

    return found


@pytest.mark.parametrize(
    "body",
    [
        '<a href="other.html#there">', '<a href="#here" id="here">', '<a href="https://example.org">',
        '<script src="other.html"></script>', '<img src="data:image/png;base64,AA">',
        '<link rel="canonical" href="https://example.org/">', "<script>var inline = 1</script>",
    ],
)  # fmt: skip
def test_good_pages_pass(problems, body):
    assert problems(body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="gone.html">', "leads nowhere"),
        ('<a href="other.html#gone">', "no such anchor"),
        ('<a href="#gone">', "no such anchor"),
        ('<script src="https://cdn.example.org/x.js"></script>', "loads https://cdn"),
        ('<link rel="stylesheet" href="//fonts.example.org/x.css">', "loads //fonts"),
        ('<img src="https://example.org/x.png">', "loads https://example"),
        ('<pre class="mermaid">', "loads https://unpkg"),
    ],
)
def test_each_fault_is_found(problems, body, fault):
    [found] = problems(body)
    assert fault in found


def test_a_style_sheet_that_loads_a_font_is_found(problems, tmp_path):
    (tmp_path / "x.css").write_text('@font-face{src:url("https://example.org/f.woff")}')
    assert problems("<p>") == ["x.css: loads https://example.org/f.woff"]

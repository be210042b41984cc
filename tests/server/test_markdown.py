"""What a model writes becomes HTML that runs nothing and loads nothing."""

import pytest

from genwright.server.markdown import render_markdown


def test_phrases_keep_their_emphasis_and_code():
    assert str(render_markdown("*a* **b** `c < d`")) == (
        "<em>a</em> <strong>b</strong> <code>c &lt; d</code>"
    )


def test_html_in_the_text_is_shown_as_text():
    html = str(render_markdown("<script>alert(1)</script><img src=x onerror=alert(1)>"))
    assert "<script" not in html and "<img" not in html
    assert "&lt;script&gt;" in html


def test_an_image_becomes_a_link_that_names_its_host():
    html = str(render_markdown("![see](https://evil.example/x.png?q=secret)"))
    assert "<img" not in html
    assert 'href="https://evil.example/x.png?q=secret"' in html
    assert "see</a> (evil.example)" in html


def test_a_link_names_its_host_and_tells_nobody_where_it_was_clicked():
    html = str(render_markdown("[our bank](https://evil.example/login)"))
    assert 'rel="noopener noreferrer nofollow"' in html
    assert "our bank</a> (evil.example)" in html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:image/png;base64,AAAA",
        "vbscript:x",
        "file:///etc/passwd",
        "/settings/people/remove",
        "//evil.example/x",
        "ftp://evil.example/x",
        "blob:https://evil.example/x",
    ],
)
def test_an_address_of_another_kind_is_no_link(address: str):
    for text in (f"[words]({address})", f"![words]({address})", f"<{address}>"):
        assert "<a " not in str(render_markdown(text))


def test_lines_become_paragraphs_lists_and_tables():
    html = str(render_markdown("- one\n- two\n\n| a | b |\n| - | - |\n| 1 | 2 |"))
    assert html.count("<li>") == 2
    assert "<td>1</td>" in html


def test_what_is_too_long_to_render_is_still_escaped():
    html = str(render_markdown("a" * 50_000 + "<b>"))
    assert html.endswith("&lt;b&gt;")


def test_names_between_underscores_are_shown_as_they_are():
    assert str(render_markdown("It calls __len__(), **then** __bool__().")) == (
        "It calls __len__(), <strong>then</strong> __bool__()."
    )

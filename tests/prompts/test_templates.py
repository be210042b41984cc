"""Prompts as files: read, versioned, overridden, and filled in without running anything."""

import pytest

from genwright.errors import SettingsError, UnknownName
from genwright.prompts import Prompt, list_prompt_names, load_prompt

VALUES = {
    "passages": ["one", "two"],
    "question": "Why?",
    "today": "1 May 2026",
    "messages": [],
    "labels": ["up", "down"],
    "text": "Why?",
}
OWN = "---\ndescription: Ours.\nsystem: |\n  Be brief.\n---\n{{ question }}\n"


def prompt(user: str, system: str = "Be brief.") -> Prompt:
    return Prompt("test", "For a test.", system, user)


@pytest.mark.parametrize("name", list_prompt_names())
def test_every_built_in_prompt_can_be_filled_in(name):
    system, user = load_prompt(name).render(**VALUES)
    assert system
    assert "Why?" in user
    assert "{{" not in system + user
    assert load_prompt(name).description


def test_the_version_is_of_the_words_and_not_of_the_description():
    first = prompt("{{ question }}")
    assert first.version == Prompt("test", "Other.", first.system, first.user).version
    assert first.version != prompt("{{ question }}?").version
    assert first.version != prompt("{{ question }}", "Be long.").version
    assert first.version.startswith("test@")


def test_shots_are_kept_as_they_are_and_count_in_the_version(tmp_path):
    shots = "shots:\n  - user: '{{ 1 }}'\n    assistant: One.\n"
    (tmp_path / "shown.md").write_text(OWN.replace("---\n{{", f"{shots}---\n{{{{"))
    (tmp_path / "bare.md").write_text(OWN)
    shown, bare = (load_prompt(name, tmp_path) for name in ("shown", "bare"))
    assert shown.shots == (("{{ 1 }}", "One."),)
    assert bare.shots == ()
    assert shown.version.split("@")[1] != bare.version.split("@")[1]


def test_words_may_not_move_between_system_and_user_unseen():
    assert prompt("ab", "c").version != prompt("b", "ca").version


def test_a_teams_own_file_comes_before_the_built_in(tmp_path):
    (tmp_path / "answer.md").write_text(OWN)
    assert load_prompt("answer", tmp_path).render(**VALUES) == ("Be brief.", "Why?")
    assert load_prompt("follow_up", tmp_path) == load_prompt("follow_up")


def test_a_file_from_a_windows_editor_is_the_same_prompt(tmp_path):
    (tmp_path / "answer.md").write_bytes(OWN.encode())
    plain = load_prompt("answer", tmp_path)
    (tmp_path / "answer.md").write_bytes(b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())
    assert load_prompt("answer", tmp_path).version == plain.version


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Just text.",
        b"---\nsystem: x\n---\nno description",
        b"---\ndescription: x\nsystem:\n---\nno system",
        b"---\ndescription: x\nsystem: [1, 2]\n---\na list",
        b"---\n: : :\n\t-\n---\nno YAML",
        b"---\ndescription: caf\xe9\nsystem: x\n---\nLatin-1",
    ],
)
def test_a_file_in_another_form_is_named_with_the_form_it_should_have(tmp_path, content):
    (tmp_path / "answer.md").write_bytes(content)
    with pytest.raises(SettingsError, match=r"answer\.md should begin with YAML front matter"):
        load_prompt("answer", tmp_path)


@pytest.mark.parametrize("name", ["answr", "", "../answer", "builtin/answer", "/etc/passwd"])
def test_an_unknown_name_lists_those_there_are(tmp_path, name):
    (tmp_path / "answer.md").write_text(OWN)
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(UnknownName, match="answer, classify, follow_up"):
        load_prompt(name, inner)


@pytest.mark.parametrize(
    "user",
    [
        "{{ nobody }}",
        "{{ question.__class__ }}",
        "{{ question.__class__.__mro__ }}",
        "{% for n in range(10 ** 9) %}{% endfor %}",
        "{{ passages.append('three') }}",
        "{{ 1 / 0 }}",
        "{{ question + 1 }}",
        "{{ passages | nonsense }}",
        "{% if %}",
    ],
)
def test_a_mistake_or_an_escape_is_one_line_that_lists_the_values(user):
    with pytest.raises(
        SettingsError, match="It may use: labels, messages, passages, question, text, today"
    ):
        prompt(user).render(**VALUES)


def test_values_are_printed_and_never_run():
    hostile = "{{ 7 * 7 }} {% raw %} <b>"
    assert prompt("{{ question }}").render(question=hostile)[1] == hostile

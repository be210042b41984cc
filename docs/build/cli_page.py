"""Write the commands of docs/cli.md from the program itself, between two marks of the page.

Run it after any change of a command: make cli-docs. A test holds the page against the program.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from genwright.cli.main import cli

PAGE = Path(__file__).parent.parent / "cli.md"
BETWEEN = re.compile(r"(<!-- commands: begin -->\n).*(<!-- commands: end -->)", re.DOTALL)
GUIDES = {
    "init": "workspace", "add": "documents", "sync": "documents", "search": "retrieval",
    "ask": "answers", "chat": "answers", "assistants": "assistants", "serve": "server",
    "users": "access", "groups": "access", "keys": "access", "access": "access",
    "audit": "access", "alerts": "monitoring", "backup": "access", "restore": "access",
    "forget": "access", "trace": "tracing", "models": "catalog", "datasets": "data",
    "synth": "synthesis", "tune": "tuning", "rlhf": "tuning", "pretrain": "pretraining",
    "registry": "registry", "runs": "eval", "feedback": "feedback", "improve": "improve",
    "explain": "improve", "arena": "arena", "eval": "eval", "prompts": "prompts",
    "tokenizer": "tokenizers", "status": "workspace", "doctor": "workspace",
    "reindex": "retrieval", "plugins": "plugins",
}  # fmt: skip
"""The page that explains what a command is for."""
VALUES = {
    "str": "TEXT", "list[str]": "TEXT", "int": "N", "int range": "N", "list[int]": "N",
    "float": "NUMBER", "float range": "NUMBER", "path": "PATH", "list[path]": "PATH",
}  # fmt: skip
"""How a type is shown, where an option names no value of its own."""


def page() -> str:
    """The whole page, with the commands as the program has them now."""
    return BETWEEN.sub(lambda found: f"{found[1]}{commands()}{found[2]}", PAGE.read_text("utf-8"))


def commands() -> str:
    """The global options, a list of all commands, and a section for each."""
    top: Any = typer.main.get_command(cli)
    with top.make_context("genwright", ["status"]) as ctx:
        lines = ["", "## Global options", "", *_options(top, ctx), "", "## Commands", ""]
        names = {name: top.commands[name] for name in top.list_commands(ctx)}
        lines += ["| command | what it does |", "|---|---|"]
        lines += [
            f"| [`{name}`](#genwright-{name}) | {_cell(_summary(command))} |"
            for name, command in names.items()
        ]
        for name, command in names.items():
            lines += _section(f"genwright {name}", command, ctx, "##")
    return re.sub(r"\n{3,}", "\n\n", "\n".join([*lines, ""]))


def _section(path: str, command: Any, ctx: Any, mark: str) -> Iterator[str]:  # noqa: ANN401
    """Heading, what it does, usage with an example, options; then the same of what is in it."""
    about, _, example = (command.help or "").partition("Example:")
    inner = getattr(command, "commands", {})
    guide = GUIDES.get(path.split()[1]) if mark == "##" else None
    said = _prose(about)
    yield from ("", f"{mark} `{path}`", "", said)
    if guide and f"]({guide}.md)" not in said:
        yield from ("", f"Guide: [{guide}.md]({guide}.md).")
    if not inner:
        yield from ("", "```", _usage(path, command))
        yield from ([f"# {' '.join(example.split())}"] if example else [])
        yield from ("```", "", *_arguments(command), *_options(command, ctx))
    for name, each in inner.items():
        yield from _section(f"{path} {name}", each, ctx, mark + "#")


def _usage(path: str, command: Any) -> str:  # noqa: ANN401
    pieces = [path, "[OPTIONS]"] if _shown(command) else [path]
    for each in command.params:
        if each.param_type_name == "argument":
            name = _name(each) + ("…" if each.nargs == -1 else "")
            pieces.append(name if each.required else f"[{name}]")
    return " ".join(pieces)


def _arguments(command: Any) -> Iterator[str]:  # noqa: ANN401
    found = [each for each in command.params if each.param_type_name == "argument" and each.help]
    if found:
        yield from ("| argument | meaning |", "|---|---|")
        yield from (f"| `{_name(each)}` | {_cell(each.help)} |" for each in found)
        yield ""


def _options(command: Any, ctx: Any) -> Iterator[str]:  # noqa: ANN401
    if options := _shown(command):
        yield from ("| option | meaning |", "|---|---|")
        for each in options:
            names = [*each.opts, *each.secondary_opts]
            names[-1] += _value(each, ctx)
            yield f"| {', '.join(f'`{name}`' for name in names)} | {_meaning(each, ctx)} |"


def _shown(command: Any) -> list[Any]:  # noqa: ANN401
    """The options of a command, but those that are hidden."""
    return [
        each for each in command.params
        if each.param_type_name == "option" and not each.hidden
    ]  # fmt: skip


def _value(option: Any, ctx: Any) -> str:  # noqa: ANN401
    """What is to be given after the name of an option."""
    if option.is_flag:
        return ""
    kind = option.display_type(ctx).strip("<>")
    return " " + (option.metavar or ("CHOICE" if "|" in kind else VALUES.get(kind, kind.upper())))


def _meaning(option: Any, ctx: Any) -> str:  # noqa: ANN401
    """The help of an option, with its choices, bounds and default."""
    kind = "" if option.is_flag else option.display_type(ctx).strip("<>")
    said = [_cell(option.help or "")]
    if "|" in kind:
        said.append(f"One of {', '.join(f'`{each}`' for each in kind.split('|'))}.")
    said += [f"{bounds}." for bounds in [_bounds(option)] if bounds]
    if option.multiple and "repeated" not in said[0]:
        said.append("May be repeated.")
    said.append("Required." if option.required else _default(option.default))
    return " ".join(each for each in said if each)


def _bounds(option: Any) -> str:  # noqa: ANN401
    least, most = (None if each is None else f"{each:g}" for each in (option.min, option.max))
    if least is not None and most is not None:
        return f"{least} to {most}"
    return f"At least {least}" if least is not None else f"At most {most}" if most else ""


def _default(default: Any) -> str:  # noqa: ANN401
    if default is None or default is False or default in ("", [], ()) or callable(default):
        return ""
    values = default if isinstance(default, list | tuple) else [default]
    return f"Default: {', '.join(f'`{each}`' for each in values)}."


def _name(argument: Any) -> str:  # noqa: ANN401
    name: str = argument.metavar or argument.name.rstrip("_").upper()
    return name.strip("[]")


def _summary(command: Any) -> str:  # noqa: ANN401
    """The first sentence of a command's help."""
    first = (command.help or "").partition("Example:")[0].strip().split("\n\n")[0]
    return " ".join(first.split())


def _prose(text: str) -> str:
    """Help as Markdown: paragraphs stay, and pages of the documentation become links."""
    paragraphs = [" ".join(each.split()) for each in text.replace("\b", "").split("\n\n")]
    return "\n\n".join(_linked(each) for each in paragraphs if each)


def _cell(text: str) -> str:
    return _linked(" ".join(text.split())).replace("|", "\\|")


def _linked(text: str) -> str:
    text = text.replace("``", "`").replace("<", "&lt;")
    return re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", text)


if __name__ == "__main__":
    text = page()
    PAGE.write_text(text, encoding="utf-8")

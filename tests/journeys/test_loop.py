"""The loop by command line: feedback, arena, synthesis, suite, improve, why."""

import json

FACTS = {
    "pump.txt": "The red pump holds 2.5 bar at the outlet.",
    "valve.txt": "The blue valve opens at 80 degrees.",
    "tank.txt": "The steel tank takes 400 litres of oil.",
}


def asked(plain, question="What does the red pump hold?"):
    return json.loads(plain("ask", "--json", "--assistant", "assistant", question).stdout)


def prepared(plain, tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in FACTS.items():
        (folder / name).write_text(text)
    plain("add", str(folder))
    plain("assistants", "set", "assistant", "answer.extractive=true", "answer.min_answerable=0.01")
    plain("assistants", "promote", "assistant")


def test_from_an_answer_to_its_feedback(plain, tmp_path):
    prepared(plain, tmp_path)
    trace = asked(plain)["trace_id"]
    plain("feedback", "add", trace, "--thumb", "down", "--correction", "Two and a half bar.",
          "--citation", "1:4-12")  # fmt: skip
    (given,) = json.loads(plain("feedback", "list", "--json").stdout)
    assert (given["thumb"], given["door"]) == ("down", "cli")
    assert given["citation"]["end"] == 12
    out = tmp_path / "pairs.jsonl"
    assert "1 rows" in plain("feedback", "export", str(out), "--save-as", "edits").stdout
    row = json.loads(out.read_text())
    assert row["chosen"] == "Two and a half bar."
    assert row["lineage"]["traces"] == [trace]
    assert "poem" in plain("feedback", "add", trace, "--intent", "poem", status=2).stderr
    plain("feedback", "add", trace, "--intent", "list")
    assert "thumb" in plain("feedback", "agreement").stdout
    assert json.loads(plain("feedback", "queue", "--json").stdout) == []  # rated already
    plain("eval", "regression", "add", trace, "--bad", "--reference", "Two and a half bar.")
    failing = plain("eval", "regression", "check", status=4)
    assert "FAIL" in failing.stdout
    assert "assistant assistant@2" in plain("explain", "last").stdout
    assert json.loads(plain("explain", trace, "--json").stdout)["kind"] == "answer"
    nothing = plain("feedback", "export", str(tmp_path / "x.jsonl"), "--what", "thumbs",
                    "--assistant", "nobody", status=4)  # fmt: skip
    assert "No feedback gives" in nothing.stderr


def test_an_improvement_that_changes_nothing(plain, tmp_path):
    prepared(plain, tmp_path)
    few = json.loads(plain("improve", "assistant", "--json").stdout)
    assert few["status"] == "nothing"
    trace = asked(plain)["trace_id"]
    plain("feedback", "add", trace, "--correction", FACTS["pump.txt"])
    done = plain(
        "improve", "assistant", "--all-feedback", "--method", "shots", "--method", "prompt"
    )
    assert "nothing" in done.stdout
    assert "report.html" in done.stdout.replace("\n", "")
    assert plain("improve", "assistant", "--method", "magic", status=2).stderr.startswith("error:")


def test_the_arena_of_a_file(plain, tmp_path):
    votes = tmp_path / "votes.csv"
    votes.write_text(
        "left,right,winner\na,b,left\na,b,left\nb,a,left\nb,c,tie\na,c,left\nc,a,left\n"
    )
    assert "6 votes added" in plain("arena", "import", str(votes)).stdout
    rows = json.loads(plain("arena", "rank", "--votes", "imported", "--json").stdout)
    assert rows[0]["model"] == "a"
    assert set(rows[0]) >= {"model", "rating", "low", "high", "votes", "rank_low", "rank_high"}
    plots = tmp_path / "plots"
    plain("arena", "rank", "--votes", "imported", "--plot", str(plots), "--davidson", "--balanced")
    assert sorted(path.name for path in plots.iterdir()) == [
        "history.svg", "ratings.svg", "wins.svg",
    ]  # fmt: skip
    out = tmp_path / "out.jsonl"
    assert "6 votes" in plain("arena", "export", str(out), "--votes", "imported").stdout
    assert "None." in plain("arena", "suspects", "--votes", "imported").stdout
    assert "no vote" in plain("arena", "rank", status=2).stderr
    unknown = plain("arena", "rank", "--votes", "imported", "--anchor", "nobody", status=2)
    assert "has no votes" in unknown.stderr


def test_battles_with_a_judge_that_answers_rubbish(plain, tmp_path):
    prepared(plain, tmp_path)
    plain("assistants", "set", "assistant", "answer.min_answerable=0.99")
    questions = tmp_path / "questions.jsonl"
    questions.write_text("".join(json.dumps({"question": f"What about {n}?"}) + "\n" for n in "ab"))
    assert "assistant@" in plain("arena", "next").stdout
    done = plain("arena", "judge", str(questions), "--judge", "scripted", status=5)
    assert "gave no verdict" in done.stderr
    assert "no vote" in plain("arena", "rank", "--votes", "judge", status=2).stderr


def test_canaries_by_command(plain, tmp_path):
    prepared(plain, tmp_path)
    plain("assistants", "set", "assistant", "answer.min_answerable=0.5")
    plain("assistants", "canary", "assistant", "--share", "0.2")
    seen = json.loads(plain("assistants", "canary", "assistant", "--json").stdout)
    assert (seen["version"], seen["worse"]) == (3, False)
    plain("assistants", "canary", "assistant", "--end")
    plain("assistants", "canary", "assistant", "--end", status=3)


def test_rows_that_are_made(plain, tmp_path):
    table = tmp_path / "table.csv"
    rows = [f"{n},{'yes' if n % 3 else 'no'}" for n in range(60)]
    table.write_text("age,works\n" + "\n".join(rows) + "\n")
    report = json.loads(
        plain("synth", "tabular", str(table), "-o", str(tmp_path / "made.csv"), "--count", "40",
              "--json").stdout
    )  # fmt: skip
    assert report["rows"] == 40
    assert "membership_auc" in report["privacy"]
    few = plain("synth", "tabular", str(tmp_path / "made.csv"), "-o", str(tmp_path / "x.csv"),
                "--held-out", "0.9", status=2)  # fmt: skip
    assert "20 rows" in few.stderr
    none = plain("synth", "questions", "-o", str(tmp_path / "q.jsonl"), status=3)
    assert "genwright add" in none.stderr

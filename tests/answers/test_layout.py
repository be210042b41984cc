"""What a model writes is taken apart as Markdown lays it out."""

from genwright.answers.layout import split_written

WRITTEN = """\
Two ways exist [1]. The first:

1. Oil it.
2. **Wait**
   an hour.

| part | weight |
|---|---|
| rotor | 14 kg |

Run this:
```sh
oil --all

wait
```
Then go on."""


def test_each_form_is_a_unit_of_its_own():
    units = split_written(WRITTEN)
    assert [unit.form for unit in units] == [
        "prose", "prose", "item", "item", "row", "row", "code", "prose"
    ]  # fmt: skip
    assert units[0].text == "Two ways exist."
    assert units[2].before == "\n\n" and units[3].before == "\n"
    assert units[3].claim == "Wait an hour."
    assert units[5].claim.split() == ["rotor", "14", "kg"]
    assert units[6].text == "Run this:\n```sh\noil --all\n\nwait\n```"


def test_units_do_not_change_as_the_text_goes_on():
    whole = [unit.text for unit in split_written(WRITTEN)]
    for end in range(1, len(WRITTEN)):
        begun = [unit.text for unit in split_written(WRITTEN[:end])][:-2]
        assert begun == whole[: len(begun)]

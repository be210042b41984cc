"""People ask in a real browser, see where each sentence comes from, and say what they think."""

from pathlib import Path

from tests.fixtures.running import PLAIN, Running, running
from tests.fixtures.visiting import HANDBOOK, Visit, VisitTo, filled

OIL = "How often is the oil of the main pump changed?"
UNKNOWN = "Which colour has the moon of the planet Zorg?"


def ask(visit: Visit, question: str, answers: int = 1) -> None:
    """Ask, and wait until the answer is kept."""
    visit.page.fill("#question", question)
    visit.page.press("#question", "Enter")
    visit.page.locator(".answer [data-answer]").nth(answers - 1).wait_for()


def test_an_answer_comes_with_a_source_that_opens_beside_it(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    ask(visit, OIL)

    chip = visit.page.locator("a.cite").first
    chip.click()
    panel = visit.page.get_by_role("complementary", name="Source")
    panel.wait_for()

    assert "500 hours" in panel.locator("mark").inner_text()
    assert chip.get_attribute("aria-expanded") == "true"
    assert panel.evaluate("panel => panel === document.activeElement")
    visit.page.keyboard.press("Escape")
    panel.wait_for(state="hidden")
    assert chip.evaluate("chip => chip === document.activeElement")


def test_a_conversation_stays_and_is_found_again(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    ask(visit, "Who keeps the spare parts?")
    visit.page.wait_for_url("**/chat/*")
    ask(visit, "Which oil should be used in the pump?", answers=2)

    visit.page.reload()
    assert visit.page.locator(".question").count() == 2
    visit.page.fill("#history-search", "spare parts")
    visit.page.press("#history-search", "Enter")
    visit.page.wait_for_url("**search=spare*")
    assert "spare parts" in visit.page.locator(".history .list-link").first.inner_text()


def test_what_the_documents_do_not_say_is_said_plainly(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    ask(visit, UNKNOWN)
    refusal = visit.page.locator(".refusal")
    assert "documents" in refusal.inner_text()


def test_a_question_is_edited_and_asked_again(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    ask(visit, OIL)
    visit.page.get_by_role("button", name="Rename this conversation").wait_for()
    visit.page.get_by_role("button", name="Edit this question and ask again").click()
    visit.page.fill("#question", "Who is responsible for the maintenance of the pumps?")
    visit.page.press("#question", "Enter")
    visit.page.get_by_text("Ann Miller").first.wait_for()
    visit.page.locator(".answer.writing").wait_for(state="detached")
    assert visit.page.locator(".question").count() == 1
    assert visit.page.locator(".answer").count() == 1


def test_an_answer_is_made_again(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    ask(visit, OIL)
    visit.page.get_by_role("button", name="Rename this conversation").wait_for()
    first = visit.page.locator(".answer").get_attribute("data-trace")
    visit.page.get_by_role("button", name="Answer again").click()
    visit.page.locator(f'.answer[data-trace]:not([data-trace="{first}"])').wait_for()
    assert visit.page.locator(".answer").count() == 1


def test_thumbs_and_corrections_are_kept(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    ask(visit, OIL)
    visit.page.get_by_role("button", name="Rename this conversation").wait_for()
    up = visit.page.get_by_role("button", name="Good answer")
    up.click()
    visit.page.locator('[name=thumb][value="1"][aria-pressed=true]').wait_for()
    visit.page.reload()
    assert up.get_attribute("aria-pressed") == "true"
    visit.page.get_by_text("Correct", exact=True).click()
    visit.page.get_by_label("What should the answer have been?").fill("Every 400 hours.")
    visit.page.get_by_role("button", name="Send", exact=True).click()
    visit.page.get_by_text("Thank you").wait_for()
    visit.page.reload()
    assert visit.page.locator("[name=correction]").input_value() == "Every 400 hours."


def test_an_answer_that_is_stopped_keeps_what_was_written(tmp_path: Path, visit_to: VisitTo):
    root = filled(tmp_path / "workspace", {"handbook.md": HANDBOOK})
    slow = {**PLAIN, "GENWRIGHT_ANSWER__MODEL": "scripted:tps=2"}
    with running(root, slow) as server:
        visit = visit_to(server.url).open("/chat")
        visit.page.fill("#question", OIL)
        visit.page.press("#question", "Enter")
        visit.page.wait_for_url("**/chat/*")
        visit.page.get_by_role("button", name="Stop answering").click()
        visit.page.get_by_role("button", name="Send the question").wait_for()
        visit.page.locator(".question[data-message]").wait_for()
        assert visit.page.locator(".answer.writing").count() == 0


def test_it_works_without_scripts(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url, scripts=False).open("/chat")
    visit.page.fill("#question", OIL)
    visit.page.click("[data-send]")
    visit.page.locator("[data-answer]").wait_for()
    visit.page.locator("a.cite").first.click()
    assert "500 hours" in visit.page.locator("mark").inner_text()


def test_a_conversation_is_renamed_and_deleted(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    ask(visit, OIL)
    visit.page.get_by_role("button", name="Rename this conversation").wait_for()
    visit.page.get_by_role("button", name="Rename this conversation").click()
    visit.page.fill("#title", "About oil <b>")
    visit.page.get_by_role("button", name="Save").click()
    visit.page.get_by_role("heading", name="About oil <b>").wait_for()
    visit.page.evaluate("window.confirm = () => true")
    visit.page.get_by_role("button", name="Delete this conversation").click()
    visit.page.wait_for_url("**/chat")
    assert visit.page.get_by_text("About oil <b>").count() == 0


def test_the_theme_is_switched_and_remembered(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url).open("/chat")
    light = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    visit.page.get_by_role("button", name="Switch between light and dark").click()
    visit.page.reload()
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_on_a_phone_the_navigation_opens_and_closes(handbook: Running, visit_to: VisitTo):
    visit = visit_to(handbook.url, "phone").open("/chat")
    entry = visit.page.get_by_role("link", name="Documents", exact=True)
    assert not entry.is_visible()
    visit.page.get_by_role("link", name="Open navigation").click()
    entry.wait_for()
    visit.page.keyboard.press("Escape")
    entry.wait_for(state="hidden")

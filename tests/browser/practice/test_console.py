"""The editor and the Python behind it: what a reader may do to them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zipfile import ZipFile

import pytest

from tests.browser.conftest import built_pages
from tests.browser.practice.bench import HANG, Cell, Reader, cells
from tests.browser.reader import COLOURS, PHONE, SMALL_PHONE, WCAG, axe
from tools import book

PAGE = "chapters/02_math"
ALL = sum(len(cells(page, "exercise")) for page in book.chapters())
OFFER = ".tag_exercise .live-offer button"


@pytest.fixture
def cell(read):
    """Return the first exercise of a page, its editor open, Python there."""
    return read(PAGE).cell()


# What comes before the click


def test_nothing_of_python_is_loaded_before_the_click(read, live_book):
    reader = read(PAGE)
    assert not [url for url in reader.requests if "/live/" in url]
    offer = reader.page.locator(".tag_exercise .live-offer").first
    assert offer.inner_text().split("\n") == [
        "Run it here",
        "The first time it loads 9 MB.",
    ]
    files = (live_book / "_static/live").rglob("*")
    assert sum(path.stat().st_size for path in files if path.is_file()) < 14e6


def test_progress_is_told_while_it_loads(read):
    reader = read(PAGE)
    reader.page.evaluate(
        """() => {
          window.said = [];
          new MutationObserver(() => {
            const text = document.querySelector(".live-status")?.innerText;
            if (text && text !== said.at(-1)) said.push(text);
          }).observe(document.body, { subtree: true, childList: true });
        }"""
    )
    reader.cell()
    said = reader.page.evaluate("said")
    loading = [text for text in said if text.startswith("Loading Python")]
    assert len(loading) > 5
    assert loading[-1] == "Loading Python 9.0 / 9.0 MB"
    assert "Python is starting…" in said
    assert "Running…" in said


# Runs


def test_printed_text_is_shown_as_it_is(cell):
    cell.run("print('<b>bold</b>')\ntype(1)")
    assert cell.text("printed") == "<b>bold</b>\n<class 'int'>"
    assert cell.text("status") == "It ran."
    cell.run("x = 1")
    assert cell.text("status") == "It ran and printed nothing."


def test_an_exception_shows_the_readers_line(cell):
    cell.run("def half(x):\n    return x / 0\n\nhalf(1)")
    shown = cell.text("error")
    assert "line 2, in half" in shown
    assert "return x / 0" in shown
    assert shown.endswith("ZeroDivisionError: division by zero")
    assert "raised an error" in cell.text("status")


def test_what_is_not_here_is_sent_to_a_laptop(cell):
    cell.run("import torch")
    link = cell.place.locator(".live-status a")
    assert link.get_attribute("download").endswith(".ipynb")
    cell.run("plt.plot([1, 2])")
    assert link.count() == 1


def test_a_hang_is_stopped_and_the_page_lives(cell):
    cell.run("for i in range(5):\n    print('line', i)\n" + HANG)
    assert cell.text("status").startswith("Stopped after 10 seconds.")
    assert cell.text("printed").splitlines() == [f"line {i}" for i in range(5)]
    assert cell.verdict == "", "it was about other code"
    cell.run("print('again')")
    assert cell.text("printed") == "again"


def test_the_reader_stops_a_run(cell):
    cell.hang()
    cell.click("stop").wait()
    assert cell.text("status") == "Stopped."
    cell.run("print('again')")
    assert cell.text("printed") == "again"


def test_one_run_at_a_time(read):
    reader = read(PAGE)
    first, second = reader.cell(0), reader.cell(1)
    first.hang()
    second.run("print('mine')")
    assert first.wait().text("status") == "Stopped."
    assert second.text("printed") == "mine"


def test_who_starts_again_hears_of_the_last_run_alone(cell):
    cell.hang()
    cell.place.locator("textarea").press("Control+Enter")
    cell.page.wait_for_timeout(500)
    assert cell.place.locator("[data-does=stop]").is_visible()
    assert cell.place.locator(".live.busy").count() == 1
    cell.click("stop").wait()
    assert cell.text("status") == "Stopped."
    assert cell.page.evaluate("document.activeElement.dataset.does") == "run"


def slowly(page, files):
    """Let these files take their time."""
    page.route(files, lambda route: (page.wait_for_timeout(200), route.continue_()))


def test_a_stop_while_it_loads_is_kept_and_another_cell_hears_how_far_it_is(read):
    page = read(PAGE).page
    slowly(page, "**/runtime/numpy*")
    places = page.locator("article .cell.tag_exercise")
    first, second = (Cell(page, places.nth(i)) for i in (0, 1))
    first.place.locator(".live-offer button").click()
    first.place.get_by_text("Loading Python").wait_for()
    first.click("stop")
    second.place.locator(".live-offer button").click()
    second.place.get_by_text("Loading Python").wait_for()
    assert second.wait().verdict.startswith("○")
    assert first.text("status") == "Stopped."


def test_two_clicks_open_one_editor(read):
    page = read(PAGE).page
    slowly(page, "**/console.js")
    page.locator(OFFER).first.dblclick()
    cell = Cell(page, page.locator("article .cell.tag_exercise").first).wait()
    assert cell.place.locator("textarea").count() == 1


def test_a_verdict_about_other_code_goes(cell):
    assert cell.verdict.startswith("○")
    cell.run("print(1)")
    assert cell.verdict == ""
    assert cell.run("check('math.forward', ...)").verdict.startswith("○")
    cell.run("1 / 0")
    assert cell.verdict == ""
    assert cell.place.locator(".bn-verdict [role=status]").count() == 1
    assert cell.place.locator(".bn-verdict details").count() == 3, "hints stay"


@pytest.mark.parametrize(
    "source",
    [
        "def f(n):\n    return f(n + 1)\nf(0)",
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n):\n    return f(n + 1)\nf(0)",
        "x = np.ones(10**9)\ny = np.ones(10**10)",
    ],
    ids=["recursion", "stack", "memory"],
)
def test_what_breaks_python_leaves_a_page_that_goes_on(cell, source):
    cell.run(source)
    assert cell.text("status")
    cell.run("print('again')")
    assert cell.text("printed") == "again"


def test_runs_know_nothing_of_each_other(cell):
    cell.run("x = 5\nnp.seterr(all='raise')")
    cell.run("print(np.float64(1) / 0, 'x' in globals())")
    assert cell.text("printed").endswith("inf False")


def test_fifty_runs_do_not_fill_the_memory(cell):
    size = "import gc, js\nprint(len(gc.get_objects()))"
    cell.run(size)
    sizes = []
    for _ in range(5):
        for _ in range(10):
            cell.run(
                "x = [np.ones(10**6) for _ in range(8)]\ny = [{} for _ in range(1000)]"
            )
        sizes.append(int(cell.run(size).text("printed")))
    assert sizes[-1] < sizes[0] + 500


def test_after_the_first_run_the_answer_is_there_at_once(cell):
    took = cell.page.evaluate(
        """async () => {
          const box = document.querySelector(".live");
          const start = performance.now();
          box.querySelector("[data-does=run]").click();
          while (box.classList.contains("busy")) await new Promise(requestAnimationFrame);
          return (performance.now() - start) / 1000;
        }"""
    )
    assert took < 3  # 0.1 on a quiet machine: benchmarks/page.py


# The editor


def test_letters_that_a_phone_puts_in_are_named_and_mended(cell):
    cell.run("name = “Asha”\nprint(5 − 3, name)".replace(" name", "\u00a0name"))
    assert cell.text("status").startswith("The code has letters that Python does not read")
    assert "non-breaking space" in cell.text("status")
    cell.place.get_by_role("button", name="Mend them").click()
    cell.wait()
    assert cell.text("printed") == "2 Asha"
    assert cell.code == 'name = "Asha"\nprint(5 - 3, name)'


def test_reset_can_be_undone(cell):
    stub = cell.code
    cell.run("print(1)")
    cell.click("reset")
    assert cell.code == stub
    cell.click("undo")
    assert cell.code == "print(1)"
    cell.place.locator("textarea").press("Control+z")
    assert cell.code == stub


def test_typing_keeps_the_indentation(cell):
    area = cell.place.locator("textarea")
    area.fill("")
    area.press_sequentially("def f(x):  # why\nif x:\nreturn 1\nreturn 2")
    assert cell.code.split("\n") == [
        "def f(x):  # why",
        "    if x:",
        "        return 1",
        "        return 2",
    ]
    cell.click("outdent")
    assert cell.code.endswith("\n    return 2")
    area.press("End")
    area.press("Enter")
    area.press_sequentially("  x")
    cell.click("outdent")
    assert cell.code.endswith("\n    x"), "to the step of four"
    area.press("ArrowLeft")
    area.press("Backspace")
    assert cell.code.endswith("\nx"), "a whole step back"
    area.press("Control+a")
    cell.click("indent")
    assert cell.code.startswith("    def f")
    assert "\n        if x:" in cell.code
    area.press("Control+z")
    assert cell.code.startswith("def f")


def test_tab_leaves_for_who_came_by_keyboard_and_indents_for_who_came_by_pointer(cell):
    area, focused = cell.place.locator("textarea"), "document.activeElement.tagName"
    area.fill("a")
    cell.page.keyboard.press("Tab")
    assert cell.page.evaluate(focused) == "BUTTON"
    assert cell.code == "a"
    area.click()
    area.press("Tab")
    assert cell.code == "    a"
    area.press("Shift+Tab")
    assert cell.code == "a"
    area.press("Escape")
    area.press("Tab")
    assert cell.page.evaluate(focused) == "BUTTON"


def test_everything_can_be_done_with_the_keyboard_alone(read):
    page = read(PAGE).page
    offer = page.locator(OFFER).first
    offer.focus()
    page.keyboard.press("Enter")
    cell = Cell(page, page.locator("article .cell.tag_exercise").first).wait()
    assert page.evaluate("document.activeElement.className") == "live-code"
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("print(7)")
    page.keyboard.press("Control+Enter")
    cell.wait()
    assert cell.text("printed") == "7"
    assert page.evaluate("document.activeElement.className") == "live-code"
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.dataset.does"))
    assert seen == ["run", "indent", "outdent", "reset"]


def test_the_buttons_stay_above_the_keyboard_of_a_phone(read):
    cell = read(PAGE, viewport=PHONE, has_touch=True).cell()
    page = cell.page
    cell.place.locator("textarea").fill("x\n" * 25)
    page.evaluate("document.documentElement.style.setProperty('--live-keyboard', '340px')")
    cell.place.locator("textarea").evaluate("e => e.scrollIntoView({ block: 'start' })")
    box = cell.place.locator("[data-does=run]").bounding_box()
    assert 300 < box["y"] < PHONE["height"] - 340 - box["height"] + 1


def test_words_follow_the_language(cell):
    cell.run("print(1)")
    page = cell.page
    for tag, words in (("hinglish", "Chal gaya."), ("both", "Chal gaya. · It ran.")):
        page.evaluate(f"document.querySelector('input[value={tag}]').click()")
        assert cell.text("status") == words


# Memory


def test_work_survives_a_reload_and_a_closed_tab(read):
    reader = read(PAGE)
    reader.cell().run("print('mine')")
    page = reader.page
    reader.requests.clear()
    page.reload()
    area = page.locator("article .cell.tag_exercise textarea").first
    assert area.input_value() == "print('mine')"
    assert not [url for url in reader.requests if "runtime" in url], "not before a click"
    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator("textarea").first.input_value() == "print('mine')"
    assert page.evaluate("document.activeElement.tagName") == "BODY", "nobody asked"


def test_a_reset_is_forgotten_only_when_something_else_was_run(read):
    reader = read(PAGE)
    cell = reader.cell().run("print('mine')")
    stub = cells(PAGE, "exercise")[0]
    cell.click("reset").click("reset")
    assert cell.code.strip() == stub
    reader.page.reload()
    cell.click("undo")
    assert cell.code == "print('mine')"
    cell.click("reset").click("run").wait()
    reader.page.reload()
    assert reader.page.locator("textarea").count() == 0


def test_what_was_done_shows_on_the_page_and_on_the_map(read):
    reader = read(PAGE)
    reader.cell(1).run(cells(PAGE, "solution")[1])
    page = reader.page
    offers = page.locator(".tag_exercise .live-offer .live-done")
    assert [offer.is_visible() for offer in offers.all()] == [False] * 4, "it is open"
    assert page.locator(".live .live-done:visible").count() == 1
    page.evaluate(
        "localStorage.removeItem(Object.keys(localStorage)"
        ".find((key) => key.includes('draft:math.undo')))"
    )
    page.reload()
    assert [offer.is_visible() for offer in offers.all()] == [False, True, False, False]
    page.goto(page.url.replace("02_math", "index"))
    row = page.locator(".chapter-map [data-chapter=math]")
    assert row.locator(".live-done").inner_text() == "1/4"
    assert page.locator(".live-progress strong").inner_text() == f"1/{ALL}"


def test_progress_can_be_taken_along_and_deleted(read, tmp_path):
    page = read("chapters/index").page
    keep = {"math.undo": "2026-01-05", "math.forward": "2026-01-06"}
    page.evaluate(
        "done => localStorage.setItem('bn-samjho:done', JSON.stringify(done))", keep
    )
    page.evaluate("localStorage.setItem('bn-samjho:draft:a:b', '\"def\"')")
    page.evaluate("localStorage.setItem('of-another-book', '1')")
    page.reload()
    with page.expect_download() as download:
        page.locator("[data-does=export]").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    saved = {"book": "bn-samjho", "done": keep, "drafts": {"a:b": "def"}}
    assert json.loads(file.read_text("utf-8")) == saved

    page.locator("[data-does=delete]").dblclick()
    assert page.locator(".live-progress strong").inner_text() == f"2/{ALL}", (
        "not by accident"
    )
    page.wait_for_timeout(700)
    page.locator("[data-does=sure]").click()
    assert page.locator(".live-progress strong").inner_text() == f"0/{ALL}"
    assert page.evaluate("Object.keys(localStorage)").count("of-another-book") == 1

    page.locator("[data-does=import]").set_input_files(file)
    page.get_by_text("The file is in.").wait_for()
    assert page.locator(".live-progress strong").inner_text() == f"2/{ALL}"
    draft = "localStorage.getItem('bn-samjho:draft:a:b')"
    assert page.evaluate(draft) == '"def"'
    page.evaluate("localStorage.setItem('bn-samjho:draft:a:b', '\"newer\"')")
    page.locator("[data-does=import]").set_input_files(file)
    page.wait_for_timeout(200)
    assert page.evaluate(draft) == '"newer"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"book": "bn-samjho", "done": {"a": 1}}',
        '{"book": "bn-samjho", "done": "abc"}',
        '{"book": "b", "done": {}}',
    ],
)
def test_another_file_changes_nothing(read, tmp_path, text):
    page = read("chapters/index").page
    file = tmp_path / "progress.json"
    file.write_text(text, "utf-8")
    page.locator("[data-does=import]").set_input_files(file)
    page.get_by_text("This is no progress file").wait_for()
    assert page.locator(".live-progress strong").inner_text() == f"0/{ALL}"


DENIED = """Object.defineProperty(window, "localStorage", {
  configurable: true, get() { throw new DOMException("denied"); } })"""
FULL = """Storage.prototype.setItem = () => { throw new DOMException("full"); }"""


@pytest.mark.parametrize("script", [DENIED, FULL], ids=["denied", "full"])
def test_without_storage_there_is_no_memory_and_all_else_works(
    live_book, site, new_page, script
):
    page = new_page()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.add_init_script(script)
    Reader(page).open(f"{site}{PAGE}.html?lang=english")
    page.locator(OFFER).first.click()
    cell = Cell(page, page.locator("article .cell.tag_exercise").first).wait()
    assert cell.run("print(1)").text("printed") == "1"
    assert cell.place.locator(".live-unsaved").is_visible()
    assert trouble == []


# What goes wrong on the way


def test_a_failed_download_can_be_tried_again(read):
    reader = read(PAGE)
    page = reader.page
    page.route("**/runtime/numpy*", lambda route: route.abort())
    cell = reader.cell()
    assert cell.text("status").startswith("The download failed: numpy")
    assert cell.place.locator(".live-status a").count() == 1
    page.unroute("**/runtime/numpy*")
    cell.place.get_by_role("button", name="Try again").click()
    assert cell.wait().verdict.startswith("○")


def test_a_damaged_file_is_told(read):
    reader = read(PAGE)
    page = reader.page

    def damage(route):
        text = route.fetch().text()
        route.fulfill(body=text.replace("A", "B", 1), content_type="text/javascript")

    page.route("**/runtime/python_stdlib*.2.*", damage)
    cell = reader.cell()
    assert "arrived damaged" in cell.text("status")
    page.unroute("**/runtime/python_stdlib*.2.*")
    cell.place.get_by_role("button", name="Try again").click()
    assert cell.wait().verdict.startswith("○")


def test_without_webassembly_a_laptop_is_offered(live_book, site, new_page):
    page = new_page()
    page.add_init_script("delete window.WebAssembly")
    Reader(page).open(f"{site}{PAGE}.html?lang=english")
    page.locator(OFFER).first.click()
    status = page.locator(".live-status").first
    page.get_by_text("cannot run WebAssembly").wait_for()
    assert status.locator("a").get_attribute("download") == "02_math.ipynb"


@pytest.fixture
def elsewhere():
    """Serve another origin; return its address, and what it was asked for."""
    asked = []

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()


# By the browser's own names: under the policy no text becomes a script.
LEAK = """
import js
from contextlib import suppress

there = "http://{there}/"
with suppress(Exception):
    js.fetch(there + "fetch")
with suppress(Exception):
    asked = js.XMLHttpRequest.new()
    asked.open("GET", there + "xhr", False)
    asked.send()
with suppress(Exception):
    js.importScripts(there + "script")
with suppress(Exception):
    js.WebSocket.new("ws://{there}/socket")
with suppress(Exception):
    js.EventSource.new(there + "events")
with suppress(Exception):
    js.Worker.new(there + "worker")
print("tried")
"""


def test_no_request_leaves_the_book_whatever_code_tries(read, elsewhere):
    there, asked = elsewhere
    cell = read(PAGE).cell()
    assert cell.run(LEAK.format(there=there)).text("printed") == "tried"
    tried = cell.page.evaluate(
        "there => fetch(there).then(() => 'came', () => 'blocked')", f"http://{there}/page"
    )
    cell.page.wait_for_timeout(500)
    assert tried == "blocked"
    assert asked == []


def test_without_the_policy_it_would_leave(read, elsewhere):
    there, asked = elsewhere
    cell = read(PAGE, bypass_csp=True).cell()
    cell.run(LEAK.format(there=there))
    cell.page.wait_for_timeout(500)
    assert "/xhr" in asked


def test_the_policy_troubles_no_page(live_book, site, new_page):
    page, trouble = new_page(), []
    page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
    page.on(
        "console",
        lambda m: trouble.append(f"{page.url}: {m.text}") if m.type == "error" else None,
    )
    for name in [*built_pages(), "search.html?q=batch&lang=english"]:
        page.goto(site + name)
        page.wait_for_load_state("networkidle")
    assert "Pages found" in page.locator("#search-results .search-summary").inner_text()
    assert trouble == []


def test_an_ipad_that_calls_itself_a_mac_is_told_as_an_ipad(live_book, site, new_page):
    page = new_page(has_touch=True)
    page.add_init_script(
        """Object.defineProperty(navigator, "platform", { get: () => "MacIntel" });
        Object.defineProperty(navigator, "maxTouchPoints", { get: () => 5 });"""
    )
    Reader(page).open(f"{site}{PAGE}.html?lang=english")
    page.locator(OFFER).first.click()
    cell = Cell(page, page.locator("article .cell.tag_exercise").first).wait()
    cell.run("import js\nprint(js.navigator.platform)")
    assert cell.text("printed") == "iPad"


# How it looks


@pytest.mark.parametrize("viewport", [PHONE, SMALL_PHONE], ids=["phone", "small phone"])
def test_on_a_phone_nothing_is_cut_and_fingers_fit(read, viewport):
    reader = read(PAGE, viewport=viewport, has_touch=True, language="both")
    cell = reader.cell()
    cell.run("print('a' * 200)\n1 / 0")
    page = reader.page
    excess = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert excess == 0
    size = "e => getComputedStyle(e).fontSize"
    assert cell.place.locator("textarea").evaluate(size) == "16px"
    for button in cell.place.locator(".live button:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 40, button
        assert box["width"] >= 40, button


@pytest.mark.parametrize("page", [PAGE, "chapters/index"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_accessibility_rule_is_broken(read, page, theme):
    reader = read(page, language="both", color_scheme=theme)
    if page == PAGE:
        reader.cell().run("print(1)\n1 / 0")
    rules = WCAG if theme == "light" else COLOURS
    reader.page.evaluate("document.documentElement.classList.remove('in-parts')")
    problems = axe(reader.page, rules)
    assert not problems, "\n".join(problems)


def test_the_page_without_python_is_the_page_of_the_small_zip(
    live_book, new_page, tmp_path
):
    ZipFile(live_book / "bn-samjho.zip").extractall(tmp_path)
    page = new_page()
    page.goto((tmp_path / "bn-samjho" / f"{PAGE}.html").as_uri())
    assert page.locator(".live-offer").count() == 0
    assert page.locator('a[href$="python.zip"]').count() == 0
    small, large = (live_book / f"bn-samjho{name}.zip" for name in ("", "-python"))
    assert 8e6 < large.stat().st_size - small.stat().st_size < 10e6


def test_the_large_zip_runs_python_from_its_folder(live_book, new_page, tmp_path):
    ZipFile(live_book / "bn-samjho-python.zip").extractall(tmp_path)
    folder = tmp_path / "bn-samjho-python"
    reader = Reader(new_page()).open((folder / f"{PAGE}.html").as_uri())
    assert reader.cell().verdict.startswith("○")
    assert [
        url for url in reader.requests if not url.startswith(("file:", "blob:", "data:"))
    ] == []

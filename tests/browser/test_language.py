"""The language switch: what it shows, what it remembers, who can use it."""

import pytest

from tests.browser.reader import DESKTOP, PHONE

SWITCH = ".language-switch"
TITLES = ("article h1", "article h2", ".sidebar-tree", ".toc-tree", ".related-pages")

# Every text that can be seen, with its language; the switch itself is left out.
SEEN = """(where) => {
  const seen = { hinglish: [], english: [], joined: [] };
  for (const place of document.querySelectorAll(where)) {
    const walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const holder = text.parentElement;
      if (!text.data.trim() || !holder.checkVisibility()) continue;
      if (holder.closest(".lang-hinglish")) seen.hinglish.push(text.data.trim());
      if (holder.closest(".lang-english")) seen.english.push(text.data.trim());
      if (text.data.includes(" · ")) seen.joined.push(text.data.trim());
    }
  }
  return seen;
}"""

# The place of the first block on the screen that all languages share.
PLACE = """() => {
  const kinds = "h2, h3, div.cell, .math-block, .table-wrapper";
  const blocks = [...document.querySelectorAll(`article :is(${kinds})`)];
  const shared = (e) => !e.closest(".lang-cell");
  const seen = blocks.filter((e) => shared(e) && e.checkVisibility());
  const top = (e) => e.getBoundingClientRect().top;
  window.watched = seen.find((e) => top(e) >= 0 && top(e) < innerHeight) ||
    seen.findLast((e) => top(e) < 0);
  return top(window.watched);
}"""
SCROLL = "d => scrollTo({ top: d * document.body.scrollHeight, behavior: 'instant' })"
# What comes near the screen after a jump has been laid out.
SETTLED = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""
PLACE_AFTER = "window.watched.getBoundingClientRect().top"

# The element with the id `there` can be read: drawn, below the header, on the screen.
ON_SCREEN = """() => {
  const there = document.getElementById("there"), box = there.getBoundingClientRect();
  const header = document.querySelector(".topbar").getBoundingClientRect();
  return there.checkVisibility({ contentVisibilityAuto: true }) &&
    box.bottom > header.bottom && box.top < innerHeight;
}"""

# A word that stands in English cells alone.
ONLY_ENGLISH = """() => {
  const words = (where) => [...document.querySelectorAll(where)]
    .flatMap((e) => e.textContent.toLowerCase().match(/[a-z]{6,}/g) || []);
  const hidden = words("article .lang-cell.lang-english");
  document.querySelectorAll("article .lang-english").forEach((e) => e.remove());
  const others = words("article");
  return hidden.find((word) => !others.some((other) => other.includes(word)));
}"""


def language(page):
    return page.evaluate("document.documentElement.dataset.lang")


def choose(page, name):
    page.locator(SWITCH).get_by_text(name, exact=True).click()


def click(page, name):
    press(page, page.locator(SWITCH).get_by_text(name, exact=True))


def press(page, target):
    """Click with a bare mouse: Playwright's own click may scroll the page first."""
    box = target.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def seen(page, where="article"):
    return page.evaluate(SEEN, where)


@pytest.fixture(scope="module")
def only_page(new_context):
    """Return one page for all tests: loading is what takes time."""
    with new_context() as context:
        yield context.new_page()


@pytest.fixture
def open_chapter(only_page, site, chapter):
    """Return a function that opens the chapter for a reader who was never here."""

    def open_page(query="", viewport=DESKTOP):
        only_page.set_viewport_size(viewport)
        only_page.goto(site + chapter + query)
        return only_page

    yield open_page
    only_page.evaluate("localStorage.clear()")


def test_a_first_reader_gets_the_first_language(open_chapter):
    page = open_chapter()
    text = seen(page)
    assert text["hinglish"]
    assert not text["english"]
    assert page.evaluate("document.documentElement.lang") == "hi-Latn"
    assert page.get_by_role("radio", name="Hinglish").is_checked()


@pytest.mark.parametrize(
    ("name", "code", "shown"),
    [
        ("English", "en", ["english"]),
        ("Hinglish", "hi-Latn", ["hinglish"]),
        ("Both", "en", ["english", "hinglish", "joined"]),
    ],
)
def test_the_switch_changes_text_titles_and_lists_of_contents(
    open_chapter, name, code, shown
):
    page = open_chapter()
    choose(page, "English" if name == "Hinglish" else "Hinglish")
    choose(page, name)
    assert page.evaluate("document.documentElement.lang") == code
    # Beside two columns of text the contents wait behind their button.
    page.evaluate("document.getElementById('__toc').checked = true")
    for where in TITLES:
        text = seen(page, where)
        assert sorted(kind for kind in text if text[kind]) == shown, (where, text)
    cells = seen(page, ".lang-cell")
    assert bool(cells["hinglish"]) == ("hinglish" in shown)
    assert bool(cells["english"]) == ("english" in shown)


def test_after_a_switch_the_whole_page_is_there(open_chapter):
    page = open_chapter()
    page.evaluate(SCROLL, 0.5)
    for name in ("English", "Both"):
        click(page, name)
    page.evaluate(SETTLED)
    hidden = "[...document.querySelectorAll('article [style*=visibility]')].length"
    assert page.evaluate(hidden) == 0
    words = page.evaluate(
        "document.querySelector('article').innerText.split(/\\s+/).length"
    )
    assert words > 4000


def test_the_title_of_the_tab_follows_the_switch(open_chapter):
    page = open_chapter()
    hinglish = page.title()
    choose(page, "English")
    english = page.title()
    assert "·" not in hinglish + english
    assert hinglish != english
    choose(page, "Both")
    assert hinglish.split(" - ")[0] in page.title()
    assert english.split(" - ")[0] in page.title()


def test_the_choice_goes_along_to_other_pages_and_lasts(open_chapter):
    page = open_chapter()
    choose(page, "English")
    page.locator(".related-pages a").first.click()
    page.wait_for_load_state()
    assert language(page) == "english"
    page.reload()
    assert language(page) == "english"
    assert page.get_by_role("radio", name="English").is_checked()


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("english", "english"),
        ("en", "english"),
        ("both", "both"),
        ("hi-Latn", "hinglish"),
        ("tamil", "hinglish"),
        ("", "hinglish"),
        ("constructor", "hinglish"),
        ("%E0%A4%A", "hinglish"),
    ],
)
def test_the_address_can_ask_for_a_language(open_chapter, asked, shown):
    page = open_chapter(f"?lang={asked}")
    assert language(page) == shown
    assert page.locator(f"{SWITCH} input:checked").input_value() == shown


def test_a_language_from_the_address_is_remembered_and_wins_over_memory(open_chapter):
    choose(open_chapter(), "Both")
    assert language(open_chapter("?lang=english")) == "english"
    assert language(open_chapter()) == "english"


def test_a_damaged_memory_is_ignored(open_chapter):
    page = open_chapter()
    for value in ("klingon", "constructor", ""):
        page.evaluate("value => localStorage.setItem('bilingual', value)", value)
        assert language(open_chapter()) == "hinglish"


def test_the_first_paint_is_already_in_the_right_language(new_page, site, chapter):
    page = new_page()
    page.route("**/bilingual.js*", lambda route: route.abort())
    page.add_init_script(
        """new MutationObserver((changes, observer) => {
          if (!document.body) return;
          window.atBody = document.documentElement.dataset.lang;
          observer.disconnect();
        }).observe(document, { childList: true, subtree: true });"""
    )
    page.goto(site + chapter + "?lang=english")
    assert page.evaluate("window.atBody") == "english"
    text = seen(page)
    assert text["english"]
    assert not text["hinglish"]


def test_without_scripts_every_language_is_shown_and_no_switch(new_page, site, chapter):
    page = new_page(java_script_enabled=False)
    page.goto(site + chapter)
    text = seen(page)
    assert text["hinglish"]
    assert text["english"]
    assert not page.locator(SWITCH).is_visible()


def test_without_storage_the_switch_still_works(new_page, site, chapter):
    page = new_page()
    page.add_init_script(
        """Object.defineProperty(window, "localStorage", {
          get() { throw new DOMException("denied", "SecurityError"); } });"""
    )
    page.goto(site + chapter)
    assert language(page) == "hinglish"
    choose(page, "English")
    assert not seen(page)["hinglish"]


def test_what_stands_for_a_picture_is_in_the_language_chosen(open_chapter):
    page = open_chapter()
    alts = "[...document.querySelectorAll('article .cell_output img')].map((e) => e.alt)"
    texts = {}
    for name in ("Both", "Hinglish", "English"):
        choose(page, name)
        texts[name] = page.evaluate(alts)
    pairs = zip(texts["Hinglish"], texts["English"], strict=True)
    joined = [" · ".join(pair) if len(set(pair)) == 2 else pair[0] for pair in pairs]
    assert joined == texts["Both"]
    assert sum(" · " in text for text in joined) > 3


def test_a_verdict_is_in_the_language_chosen(open_chapter):
    page = open_chapter()
    shown = {}
    for name in ("Hinglish", "English", "Both"):
        choose(page, name)
        page.evaluate(SETTLED)
        text = seen(page, ".bn-verdict")
        shown[name] = text["hinglish"], text["english"]
    hinglish, english = shown["Both"]
    assert len(hinglish) == len(english) >= 6
    assert shown["Hinglish"] == (hinglish, [])
    assert shown["English"] == ([], english)


@pytest.mark.parametrize(
    ("name", "search", "contents"),
    [
        ("Hinglish", "Search karo", "Is page par"),
        ("English", "Search", "On this page"),
        ("Both", "Search karo · Search", "Is page par · On this page"),
    ],
)
def test_what_attributes_say_is_in_the_language_chosen(
    open_chapter, name, search, contents
):
    page = open_chapter()
    for choice in ("English", "Both", name):
        choose(page, choice)
    assert page.locator("#book-search").get_attribute("placeholder") == search
    assert page.locator("aside").get_attribute("aria-label") == contents


@pytest.mark.parametrize("over_http", [False, True], ids=["clipboard", "the old way"])
def test_code_is_copied_and_the_button_says_so(open_chapter, over_http):
    page = open_chapter("?lang=english")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if over_http:
        page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    block = page.locator("article .cell_input .highlight").first
    button = block.get_by_role("button", name="Copy", exact=True)
    button.focus()
    button.press("Enter")
    block.get_by_role("button", name="Copied", exact=True).wait_for()
    code = block.locator("pre").text_content().rstrip()
    assert page.evaluate("navigator.clipboard.readText()") == code
    block.get_by_role("button", name="Copy", exact=True).wait_for()
    assert button.evaluate("e => e === document.activeElement")
    choose(page, "Hinglish")
    assert block.get_by_role("button", name="Copy karo", exact=True).count() == 1


def test_two_tabs_follow_each_other(open_chapter):
    first = open_chapter()
    second = first.context.new_page()
    second.goto(first.url)
    choose(second, "Both")
    second.close()
    first.wait_for_function("document.documentElement.dataset.lang === 'both'")
    assert first.get_by_role("radio", name="Both").is_checked()


def test_the_switch_has_a_name_and_is_a_group_of_radios(open_chapter):
    group = open_chapter().get_by_role("group", name="Bhasha · Language")
    radios = group.get_by_role("radio")
    assert [radio.get_attribute("value") for radio in radios.all()] == [
        "hinglish",
        "english",
        "both",
    ]
    for name in ("Hinglish", "English", "Both"):
        assert group.get_by_role("radio", name=name, exact=True).count() == 1


def test_the_keyboard_alone_works_the_switch(open_chapter):
    page = open_chapter()
    inside = f"document.activeElement.matches('{SWITCH} input')"
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(inside):
            break
    assert page.evaluate(inside), "Tab never came to the switch"
    ring = "getComputedStyle(document.activeElement.nextElementSibling).outline"
    assert "solid" in page.evaluate(ring)
    page.keyboard.press("ArrowRight")
    assert language(page) == "english"
    page.keyboard.press("ArrowRight")
    assert language(page) == "both"
    page.keyboard.press("ArrowLeft")
    assert language(page) == "english"
    assert "solid" in page.evaluate(ring)


def test_a_link_into_the_hidden_language_shows_it(open_chapter):
    page = open_chapter()
    # The last hidden cell stands for anything that can be linked to.
    page.evaluate(
        "[...document.querySelectorAll('article .lang-english')].at(-1).id = 'there'"
    )
    page.evaluate("location.hash = '#there'")
    page.wait_for_function(ON_SCREEN)
    assert language(page) == "english"
    page = open_chapter()
    assert language(page) == "hinglish", "a link does not change what the reader chose"


def test_a_page_can_be_entered_in_the_hidden_language(new_page, site, chapter):
    page = new_page()
    page.route(f"{site}{chapter}", give_last_english_cell_an_id)
    page.goto(site + chapter + "#there")
    page.wait_for_function(ON_SCREEN)
    assert language(page) == "english"


def give_last_english_cell_an_id(route):
    response = route.fetch()
    before, cell, after = response.text().rpartition('<div class="lang-cell lang-english')
    assert cell
    route.fulfill(response=response, body=f"{before}<div id=there {cell[5:]}{after}")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
def test_a_link_into_a_closed_box_opens_it(open_chapter, viewport, which):
    page = open_chapter(viewport=viewport)
    page.evaluate(
        """(which) => {
          const box = [...document.querySelectorAll("details.box")].at(which);
          box.lastElementChild.id = "there";
          location.hash = "#there";
        }""",
        which,
    )
    page.wait_for_function(ON_SCREEN)
    assert language(page) == "hinglish"


def test_a_search_hit_in_the_hidden_language_shows_it(open_chapter, site, chapter):
    page = open_chapter()
    word = page.evaluate(ONLY_ENGLISH)
    assert word, "no word of the chapter stands in English cells alone"
    page.goto(f"{site}search.html?q={word}")
    page.locator(f"#search-results a[href*='{chapter}']").first.click()
    page.wait_for_function("document.documentElement.dataset.lang === 'english'")
    marks = page.locator("article .highlighted")
    assert any(mark.is_visible() for mark in marks.all())
    assert {mark.text_content().lower() for mark in marks.all()} == {word}


def test_solutions_start_closed_and_open_by_keyboard(open_chapter):
    page = open_chapter()
    boxes = page.locator("details.box-solution")
    assert boxes.count() > 0, "the longest page has no solution"
    assert page.locator("details.box[open]").count() == 0
    boxes.first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert boxes.first.evaluate("box => box.open")
    assert boxes.first.locator(".cell_input").first.is_visible()
    page.keyboard.press("Space")
    assert not boxes.first.evaluate("box => box.open")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_switching_keeps_the_readers_place(open_chapter, viewport):
    page = open_chapter(viewport=viewport)
    for depth in (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9):
        for name in ("English", "Both", "Hinglish"):
            page.evaluate(SCROLL, depth)
            page.evaluate(SETTLED)
            before = page.evaluate(PLACE)
            click(page, name)
            after = page.evaluate(PLACE_AFTER)
            assert after == pytest.approx(before, abs=3), (depth, name)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_header_stays_however_far_one_scrolls(open_chapter, viewport):
    page = open_chapter(viewport=viewport)
    page.evaluate(SCROLL, 0.7)
    page.evaluate(SETTLED)
    for part in (SWITCH, ".brand img", ".theme-toggle"):
        box = page.locator(f".topbar {part}").bounding_box()
        assert 0 <= box["y"] < 60
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        at = "(at) => document.elementFromPoint(...at).closest('.topbar') !== null"
        assert page.evaluate(at, middle), f"something covers {part}"


def test_a_drawer_takes_the_focus_and_escape_gives_it_back(open_chapter):
    page = open_chapter(viewport=PHONE)
    page.evaluate(SCROLL, 0.5)
    page.evaluate(SETTLED)
    before = page.evaluate(PLACE)
    press(page, page.locator(".topbar .toc-overlay-icon"))
    page.wait_for_function("document.activeElement.closest('.toc-drawer')")
    assert page.evaluate("document.querySelector('.content').inert")
    page.set_viewport_size({**PHONE, "height": 500})  # as a keyboard on the screen does
    assert page.locator(".toc-drawer").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".toc-drawer").is_visible()
    page.set_viewport_size(PHONE)
    assert not page.evaluate("document.querySelector('.content').inert")
    assert page.evaluate(PLACE_AFTER) == pytest.approx(before, abs=3)
    page.locator(".topbar .toc-overlay-icon").click()
    page.locator(".toc-drawer a").last.click()
    assert not page.locator(".toc-drawer").is_visible()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_link_to_a_section_lands_on_its_heading(open_chapter, viewport):
    page = open_chapter(viewport=viewport)
    ids = page.evaluate(
        "[...document.querySelectorAll('.toc-tree a[href^=\"#\"]')]"
        ".map((link) => link.hash.slice(1)).filter(Boolean)"
    )
    assert len(ids) > 10
    for target in (ids[-1], ids[3], ids[8]):
        page.evaluate(
            "id => document.querySelector(`.toc-tree a[href='#${id}']`).click()", target
        )
        page.evaluate(SETTLED)
        top = page.evaluate(
            "id => document.getElementById(id).getBoundingClientRect().top", target
        )
        bottom = page.evaluate(
            "document.documentElement.scrollHeight - innerHeight - scrollY"
        )
        assert 0 <= top <= 160 or bottom < 2, (target, top)


def test_a_reload_keeps_the_readers_place(open_chapter):
    page = open_chapter()
    page.evaluate(SCROLL, 0.6)
    page.evaluate(SETTLED)
    page.reload()
    page.evaluate(SETTLED)
    once = page.evaluate(PLACE)
    page.reload()
    page.evaluate(SETTLED)
    assert page.evaluate(PLACE) == pytest.approx(once, abs=3)

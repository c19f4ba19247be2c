// Small services around the text; none of them is needed to read it.
(function () {
  "use strict";

  // Code and tables wider than the screen scroll, so the keyboard must be able to reach them.
  // The observer asks when the layout is known, and all is asked before anything changes.
  const reach = new ResizeObserver((entries) => {
    const wide = entries.map(({ target }) => target.scrollWidth > target.clientWidth);
    entries.forEach(({ target }, i) => {
      if (wide[i] && !target.hasAttribute("tabindex")) target.tabIndex = 0;
      if (!wide[i]) target.removeAttribute("tabindex");
    });
  });

  // Far parts of a page have no exact place until they are laid out. A jump needs one.
  function layOutAll() {
    document.documentElement.classList.remove("in-parts");
  }

  // The drawers are checkboxes, so that they open without scripts. With scripts the focus
  // goes in and comes back, what lies behind is out of reach, and Escape closes.
  const drawers = [["__navigation", ".sidebar-drawer"], ["__toc", ".toc-drawer"]]
    .map(([id, place]) => ({
      box: document.getElementById(id), drawer: document.querySelector(place),
    }))
    .filter(({ box, drawer }) => box && drawer);
  const behind = document.querySelectorAll(".topbar, .content, .skip-to-content");

  function follow({ box, drawer }) {
    const open = drawers.some((each) => each.box.checked);
    behind.forEach((element) => { element.inert = open; });
    if (!box.checked) return;
    // A link, not the search field: that would bring up a phone's keyboard.
    const inside = Array.from(drawer.querySelectorAll("a[href]:not([href='#'])"));
    const first = inside.find((element) => element.getClientRects().length > 0);
    if (first) setTimeout(() => first.focus({ preventScroll: true }), 300);  // it slides in
  }

  function closeDrawers() {
    for (const each of drawers.filter(({ box }) => box.checked)) {
      each.box.checked = false;
      follow(each);
      each.box.focus({ preventScroll: true });
    }
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch (error) {  // over http there is no such clipboard, only the old way
      const focused = document.activeElement;
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      document.execCommand("copy");
      area.remove();
      focused.focus({ preventScroll: true });
    }
  }

  function addCopyButton(block) {
    const { content } = document.getElementById("copy-button");
    const button = content.firstElementChild.cloneNode(true);
    const [asks, done] = button.querySelectorAll(":scope > span");
    button.addEventListener("click", async () => {
      await copy(block.textContent.trimEnd());
      asks.hidden = !(done.hidden = false);
      setTimeout(() => { asks.hidden = !(done.hidden = true); }, 2000);
    });
    block.after(button);
  }

  document.querySelectorAll("article .highlight > pre").forEach(addCopyButton);
  document.querySelectorAll("article :is(pre, .table-wrapper)")
    .forEach((block) => reach.observe(block));
  window.addEventListener("hashchange", layOutAll);
  document.addEventListener("click", (event) => {
    if (event.target.closest('a[href*="#"]')) layOutAll();
    if (event.target.closest(".toc-drawer a")) closeDrawers();
  }, true);
  drawers.forEach((each) => each.box.addEventListener("change", () => follow(each)));
  // Where a drawer becomes a column, none stays open. A phone's keyboard changes the height
  // alone, and must not close the drawer whose field asked for it.
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) closeDrawers();
    width = window.innerWidth;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeDrawers();
    if (event.key === "Enter" && event.target.id === "hero-go") event.target.click();
  });
  // Back, End and the browser's own search come with a scroll or a key.
  for (const kind of ["scroll", "keydown"]) {
    window.addEventListener(kind, layOutAll, { once: true, passive: true });
  }
})();

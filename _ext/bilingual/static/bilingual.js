// The language switch. The choice itself was made by the script in the page's head,
// before first paint; here it becomes changeable.
(function () {
  "use strict";
  const root = document.documentElement;
  const fallbackCode = document.querySelector('meta[name="docsearch:language"]');
  const radios = Array.from(document.querySelectorAll('input[name="bilingual"]'));
  const codes = { __proto__: null, both: (fallbackCode && fallbackCode.content) || "en" };
  radios.forEach((radio) => { if (radio.dataset.code) codes[radio.value] = radio.dataset.code; });

  function store(language) {
    try { localStorage.setItem("bilingual", language); } catch (error) { /* private mode */ }
  }

  // The first block on the screen that all languages share, or the last above it. Asked
  // before anything is put off: what is unseen may stick out below the place kept for it.
  function firstOnScreen() {
    const blocks = "h1, h2, h3, .cell, .math-block, .table-wrapper";
    const shared = Array.from(document.querySelectorAll(`article :is(${blocks})`))
      .filter((block) =>
        block.getClientRects().length > 0 &&
        !block.closest(".lang-cell, details:not([open])"));
    const top = (block) => block.getBoundingClientRect().top;
    return shared.find((block) => top(block) >= 0 && top(block) < window.innerHeight) ||
      shared.findLast((block) => top(block) < 0);
  }

  // What the reader looks at should stay where it is when text above it changes height.
  function keepingPlace(anchor, change) {
    const before = anchor && anchor.getBoundingClientRect().top;
    change();
    if (anchor && window.scrollY > 0) {
      const behavior = "instant";
      window.scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior });
    }
  }

  // Only what is on the screen changes at once. The rest keeps its height, unseen, until
  // the screen has been painted: a long page takes longer than an eye should wait.
  function inTurns(change) {
    const anchor = firstOnScreen();
    const late = Array.from(document.querySelectorAll("article > section > section"))
      .map((part) => ({ part, box: part.getBoundingClientRect() }))
      .filter(({ box }) => box.bottom < 0 || box.top > window.innerHeight);
    keepingPlace(anchor, () => {
      for (const { part, box } of late) {
        part.style.containIntrinsicHeight = `${box.height}px`;
        part.style.contentVisibility = "hidden";  // margins no longer collapse through it
      }
      change();
    });
    requestAnimationFrame(() => setTimeout(() => keepingPlace(anchor, () => {
      for (const { part } of late) {
        part.style.containIntrinsicHeight = part.style.contentVisibility = "";
      }
    })));
  }

  // The title and some attributes hold all languages: no markup can be in them.
  const fullTitle = document.title;
  const attributes = new Map();  // to its whole text

  function findAttributes() {
    for (const name of ["alt", "aria-label", "placeholder"]) {
      for (const element of document.querySelectorAll(`[${name}*=" · "]`)) {
        const attribute = element.getAttributeNode(name);
        attributes.set(attribute, attribute.value);
      }
    }
  }

  function inLanguage(text, language) {
    const place = radios.filter((radio) => radio.dataset.code)
      .findIndex((radio) => radio.value === language);
    return text.split(" · ")[place] || text;
  }

  function show(language) {
    root.dataset.lang = language;
    root.lang = codes[language];
    const title = fullTitle.split(" - ");
    document.title = title.map((part) => inLanguage(part, language)).join(" - ");
    findAttributes();
    attributes.forEach((text, attribute) => { attribute.value = inLanguage(text, language); });
    radios.forEach((radio) => { radio.checked = radio.value === language; });
  }

  function languageOf(element) {
    const holder = element.closest('[class*="lang-"]');
    return Object.keys(codes).find((tag) => holder && holder.classList.contains("lang-" + tag));
  }

  // A link may lead into the hidden language or into a closed box: open what hides it.
  function reveal(element) {
    for (let box = element.closest("details"); box; box = box.parentElement.closest("details")) {
      box.open = true;
    }
    const language = languageOf(element);
    if (language && root.dataset.lang !== "both" && root.dataset.lang !== language) {
      show(language);
    }
    element.scrollIntoView();
  }

  function followHash() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch (error) { /* a stray % is no id of ours */ }
    const target = id && document.getElementById(id);
    if (!target) return;
    // Some browsers open a box by themselves, but scroll to where its text was before.
    if (target.getClientRects().length === 0 || target.closest("details")) reveal(target);
  }

  // From a search: to the first word found, and into the hidden language if need be.
  function followHighlight() {
    const hits = Array.from(document.querySelectorAll("article span.highlighted"));
    if (hits.length === 0 || location.hash) return;
    const seen = hits.find((hit) => hit.getClientRects().length > 0);
    if (seen) seen.scrollIntoView({ block: "center" });
    else reveal(hits[0]);
  }

  radios.forEach((radio) => radio.addEventListener("change", () => {
    inTurns(() => show(radio.value));
    store(radio.value);
  }));
  document.querySelectorAll(".language-switch").forEach((box) => { box.hidden = false; });
  show(root.dataset.lang);
  window.addEventListener("hashchange", followHash);
  window.addEventListener("storage", (event) => {
    if (event.key === "bilingual" && codes[event.newValue]) show(event.newValue);
  });
  followHash();
  // Sphinx marks the words of a search with a delay of 10 ms.
  window.addEventListener("load", () => setTimeout(followHighlight, 50));
})();

// What the search page adds to Sphinx's own search, between its code and its index.
(function () {
  "use strict";
  const root = document.documentElement;
  const tags = Array.from(document.querySelectorAll("input[name=bilingual][data-code]"),
    (radio) => radio.value);

  // In a folder nothing can be fetched: results come without their lines of text.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // Sphinx's own words, in the order of the languages; one string each, as it can hold no
  // markup.
  const words = {
    "Search Results": ["Results", "Results"],
    "Searching": ["Dhoondh rahe hain", "Searching"],
    "Preparing search...": ["Taiyaar ho raha hai…", "Preparing…"],
    "Search finished, found ${resultCount} page(s) matching the search query.":
      ["Pages mile", "Pages found", ": ${resultCount}."],  // Sphinx puts in one number
    ["Your search did not match any documents. Please make sure that all words are spelled"
      + " correctly and that you've selected enough categories."]:
      ["Kuch nahi mila. Spelling dekho, ya koi aur word try karo.",
        "Nothing found. Check the spelling, or try another word."],
  };
  const say = ([first, second, end = ""]) => {
    const texts = [first, second], own = texts[tags.indexOf(root.dataset.lang)];
    return (own || [...new Set(texts)].join(" · ")) + end;
  };
  // Not addTranslations, which builds a function from text: no page need allow that.
  for (const [key, pair] of Object.entries(words)) {
    Documentation.TRANSLATIONS[key] = say(pair);
  }

  // A result is told in the reader's language, and without formulas, which are no text.
  const original = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const own = root.dataset.lang;
    const others = tags.includes(own) ? tags.filter((tag) => tag !== own) : [];
    const unread = ["math", ".lang-separator", ...others.map((tag) => ".lang-" + tag)];
    page.querySelectorAll(unread.join()).forEach((element) => element.remove());
    return original(page.documentElement.outerHTML, anchor);
  };
})();

// Small services around the text; none of them is needed to read it.
(function () {
  "use strict";

  // Code that is wider than the screen scrolls, so the keyboard must be able to reach it.
  // The observer asks when the layout is known, and forces none.
  const reach = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }));

  // Far parts of a page have no exact place until they are laid out. A jump needs one.
  function layOutAll() {
    document.documentElement.classList.remove("in-parts");
  }

  // In a folder nothing can be fetched: results come without their lines of text.
  function searchInFolder() {
    if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  }

  document.querySelectorAll("article pre").forEach((block) => reach.observe(block));
  document.addEventListener("DOMContentLoaded", searchInFolder);
  window.addEventListener("hashchange", layOutAll);
  document.addEventListener("click", (event) => {
    if (event.target.closest('a[href*="#"]')) layOutAll();
  }, true);
})();

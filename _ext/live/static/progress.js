// On the first page: which exercises are done, and a way to take that along.
(function () {
  "use strict";
  const { book, store, template } = window.bnLive;
  const map = document.querySelector(".chapter-map");
  if (!map || !document.getElementById("live-progress")) return;
  const box = template("live-progress").firstElementChild;
  const find = (name) => box.querySelector(`[data-does=${name}]`);
  const status = box.querySelector("[role=status]");

  function show() {
    const done = Object.keys(store.get("done") || {});
    let sum = 0, all = 0;
    map.querySelectorAll("[data-exercises]").forEach((row) => {
      const count = Number(row.dataset.exercises);
      const own = done.filter((name) => name.startsWith(`${row.dataset.chapter}.`));
      const has = Math.min(own.length, count);  // one may have gone from the book
      sum += has;
      all += count;
      let chip = row.querySelector(".live-done");
      if (!chip) {
        chip = document.createElement("span");
        chip.className = "live-done";
        row.querySelector(".title").append(" ", chip);
      }
      chip.textContent = has ? `${has === count ? "✔ " : ""}${has}/${count}` : "";
    });
    box.querySelectorAll("[data-count]").forEach((place) => {
      place.textContent = `${sum}/${all}`;
    });
  }

  function say(name) {
    const words = box.querySelector(`template[data-say=${name}]`).content;
    status.replaceChildren(words.cloneNode(true));
  }

  function take() {
    const drafts = store.keys().filter((key) => key.startsWith("draft:"));
    const kept = {
      book,
      done: store.get("done") || {},
      drafts: Object.fromEntries(drafts.map((key) => [key.slice(6), store.get(key)])),
    };
    const link = document.createElement("a");
    const text = JSON.stringify(kept, null, 1);
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "progress.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    say("saved");
  }

  // All of it is looked at before anything is kept; what is here already stays.
  function read(text) {
    const { book: from, done, drafts = {} } = JSON.parse(text);
    const words = (table) => Object.prototype.toString.call(table) === "[object Object]" &&
      Object.values(table).every((value) => typeof value === "string");
    if (from !== book || !words(done) || !words(drafts)) throw new Error(from);
    const own = Object.entries(drafts).filter(([name]) => store.get(`draft:${name}`) === null);
    return store.set("done", { ...done, ...store.get("done") }) &&
      own.every(([name, draft]) => store.set(`draft:${name}`, draft));
  }

  find("export").addEventListener("click", take);
  find("import").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    try {
      say(read(await file.text()) ? "imported" : "unsaved");
    } catch (error) {
      say("refused");
    }
    event.target.value = "";
    show();
  });

  let asked = 0;

  function ask(now) {
    find("delete").hidden = now;
    find("sure").hidden = !now;
    asked = Date.now();
  }

  find("delete").addEventListener("click", () => {
    ask(true);
    find("sure").focus();
  });
  find("sure").addEventListener("blur", () => ask(false));
  find("sure").addEventListener("click", () => {
    if (Date.now() - asked < 600) return;  // the second click of two is no answer
    store.keys().forEach((key) => store.set(key, null));
    ask(false);
    find("delete").focus();
    say("deleted");
    show();
  });
  map.after(box);
  show();
})();

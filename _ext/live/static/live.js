// Offers to run the exercises and live cells of a page, and keeps what a reader did.
// What runs them is loaded at the first click: see live/python.js and live/console.js.
(function () {
  "use strict";
  const book = "bn-samjho";  // other books may share the origin
  const own = document.currentScript || document.querySelector('script[src*="bundle.js"]');
  const base = own && new URL("live/", own.src);

  // Storage may be denied or full: then there is no memory, and all else works.
  const store = {
    get(key) {
      try {
        return JSON.parse(localStorage.getItem(`${book}:${key}`));
      } catch (error) {
        return null;
      }
    },
    set(key, value) {
      try {
        if (value === null) localStorage.removeItem(`${book}:${key}`);
        else localStorage.setItem(`${book}:${key}`, JSON.stringify(value));
        return JSON.stringify(this.get(key)) === JSON.stringify(value);
      } catch (error) {
        return false;
      }
    },
    keys() {
      try {
        const all = Object.keys(localStorage).filter((key) => key.startsWith(`${book}:`));
        return all.map((key) => key.slice(book.length + 1));
      } catch (error) {
        return [];
      }
    },
  };

  function hash(text) {  // FNV-1a
    let value = 0x811c9dc5;
    for (const letter of text) {
      value = Math.imul(value ^ letter.codePointAt(0), 0x01000193) >>> 0;
    }
    return value.toString(36);
  }

  function template(id) {
    return document.getElementById(id).content.cloneNode(true);
  }

  function load(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(name, base);
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  let loading = null;
  function loadConsole() {
    loading = loading || load("python.js").then(() => load("console.js"));
    loading.catch(() => { loading = null; });
    return loading;
  }

  function isDone(exercise) {
    return Boolean(exercise && (store.get("done") || {})[exercise]);
  }

  function passed(exercise) {
    const done = store.get("done") || {};
    if (!done[exercise]) {
      done[exercise] = new Date().toISOString().slice(0, 10);
      store.set("done", done);
    }
  }

  function prepare(cell) {
    const pre = cell.querySelector(".cell_input pre");
    const stub = pre.textContent.trimEnd() + "\n";
    const [, exercise] = stub.match(/\bcheck\(\s*"([^"]+)"/) || [];
    const page = location.pathname.split("/").pop().replace(".html", "");
    const place = `${exercise || page}:${hash(stub)}`;
    const [first] = document.querySelectorAll(".cell_input pre");
    const task = {
      cell, stub, exercise, prelude: first === pre ? "" : first.textContent,
      get draft() { return store.get(`draft:${place}`); },
      keep: (text) => store.set(`draft:${place}`, text === stub ? null : text),
      get before() { return store.get(`before:${place}`); },
      set before(text) { store.set(`before:${place}`, text); },
      passed() { passed(exercise); mark(); },
      get done() { return isDone(exercise); },
    };
    const offer = template("live-offer").firstElementChild;
    const kind = exercise ? "exercise" : "live";
    offer.querySelectorAll(`[data-for]:not([data-for=${kind}])`).forEach((e) => e.remove());
    const mark = () => { offer.querySelector(".live-done").hidden = !isDone(exercise); };
    cell.querySelector(".cell_input").after(offer);
    mark();
    const open = (run) => loadConsole().then(
      () => window.bnLive.open(task, offer, run),
      () => { offer.querySelector(".live-failed").hidden = false; },
    );
    offer.querySelector("button").addEventListener("click", () => open(true));
    // Work goes on where it was left.
    if (task.draft !== null || task.before !== null) open(false);
  }

  window.bnLive = { book, store, template };
  if (document.getElementById("live-offer")) {
    document.querySelectorAll("article .cell:is(.tag_exercise, .tag_live)")
      .forEach(prepare);
  }
})();

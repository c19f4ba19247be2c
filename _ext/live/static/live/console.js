// An editor for one cell, and Python in a worker that runs it. Loaded at the first click.
(function () {
  "use strict";
  const live = window.bnLive;
  const base = new URL("runtime/", document.currentScript.src);
  const SECONDS = 10;  // for one run; loading has no limit
  const AT_ONCE = 4;

  // Words

  function say(place, key, values = {}) {
    const counted = place.dataset.said === key && place.querySelector("[aria-hidden]");
    place.dataset.said = key;
    if (counted) {  // for the eye alone: nobody wants to hear each step
      counted.textContent = `${values.loaded} / ${values.all} MB`;
      return null;
    }
    const words = live.template("live-words").querySelector(`[data-say="${key}"]`);
    const walker = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      node.data = node.data.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
    }
    place.replaceChildren(...words.childNodes);
    return place.querySelector("button");
  }

  // Files, which stay in the page: a worker that was stopped is started from them again

  const arrived = new Map();  // file -> what resolves it
  const files = {};
  let compiled = null;

  live.receive = (file, text) => arrived.get(file)?.(text);

  function script(file) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = new URL(file, base);
      element.onload = () => { element.remove(); resolve(); };
      element.onerror = () => {
        element.remove();
        reject(Object.assign(new Error(file), { key: "offline" }));
      };
      document.head.append(element);
    });
  }

  function decode(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    return bytes;
  }

  async function piece({ file, hash }) {
    let text;
    arrived.set(file, (found) => { text = found; });
    await script(file);
    arrived.delete(file);
    const bytes = decode(text || "");
    // Plain http has no such digest; there gzip's own checksum tells.
    const digest = crypto.subtle && new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hex = digest && Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
    if (digest && hex !== hash) throw Object.assign(new Error(file), { key: "broken" });
    return bytes;
  }

  async function load() {
    if (!live.pieces) await script("list.js");
    const wanted = Object.entries(live.pieces).filter(([name]) => !files[name]);
    const all = Object.values(live.pieces).flat().reduce((sum, p) => sum + p.bytes, 0);
    let loaded = all - wanted.flatMap(([, pieces]) => pieces)
      .reduce((sum, p) => sum + p.bytes, 0);
    const queue = wanted.flatMap(([name, pieces]) => pieces.map((p, i) => [name, p, i]));
    const parts = Object.fromEntries(wanted.map(([name, pieces]) => [name, pieces.map(() => null)]));
    const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
    let failed = false;
    const tellAll = () => {
      if (!failed) tellState("loading", { loaded: megabytes(loaded), all: megabytes(all) });
    };
    tellAll();
    const next = async () => {
      while (queue.length) {
        const [name, each, i] = queue.shift();
        parts[name][i] = await piece(each);
        loaded += each.bytes;
        tellAll();
        if (!parts[name].every(Boolean)) continue;
        files[name] = await unzip(parts[name], each.file);
        // The largest comes first, and is compiled while others load; once for all workers.
        if (name.endsWith(".wasm")) {
          compiled = WebAssembly.compile(files[name]);
          compiled.catch(() => {});  // is told by who waits for it
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, next));
    } catch (error) {
      failed = true;
      queue.length = 0;  // nothing goes on after the first failure
      throw error;
    }
  }

  async function unzip(parts, file) {
    try {
      const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("gzip"));
      return await new Response(stream).arrayBuffer();
    } catch (error) {
      throw Object.assign(new Error(file), { key: "broken" });
    }
  }

  // Python: one worker a page

  let ready = null;  // a promise of the worker
  let worker = null;
  let runs = 0;

  // How far it is on its way; the cell that waits for it hears of it.
  let state = null, listener = () => {};

  function tellState(...now) {
    state = now;
    listener(...now);
  }

  function startWorker() {
    ready = ready || (async () => {
      await load();
      tellState("starting");
      const texts = ["pyodide.js", "pyodide.asm.js", "worker.js"].map((name) => files[name]);
      const glue = texts.flatMap((text) => [text, "\n;\n"]);
      const address = URL.createObjectURL(new Blob(glue, { type: "text/javascript" }));
      worker = new Worker(address);
      const { promise, hear } = answer(worker);
      const tablet = navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1;
      try {
        worker.postMessage({ kind: "start", files, module: await compiled, tablet });
        await promise;
      } finally {
        hear.abort();
        URL.revokeObjectURL(address);
      }
      document.querySelectorAll(".live-offer .live-size").forEach((size) => size.remove());
      state = null;
      return worker;
    })();
    ready.catch((error) => {
      state = null;
      end();
      if (error.key) return;
      compiled = null;  // it may have been that: all of it comes anew
      Object.keys(files).forEach((name) => delete files[name]);
    });
    return ready;
  }

  function end() {
    worker?.terminate();
    worker = ready = null;
  }

  // The next message that ends something; what is printed on the way is handed on.
  function answer(python, print = () => {}) {
    const hear = new AbortController();
    const promise = new Promise((resolve, reject) => {
      const died = (why) => reject(Object.assign(new Error(why), { key: "died" }));
      const { signal } = hear;
      python.addEventListener("message", ({ data }) => {
        if (data.kind === "printed") print(data.text);
        else if (data.kind === "died") died(data.text);
        else resolve(data);
      }, { signal });
      python.addEventListener("error", (event) => died(event.message || "?"), { signal });
    });
    return { promise, hear };
  }

  let stop = () => {};  // ends what runs now

  async function run(code, tell, print) {
    if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
      throw Object.assign(new Error(), { key: "unable" });
    }
    let busy = false, timer;
    const stopped = new Promise((_, reject) => {
      stop = (key = "stopped", values = {}) => {
        if (busy) end();  // what is loaded, or only loads, stays
        reject(Object.assign(new Error(), { key, values }));
      };
    });
    const mine = stop;
    try {
      listener = tell;
      if (state) tell(...state);
      const python = await Promise.race([startWorker(), stopped]);
      tell("running");
      const { promise, hear } = answer(python, print);
      busy = true;
      timer = setTimeout(() => mine("slow", { seconds: SECONDS }), SECONDS * 1000);
      python.postMessage({ ...code, kind: "run", number: ++runs });
      try {
        return await Promise.race([promise, stopped]);
      } catch (error) {
        if (error.key === "died") end();
        listener = () => {};
        startWorker().catch(() => {});  // the next is ready before the next click
        throw error;
      } finally {
        hear.abort();
      }
    } finally {
      clearTimeout(timer);
      if (stop === mine) stop = () => {};
      if (listener === tell) listener = () => {};
    }
  }

  // Editor

  // As typing does it, so that the browser's own undo knows.
  function type(area, text) {
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input"));
    }
  }

  function replaceAll(area, text) {
    area.focus({ preventScroll: true });
    area.select();
    if (text) type(area, text);
    else document.execCommand("delete");
    area.setSelectionRange(0, 0);
  }

  function shift(area, change) {
    area.focus({ preventScroll: true });
    const { value, selectionStart: from, selectionEnd: to } = area;
    const start = value.lastIndexOf("\n", from - 1) + 1;
    const end = value.indexOf("\n", Math.max(to - 1, from));
    const stop = end < 0 ? value.length : end;
    const old = value.slice(start, stop);
    const lines = old.split("\n").map(change);
    if (lines.join("\n") === old) return;
    area.setSelectionRange(start, stop);
    type(area, lines.join("\n"));
    const moved = lines[0].length - old.split("\n")[0].length;
    if (from === to) area.setSelectionRange(Math.max(start, from + moved), Math.max(start, from + moved));
    else area.setSelectionRange(start, start + lines.join("\n").length);
  }

  // To the next step of four, and back to the last one.
  const spaces = (line) => line.match(/^ */)[0].length;
  const indent = (line, i, lines) =>
    (line || lines.length === 1 ? " ".repeat(4 - spaces(line) % 4) + line : line);
  const outdent = (line) => line.slice(spaces(line) && (spaces(line) - 1) % 4 + 1);

  function breakLine(area) {
    const before = area.value.slice(0, area.selectionStart).split("\n").pop();
    const [space] = before.match(/^ */);
    type(area, "\n" + space + (/:\s*(#.*)?$/.test(before) ? "    " : ""));
    area.scrollLeft = 0;
  }

  // Backspace in front of a line's code takes a whole step back.
  function stepBack(area) {
    const { value, selectionStart: at, selectionEnd } = area;
    const before = value.slice(value.lastIndexOf("\n", at - 1) + 1, at);
    if (at !== selectionEnd || !/^ +$/.test(before)) return false;
    area.setSelectionRange(at - ((before.length - 1) % 4 + 1), at);
    return document.execCommand("delete");
  }

  // What phones and copied text put in the place of Python's own letters.
  const LETTERS = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ",
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2026": "...", "\u00d7": "*",
  };
  const FOREIGN = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");
  const NAMED = { "\u00a0": "non-breaking space" };

  function fit(area) {
    area.rows = Math.min(30, area.value.split("\n").length + 1);
  }

  function open(task, offer, runNow) {
    if (offer.hidden) return;  // a second click came while this was loaded
    const { cell } = task;
    const box = live.template("live-console").firstElementChild;
    const find = (selector) => box.querySelector(selector);
    const area = find("textarea"), status = find(".live-status");
    const output = live.template("live-output").firstElementChild;
    const printed = output.querySelector(".live-printed");
    const error = output.querySelector(".live-error");
    const button = (name) => find(`[data-does=${name}]`);
    // What check said when the book was made stands there already: it is what changes.
    const verdict = cell.querySelector(".cell_output .bn-verdict");
    area.value = task.draft ?? task.stub;
    fit(area);
    offer.hidden = true;
    cell.querySelector(".cell_input").hidden = true;
    offer.after(box);
    const said = document.createElement("div");
    const lines = verdict ? [...verdict.querySelectorAll(":scope > p")] : [];
    const edge = verdict?.style.borderColor;
    if (verdict) {
      said.setAttribute("role", "status");
      said.append(...lines);
      verdict.prepend(said);
      cell.append(output);
    } else {
      box.after(output);
      output.querySelector(".live-caption").hidden = false;
    }

    function show(result) {
      for (const [language, [bold, message]] of Object.entries(result.said)) {
        const line = lines.find((each) => each.classList.contains(`lang-${language}`));
        line.querySelector("strong").textContent = bold;
        line.lastChild.data = ` ${message}`;
      }
      said.replaceChildren(...lines);
      verdict.style.borderColor = result.edge;
      if (result.printed) print(result.printed);
      if (result.passed) task.passed();
      find(".live-done").hidden = !task.done;
    }

    function print(text) {
      printed.hidden = false;
      printed.append(text);
    }

    function fail({ traceback, kind, missing }) {
      error.hidden = false;
      error.textContent = traceback;
      const found = [...new Set(area.value.match(FOREIGN))];
      if (kind === "SyntaxError" && found.length) {
        const letters = found.map((letter) => NAMED[letter] || letter).join(" ");
        say(status, "letters", { letters }).addEventListener("click", () => {
          replaceAll(area, area.value.replace(FOREIGN, (letter) => LETTERS[letter]));
          start();
        });
      } else {
        say(status, missing ? "missing" : "raised");
      }
    }

    let turn = 0;

    async function start() {
      stop();
      const mine = ++turn;  // who starts again before the end hears of the last run alone
      // A button that goes away must not take the focus with it.
      const leave = (place) => {
        if (place.contains(document.activeElement)) button("run").focus();
      };
      leave(status);
      task.before = null;
      button("undo").hidden = true;
      button("stop").hidden = false;
      error.hidden = printed.hidden = true;
      error.textContent = printed.textContent = "";
      box.classList.add("busy");
      said.classList.add("of-before");
      const tell = (key, values) => (mine === turn ? say(status, key, values) : null);
      const code = { source: area.value, prelude: task.prelude };
      try {
        const result = await run(code, tell, print);
        if (result.verdict && verdict) show(result.verdict);
        else forget();
        if (result.error) fail(result.error);
        else if (result.verdict && verdict) say(status, "told");
        else tell(printed.textContent ? "ran" : "silent");
      } catch (problem) {
        if (mine !== turn) return;
        forget();
        const key = problem.key || "died";
        const values = { file: problem.message, why: problem.message, ...problem.values };
        tell(key, values)?.addEventListener("click", start);
      } finally {
        if (mine === turn) {
          leave(button("stop"));
          button("stop").hidden = true;
          box.classList.remove("busy");
          said.classList.remove("of-before");
        }
      }
    }

    // What was said is about other code.
    function forget() {
      said.replaceChildren();
      if (verdict) verdict.style.borderColor = edge;
    }

    const does = {
      run: start,
      stop: () => stop(),
      indent: () => shift(area, indent),
      outdent: () => shift(area, outdent),
      reset() {
        if (area.value === task.stub) return;
        task.before = area.value;
        replaceAll(area, task.stub);
        button("undo").hidden = false;
      },
      undo() {
        replaceAll(area, task.before);
        task.before = null;
        button("undo").hidden = true;
      },
    };
    box.addEventListener("click", (event) => {
      const name = event.target.closest("[data-does]")?.dataset.does;
      if (name) does[name]();
    });
    // A finger on a button must not close the phone's keyboard.
    box.addEventListener("pointerdown", (event) => {
      if (event.target.closest("[data-does$=dent]")) event.preventDefault();
    });
    area.addEventListener("input", () => {
      fit(area);
      find(".live-unsaved").hidden = task.keep(area.value);
    });
    // Tab indents for who came by pointer; who came by Tab goes on with it.
    let indents = false;
    area.addEventListener("pointerdown", () => { indents = true; });
    area.addEventListener("blur", () => {
      indents = false;
      area.scrollLeft = 0;
    });
    area.addEventListener("beforeinput", (event) => {
      if (event.inputType === "deleteContentBackward" && stepBack(area)) event.preventDefault();
    });
    area.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start();
      else if (event.key === "Enter" && !event.shiftKey && !event.altKey) breakLine(area);
      else if (event.key === "Tab" && indents) shift(area, event.shiftKey ? outdent : indent);
      else {
        if (event.key === "Escape") indents = false;
        return;
      }
      event.preventDefault();
    });
    find(".live-done").hidden = !task.done;
    button("undo").hidden = task.before === null;
    if (!runNow) return;  // it is there from another day; nobody asked for it now
    area.focus({ preventScroll: true });
    start();
  }

  // A phone's keyboard covers what is below; the buttons stay above it.
  const screen = window.visualViewport;
  function lift() {
    const covered = Math.max(0, window.innerHeight - screen.height - screen.offsetTop);
    document.documentElement.style.setProperty("--live-keyboard", `${covered}px`);
  }
  screen?.addEventListener("resize", lift);
  screen?.addEventListener("scroll", lift);

  live.open = open;
})();

// An editor for one cell, whose code python.js runs. Loaded at the first click.
(function () {
  "use strict";
  const live = window.bnLive;

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
    const last = end < 0 ? value.length : end;
    const old = value.slice(start, last);
    const lines = old.split("\n").map(change);
    if (lines.join("\n") === old) return;
    area.setSelectionRange(start, last);
    type(area, lines.join("\n"));
    const moved = lines[0].length - old.split("\n")[0].length;
    const at = Math.max(start, from + moved);
    if (from === to) area.setSelectionRange(at, at);
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
      live.stop();
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
        const result = await live.run(code, tell, print);
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
      stop: () => live.stop(),
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

// Makes every explorer on the page that is not yet live so. For tests and the curious:
// element.explorer.state() gives what a .bn-explorer shows, and
// element.explorer.set([1, 0]) moves it to a place of its axes.
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const [LEFT, RIGHT, TOP, BOTTOM] = [44, 326, 34, 196];

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const percent = (share) => `${Math.round(100 * share)} %`;
  const x = (place, count) => LEFT + (RIGHT - LEFT) * (place + 0.5) / count;
  const y = (share) => BOTTOM - (BOTTOM - TOP) * share;

  function draw(svg, tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    if (text !== undefined) element.textContent = text;
    svg.append(element);
    return element;
  }

  // A square for the plain net, a dot for batch norm, a triangle for a third.
  function mark(svg, look, px, py, size, name) {
    const shape = [
      `M${px - size} ${py - size}h${2 * size}v${2 * size}h${-2 * size}z`,
      `M${px - size} ${py}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0z`,
      `M${px} ${py - size}l${size} ${2 * size}h${-2 * size}z`,
    ][look];
    draw(svg, "path", { d: shape, class: name, "data-look": look });
  }

  function start(root) {
    const { label, axes, values, guess } = JSON.parse(root.dataset.start);
    const rows = Object.keys(values);
    const still = root.querySelector(".bn-still");
    const live = document.createElement("div");
    live.innerHTML = root.querySelector('script[type="text/html"]').textContent.replace(
      /\{\{(.+?) · (.+?)\}\}/g,
      '<span class="lang-hinglish" lang="hi-Latn">$1</span>'
      + '<span class="lang-separator"> · </span><span class="lang-english" lang="en">$2</span>',
    );
    still.after(live);
    still.hidden = true;

    const find = (selector) => live.querySelector(selector);
    const looks = rows.map((row) => ({ plain: 0, BN: 1 }[row] ?? 2));
    if (new Set(looks).size < rows.length) looks.forEach((_, r) => { looks[r] = r; });
    const place = { at: [...guess.at], guess: 0.5, shown: false, seen: new Set() };
    const told = () => axes.map(({ name, settings }, a) => `${name} ${settings[place.at[a]]}`);
    const at = (row, where) => where.reduce((part, i) => part[i], values[row]);
    const key = (where) => where.join();

    const slider = find('[data-part="guess"]');
    slider.ariaLabel = `guess: ${label}, ${guess.row}`;
    const asked = `${label}, ${guess.row}, ${told().join(", ")}`;
    find('[data-out="asked"]').textContent = asked;
    slider.addEventListener("input", () => {
      place.guess = slider.value / 100;
      render();
    });

    const knobs = axes.map(({ name, settings }, a) => {
      const knob = document.createElement("div");
      knob.className = "bn-knob bn-wide";
      knob.innerHTML = `<span>${name}</span><input type="range" min="0" max="${settings.length - 1}"`
        + ` step="1" aria-label="${name}"><output></output>`;
      find('[data-part="axes"]').append(knob);
      const input = knob.querySelector("input");
      input.addEventListener("input", () => {
        place.at[a] = Number(input.value);
        visit();
      });
      return { input, output: knob.querySelector("output") };
    });

    const actions = {
      show: () => { place.shown = true; },
      all: () => axes[0].settings.forEach((_, i) => {
        (axes[1]?.settings ?? [0]).forEach((_, j) => {
          place.seen.add(key(axes[1] ? [i, j] : [i]));
        });
      }),
      reset: () => {
        Object.assign(place, { at: [...guess.at], shown: false });
        place.seen.clear();
      },
    };
    for (const name in actions) {
      find(`[data-do="${name}"]`).addEventListener("click", () => {
        actions[name]();
        visit();
      });
    }

    function visit() {
      if (place.shown) place.seen.add(key(place.at));
      render();
    }

    function render() {
      find('[data-out="guess"]').textContent = percent(place.guess);
      find('[data-part="measured"]').hidden = !place.shown;
      slider.disabled = place.shown;
      find('[data-do="show"]').hidden = place.shown;
      const right = mean(at(guess.row, guess.at));
      find('[data-out="outcome"]').textContent = place.shown
        ? `guess ${percent(place.guess)} → ${percent(right)}` : "";
      knobs.forEach(({ input, output }, a) => {
        input.value = place.at[a];
        output.textContent = axes[a].settings[place.at[a]];
        const heard = rows.map((row) => `${row} ${percent(mean(at(row, place.at)))}`);
        input.setAttribute("aria-valuetext", `${output.textContent}: ${heard.join(", ")}`);
      });
      find("tbody").replaceChildren(...rows.map((row, r) => {
        const line = document.createElement("tr");
        const seeds = at(row, place.at);
        const cells = [mean(seeds), Math.min(...seeds), Math.max(...seeds)].map(percent);
        line.innerHTML = `<th scope="row" data-look="${looks[r]}"></th>`
          + cells.map((cell) => `<td>${cell}</td>`).join("");
        line.firstChild.textContent = row;
        return line;
      }));
      picture();
    }

    function picture() {
      const svg = find(".bn-picture");
      svg.replaceChildren();
      svg.setAttribute("aria-label", `${label}; ${told().join(", ")}`);
      const { settings, name } = axes[0];
      for (const share of [0, 0.5, 1]) {
        draw(svg, "path", { d: `M${LEFT} ${y(share)}H${RIGHT}`, class: "bn-grid" });
        draw(svg, "text", { x: LEFT - 22, y: y(share) + 4 }, percent(share));
      }
      settings.forEach((setting, i) =>
        draw(svg, "text", { x: x(i, settings.length), y: BOTTOM + 18 }, setting));
      draw(svg, "text", { x: (LEFT + RIGHT) / 2, y: BOTTOM + 36 }, name);
      const here = x(place.at[0], settings.length);
      draw(svg, "path", { d: `M${here} ${TOP}V${BOTTOM}`, class: "bn-here" });
      rows.forEach((row, r) => drawRow(svg, row, looks[r], r));
      if (key(place.at.slice(1)) === key(guess.at.slice(1))) {
        const [px, py] = [x(guess.at[0], settings.length), y(place.guess)];
        draw(svg, "path", {
          d: `M${px - 6} ${py - 6}l12 12m0-12l-12 12`, class: "bn-cross",
        });
      }
    }

    function drawRow(svg, row, look, r) {
      const count = axes[0].settings.length;
      const left = LEFT + 8 + 100 * r;
      mark(svg, look, left, 14, 5, "bn-mark");
      draw(svg, "text", { x: left + 10, y: 18, class: "bn-name", "data-look": look }, row);
      let line = "";
      for (let i = 0; i < count; i += 1) {
        const where = [i, ...place.at.slice(1)];
        if (!place.seen.has(key(where))) {
          line += " ";
          continue;
        }
        const seeds = at(row, where);
        const px = x(i, count);
        line += `${/[\d]$/.test(line) ? "L" : "M"}${px} ${y(mean(seeds))}`;
        for (const seed of seeds) mark(svg, look, px, y(seed), 2.5, "bn-mark bn-seed");
        mark(svg, look, px, y(mean(seeds)), i === place.at[0] ? 6.5 : 4.5, "bn-mark");
      }
      draw(svg, "path", { d: line || "M0 0", class: "bn-line", "data-look": look });
    }

    root.explorer = {
      state: () => ({
        at: [...place.at],
        shown: place.shown,
        values: Object.fromEntries(rows.map((row) => [row, at(row, place.at)])),
        table: [...live.querySelectorAll("tbody tr")].map((line) =>
          [...line.children].map((cell) => cell.textContent)),
      }),
      set: (where) => {
        place.at = [...where];
        place.shown = true;
        visit();
      },
    };
    render();
  }

  for (const root of document.querySelectorAll(".bn-explorer")) {
    if (!root.explorer) start(root);
  }
})();

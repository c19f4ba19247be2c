// Makes every playground on the page that is not yet live so. For tests and the curious:
// element.playground.state() gives all inputs and results of a .bn-playground, and
// element.playground.set({ x: [1, 2], gamma: 3 }) changes any of the inputs:
// x, gamma, beta, eps, momentum, training, runningMean, runningVar,
// tensor (48 numbers in the order N, C, H, W), norm, groups.
(() => {
  "use strict";

  // ---- Numbers, as in bn_lib.functional

  const [N, C, H, W] = [3, 4, 2, 2];
  const LIMIT = 100;  // of a typed x
  const MOST = 8;  // points in a batch
  const POPULATION = { mean: 2, variance: 9 };

  const sum = (values) => values.reduce((total, value) => total + value, 0);

  function moments(values, center = true) {
    const mean = center ? sum(values) / values.length : 0;
    const squares = values.map((value) => (value - mean) ** 2);
    return { mean, variance: sum(squares) / values.length };
  }

  function normalize(values, { mean, variance }, eps) {
    return values.map((value) => (value - mean) / Math.sqrt(variance + eps));
  }

  function batchNorm({ x, gamma, beta, eps, training, runningMean, runningVar }) {
    const running = { mean: runningMean, variance: runningVar };
    const used = training ? moments(x) : running;
    const xhat = normalize(x, used, eps);
    const y = xhat.map((value) => gamma * value + beta);
    return { ...used, std: Math.sqrt(used.variance + eps), xhat, y };
  }

  // torch's convention: momentum is the weight of the new batch, its variance unbiased.
  function updateRunning(model) {
    const { x, momentum } = model;
    const { mean, variance } = moments(x);
    const blend = (old, next) => (1 - momentum) * old + momentum * next;
    model.runningMean = blend(model.runningMean, mean);
    model.runningVar = blend(model.runningVar, variance * x.length / (x.length - 1));
    model.history.push({ mean: model.runningMean, variance: model.runningVar });
  }

  // A norm is a choice of who shares statistics: the group of sample n and channel c.
  const NORMS = {
    BN: { group: (n, c) => c, axes: "N, H, W" },
    LN: { group: (n) => n, axes: "C, H, W" },
    IN: { group: (n, c) => n * C + c, axes: "H, W" },
    GN: { group: (n, c, g) => n * g + Math.floor(c * g / C), axes: "C / groups, H, W" },
    RMS: { group: (n) => n, axes: "C, H, W", plain: true },
  };

  function tensorNorm({ tensor, norm, groups, eps }) {
    const { group, plain } = NORMS[norm];
    const member = tensor.map((_, k) =>
      group(Math.floor(k / (C * H * W)), Math.floor(k / (H * W)) % C, groups));
    const stats = [...new Set(member)].map((g) =>
      moments(tensor.filter((_, k) => member[k] === g), !plain));
    const xhat = tensor.map((value, k) => normalize([value], stats[member[k]], eps)[0]);
    return { member, stats, xhat };
  }

  function randomNumbers(seed) {  // mulberry32
    return () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  // The seed is the batch's number: after a reset the same ones come again.
  function drawBatch(model) {
    const random = randomNumbers(model.history.length);
    model.x = model.x.map(() => {
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      const normal = radius * Math.cos(2 * Math.PI * random());  // Box and Muller
      return tidy(POPULATION.mean + Math.sqrt(POPULATION.variance) * normal);
    });
    updateRunning(model);
  }

  const on = (element, event, act) => element.addEventListener(event, act);
  const tidy = (value) => Math.round(value * 10) / 10;
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  function show(value, digits = 3) {
    const size = Math.abs(value);
    const odd = size >= 1e5 || (size > 1e-9 && size < 0.0005);
    const rounded = odd ? value.toExponential(1) : Number(value.toFixed(digits)) + 0;
    return String(rounded).replace(".0e", "e").replaceAll("-", "−");
  }

  // ---- Pictures

  const LINES = [
    { name: "x", axis: 80, base: 10 },
    { name: "x̂", axis: 188, base: 3 },
    { name: "y", axis: 296, base: 10 },
  ];
  const FILLS = ["#9BD1F2", "#FBC79D", "#9FE0C8", "#E9B8D4", "#F5E79A", "#CBD2D6"];

  function draw(parent, tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    change(made, attributes);
    made.textContent = text;
    return parent.appendChild(made);
  }

  function add(parent, tag, text = "") {
    const made = parent.appendChild(document.createElement(tag));
    made.textContent = text;
    return made;
  }

  function change(element, attributes) {
    for (const name in attributes) element.setAttribute(name, attributes[name]);
  }

  const place = (value, scale) => 50 + 45 * clamp(value / scale, -1.1, 1.1);
  const percent = (value, scale) => place(value, scale) + "%";

  // The smallest range among base, 2 base, 4 base … that holds all values.
  function scaleFor(values, base) {
    const largest = Math.max(...values.map(Math.abs)) / base;
    return base * 2 ** Math.max(0, Math.ceil(Math.log2(largest) - 1e-9));
  }

  // Points that would cover one another are stacked.
  function heights(places, width) {
    const lanes = [];
    const lane = places.map(() => 0);
    const order = places.map((_, i) => i).sort((i, j) => places[i] - places[j]);
    for (const i of order) {
      const at = places[i] * width / 100;
      const free = lanes.findIndex((end) => at - end >= 25);
      lane[i] = free < 0 ? lanes.length : free;
      lanes[lane[i]] = at;
    }
    const step = Math.min(25, 48 / Math.max(1, lanes.length - 1));
    return lane.map((level) => 16 + level * step);
  }

  function makeLine(svg, { name, axis }) {
    const under = draw(svg, "g", { "aria-hidden": "true" });
    const line = {
      axis, under, strands: [], ghosts: [], points: [],
      band: draw(under, "rect", { class: "bn-band", y: axis - 5, height: 10 }),
      ticks: [-1, -0.5, 0, 0.5, 1].map((part) => {
        const x = percent(part, 1);
        draw(under, "line", { class: "bn-axis", x1: x, x2: x, y1: axis - 4, y2: axis + 4 });
        return draw(under, "text", { class: "bn-halo", x, y: axis + 18 });
      }),
      center: draw(under, "line", { class: "bn-center", y1: axis - 9, y2: axis + 9 }),
    };
    draw(under, "line", { class: "bn-axis", x1: "5%", x2: "95%", y1: axis, y2: axis });
    draw(under, "text", { class: "bn-name bn-halo", x: 0, y: axis - 34 }, name);
    for (let i = 0; i < MOST; i++) {
      line.ghosts.push(draw(under, "circle", { class: "bn-ghost", r: 7, cy: axis }));
    }
    return line;
  }

  function makePoint(parent, i) {
    const point = draw(parent, "svg", { class: "bn-point" });
    draw(point, "circle", { r: 12 });
    draw(point, "text", { y: 4 }, i + 1);
    return point;
  }

  function makeLines(svg) {
    const strands = draw(svg, "g", { "aria-hidden": "true" });
    const lines = LINES.map((line) => makeLine(svg, line));
    lines.forEach((line, l) => {
      for (let i = 0; i < MOST; i++) {
        const point = makePoint(l ? line.under : svg, i);
        line.points.push(point);
        if (!l) change(point, { role: "slider", tabindex: 0, "aria-label": "x " + (i + 1) });
        const ends = { y1: lines[l - 1]?.axis, y2: line.axis };
        if (l) line.strands.push(draw(strands, "line", { class: "bn-strand", ...ends }));
      }
    });
    return lines;
  }

  function drawLine(line, values, { middle, spread, before, chosen, width }) {
    const at = (value) => percent(value, line.scale);
    line.ticks.forEach((tick, t) => { tick.textContent = show((t - 2) / 2 * line.scale); });
    change(line.center, { x1: at(middle), x2: at(middle) });
    const [low, high] = [middle - spread, middle + spread].map((v) => place(v, line.scale));
    change(line.band, { x: low + "%", width: high - low + "%" });
    const lifts = heights(values.map((value) => place(value, line.scale)), width);
    for (let i = 0; i < MOST; i++) {
      const inside = i < values.length;
      const moved = inside && i < before.length && Math.abs(before[i] - values[i]) > 1e-9;
      line.points[i].style.display = inside ? "" : "none";
      line.ghosts[i].style.display = moved ? "" : "none";
      line.points[i].classList.toggle("bn-chosen", i === chosen);
      if (inside) change(line.points[i], { x: at(values[i]), y: line.axis - lifts[i] });
      if (moved) change(line.ghosts[i], { cx: at(before[i]) });
    }
  }

  function drawStrands(above, below, from, to, chosen) {
    below.strands.forEach((strand, i) => {
      strand.style.display = i < to.length ? "" : "none";
      strand.classList.toggle("bn-chosen", i === chosen);
      if (i >= to.length) return;
      change(strand, { x1: percent(from[i], above.scale), x2: percent(to[i], below.scale) });
    });
  }

  function drawHistory(svg, history) {
    svg.replaceChildren();
    const shown = history.slice(-40);
    const all = shown.flatMap((entry) => [entry.mean, entry.variance]);
    const [low, high] = [Math.min(0, ...all), Math.max(12, ...all)];
    const x = (i) => 34 + 274 * i / Math.max(10, shown.length - 1);
    const y = (value) => 112 - 104 * (value - low) / (high - low);
    draw(svg, "line", { class: "bn-axis", x1: 30, x2: 312, y1: y(0), y2: y(0) });
    for (const value of new Set([low, 0, high])) {
      draw(svg, "text", { x: 26, y: y(value) + 3 }, show(tidy(value)));
    }
    const first = history.length - shown.length;
    draw(svg, "text", { x: 312, y: 128 }, `batch ${first} … ${history.length - 1}`);
    for (const name of ["mean", "variance"]) {
      const group = draw(svg, "g", { class: "bn-" + name });
      const level = y(POPULATION[name]);
      draw(group, "line", { class: "bn-target", x1: 30, x2: 312, y1: level, y2: level });
      const spots = shown.map((entry, i) => [x(i), y(entry[name])]);
      draw(group, "polyline", { points: spots.join(" ") });
      const mark = { width: 6, height: 6, rx: name === "mean" ? 3 : 0 };
      for (const [left, top] of spots) draw(group, "rect", { x: left - 3, y: top - 3, ...mark });
    }
  }

  // ---- One playground: model is what state() tells, view what only the eye needs

  function start(root) {
    const origin = JSON.parse(root.dataset.start);
    const model = fresh(origin);
    const view = { chosen: model.x.length - 1, cell: 0 };
    const live = makeLive(root);
    const find = (selector) => live.querySelector(selector);
    const tell = (name, text) => {
      const place = find(`[data-out="${name}"]`);
      if (place.textContent !== text) place.textContent = text;  // else it is read again
    };
    const play = { model, view, live, find, tell, origin };
    const parts = [knobs, buttons, question, batch, rows, steps, running, tensor];
    const draws = parts.map((part) => part(play));
    play.render = () => draws.forEach((drawPart) => drawPart(batchNorm(model)));

    root.playground = {
      state: () => structuredClone(
        { ...model, ...batchNorm(model), tensorNorm: tensorNorm(model) }),
      set: (inputs) => {
        Object.assign(model, structuredClone(inputs));
        play.render();
      },
    };
    // JupyterLab takes arrows and letters for its own unless the focused element objects.
    on(live, "focusin", ({ target }) => change(target, { "data-lm-suppress-shortcuts": "" }));
    new ResizeObserver(() => {
      if (live.clientWidth !== view.width) play.render();
      view.width = live.clientWidth;
    }).observe(live);
    play.render();
  }

  function makeLive(root) {
    const id = Math.random().toString(36).slice(2);
    const source = root.querySelector('script[type="text/html"]').textContent;
    root.querySelector(".bn-still").hidden = true;
    const live = add(root, "div");
    live.innerHTML = source.replaceAll("{id}", id).replace(/\{\{(.+?) · (.+?)\}\}/g,
      (_, hinglish, english) => inLanguage("hinglish", "hi-Latn", hinglish)
        + '<span class="lang-separator"> · </span>' + inLanguage("english", "en", english));
    return live;
  }

  const inLanguage = (tag, code, text) =>
    `<span class="lang-${tag}" lang="${code}">${text}</span>`;

  function fresh(origin) {
    const { runningMean: mean, runningVar: variance } = origin;
    return { ...structuredClone(origin), history: [{ mean, variance }] };
  }

  function remember({ model, view }) {
    view.before = batchNorm(model);
  }

  function choose(play, i) {
    remember(play);
    play.view.chosen = i;
    play.render();
  }

  function movePoint({ model, view, render }, i, value) {
    model.x[i] = clamp(Number(value.toFixed(3)), -LIMIT, LIMIT);
    view.chosen = i;
    if (model.training) view.moved = true;
    render();
  }

  // Each part below connects its own controls once and returns what draws it.

  function knobs(play) {
    const { model, live } = play;
    const inputs = [...live.querySelectorAll("[data-knob]")];
    for (const input of inputs) {
      const { knob, log } = input.dataset;
      on(input, "input", () => {
        if (input.type === "radio") model[knob] = likeOld(model[knob], input.value);
        else if (!isNumber(input)) return;
        else if (log) model[knob] = Number((10 ** input.value).toPrecision(2));
        else model[knob] = clamp(input.valueAsNumber, Number(input.min), Number(input.max));
        play.view.old = null;
        play.render();
      });
      on(input, "blur", () => play.render());
    }
    return () => inputs.forEach((input) => {
      const value = model[input.dataset.knob];
      if (input.type === "radio") input.checked = input.value === String(value);
      else write(input, input.dataset.log ? Math.log10(value) : value);
      if (input.dataset.log) change(input, { "aria-valuetext": value });
    });
  }

  const likeOld = (old, text) => (typeof old === "string" ? text : JSON.parse(text));

  // A half-typed number ("-", "1e") changes nothing, and is not overwritten.
  const isNumber = (input) => Number.isFinite(input.valueAsNumber);

  function write(input, value) {
    if (input.type === "range" || input !== document.activeElement) input.value = value;
  }

  function buttons(play) {
    const { model, view, origin } = play;
    const actions = {
      fewer: () => model.x.pop(),
      more: () => model.x.push(tidy(clamp(model.x.at(-1) - 3, -9, 9))),
      equal: () => model.x.fill(model.x[view.chosen]),
      outlier: () => { model.x[view.chosen] = 10; },
      batch: () => drawBatch(model),
      reset: () => {
        Object.assign(model, fresh(origin));
        Object.assign(view, { chosen: model.x.length - 1, cell: 0, old: null });
      },
    };
    for (const name in actions) {
      on(play.find(`[data-do="${name}"]`), "click", (event) => {
        if (event.currentTarget.ariaDisabled === "true") return;
        remember(play);
        const size = model.x.length;
        actions[name]();
        if (model.x.length !== size || name === "reset") view.before = null;
        play.render();
      });
    }
    // Unlike `disabled`, this leaves the focus where it is.
    const block = (name, when) => { play.find(`[data-do="${name}"]`).ariaDisabled = when; };
    return () => {
      view.chosen = Math.min(view.chosen, model.x.length - 1);
      block("fewer", model.x.length <= 2);
      block("more", model.x.length >= MOST);
      block("batch", !model.training);
      play.find('[data-part="frozen"]').hidden = model.training;
    };
  }

  function question(play) {
    const { view } = play;
    const options = ["stay", "together", "apart"].map((name) => {
      const option = play.find(`[data-do="${name}"]`);
      on(option, "click", () => {
        view.choice = name;
        play.render();
      });
      return { name, option };
    });
    return () => {
      const done = Boolean(view.choice && view.moved);
      play.find('[data-part="try"]').hidden = !view.choice || done;
      play.find('[data-part="answer"]').hidden = !done;
      for (const { name, option } of options) {
        change(option, { "aria-pressed": name === view.choice });
        const mark = name === "together" ? "✔ " : "✘ ";
        option.dataset.verdict = done ? mark : "";
      }
    };
  }

  function batch(play) {
    const { model, view, find } = play;
    const svg = find(".bn-lines");
    const lines = makeLines(svg);
    let timer;
    dragPoints(play, svg, lines[0]);
    lines[0].points.forEach((point, i) => keyPoint(play, point, i, lines[0]));
    return (result) => {
      drawLines(lines, svg, model, view, result);
      lines[0].points.forEach((point, i) => change(point, {
        "aria-valuemin": -lines[0].scale,
        "aria-valuemax": lines[0].scale,
        "aria-valuenow": model.x[i] ?? 0,
      }));
      clearTimeout(timer);  // a drag shall not flood the ears
      timer = setTimeout(() => {
        const { mean, variance, y } = result;
        play.tell("spoken", `mean ${show(mean)}, variance ${show(variance)}; `
          + `y: ${y.map(show).join("; ")}`);
      }, 700);
    };
  }

  // How far values can get whatever is dragged: a scale that changes under the hand would
  // move points that do not move.
  function bounds({ x, gamma, beta, training, runningMean, eps }, variance, line, drag) {
    const far = drag ? [line.scale] : x;
    const widest = scaleFor(far, LINES[0].base) + Math.abs(runningMean);
    const xhat = training ? Math.sqrt(x.length - 1) : widest / Math.sqrt(variance + eps);
    return [far, xhat, Math.abs(gamma) * xhat + Math.abs(beta)];
  }

  function drawLines(lines, svg, model, view, { mean, variance, xhat, y }) {
    const values = [model.x, xhat, y];
    const middles = [mean, 0, model.beta];
    const spreads = [Math.sqrt(variance), 1, Math.abs(model.gamma)];
    const before = [[], view.before?.xhat ?? [], view.before?.y ?? []];
    const reach = bounds(model, variance, lines[0], view.drag);
    lines.forEach((line, l) => {
      line.scale = scaleFor(l ? [reach[l]] : reach[0], LINES[l].base);
      drawLine(line, values[l], {
        middle: middles[l], spread: spreads[l], before: before[l], chosen: view.chosen,
        width: svg.clientWidth,
      });
      if (l) drawStrands(lines[l - 1], line, values[l - 1], values[l], view.chosen);
    });
  }

  function dragPoints(play, svg, line) {
    const { model, view } = play;
    const valueAt = (event) => {
      const box = svg.getBoundingClientRect();
      return ((event.clientX - box.left) / box.width - 0.5) / 0.45 * line.scale;
    };
    on(svg, "pointerdown", (event) => {
      const i = nearest(line.points, event);
      if (i < 0 || event.button > 0) return;
      event.preventDefault();
      svg.setPointerCapture(event.pointerId);
      view.drag = { i, offset: model.x[i] - valueAt(event) };
      line.points[i].focus({ preventScroll: true });
      choose(play, i);
    });
    on(svg, "pointermove", (event) => {
      const { drag } = view;
      if (!drag || !svg.hasPointerCapture(event.pointerId)) return;
      const value = tidy(valueAt(event) + drag.offset);
      movePoint(play, drag.i, clamp(value, -line.scale, line.scale));
    });
    on(svg, "lostpointercapture", () => {
      view.drag = null;
      play.render();
    });
  }

  // Fingers are wider than points: the nearest one within reach is meant.
  function nearest(points, { clientX, clientY }) {
    const far = points.map((point) => {
      const { x, y, width, height } = point.firstChild.getBoundingClientRect();
      return width ? Math.hypot(x + width / 2 - clientX, y + height / 2 - clientY) : Infinity;
    });
    const closest = Math.min(...far);
    return closest <= 30 ? far.indexOf(closest) : -1;
  }

  function keyPoint(play, point, i, line) {
    const steps = {
      ArrowRight: 0.5, ArrowUp: 0.5, ArrowLeft: -0.5, ArrowDown: -0.5, PageUp: 2, PageDown: -2,
    };
    on(point, "focus", () => choose(play, i));
    on(point, "keydown", (event) => {
      const end = { Home: -line.scale, End: line.scale }[event.key];
      if (end === undefined && !(event.key in steps)) return;
      claim(event);
      movePoint(play, i, end ?? play.model.x[i] + steps[event.key]);
    });
  }

  // A notebook has plans of its own for the arrow keys.
  function claim(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  function rows(play) {
    const { model, view } = play;
    const made = Array.from({ length: MOST }, (_, i) => {
      const row = add(play.find("tbody"), "tr");
      row.innerHTML = `<th scope="row">${i + 1}</th><td><input type="number" step="0.1" `
        + `aria-label="x ${i + 1}"></td><td></td><td></td>`;
      const input = row.querySelector("input");
      on(input, "focus", () => choose(play, i));
      on(input, "blur", () => play.render());
      on(input, "input", () => {
        if (isNumber(input)) movePoint(play, i, input.valueAsNumber);
      });
      return { row, input };
    });
    return ({ xhat, y }) => made.forEach(({ row, input }, i) => {
      row.hidden = i >= model.x.length;
      if (row.hidden) return;
      row.classList.toggle("bn-chosen", i === view.chosen);
      write(input, model.x[i]);
      row.cells[2].textContent = show(xhat[i]);
      row.cells[3].textContent = show(y[i]);
    });
  }

  function steps({ model, view, find, tell }) {
    const signed = (value) => (value < 0 ? `(${show(value)})` : show(value));
    const mean = (values) => `(${values.map(signed).join(" + ")}) / ${values.length}`;
    const tellStep = (name, step, value) => {
      tell(name, `${step} = `);
      add(find(`[data-out="${name}"]`), "b", show(value));
    };
    return (now) => {
      const { x, eps, gamma, beta, training } = model;
      const i = view.chosen;
      const squares = x.map((value) => (value - now.mean) ** 2);
      const top = `${show(x[i])} − ${signed(now.mean)}`;
      tell("size", String(x.length));
      find("small").hidden = !training;
      tellStep("mean", training ? mean(x) : "running_mean", now.mean);
      tellStep("variance", training ? mean(squares) : "running_var", now.variance);
      tellStep("std", `√(${show(now.variance)} + ${show(eps)})`, now.std);
      tellStep("xhat", `i = ${i + 1}: (${top}) / ${show(now.std)}`, now.xhat[i]);
      const product = `${show(gamma)} × ${signed(now.xhat[i])}`;
      tellStep("y", `i = ${i + 1}: ${product} + ${signed(beta)}`, now.y[i]);
    };
  }

  function running({ model, find, tell }) {
    return () => {
      const { runningMean, runningVar, history } = model;
      tell("running", `running_mean ${show(runningMean)}, running_var ${show(runningVar)}`);
      drawHistory(find(".bn-chart"), history);
    };
  }

  function tensor(play) {
    const { model, view } = play;
    const cells = makeCells(play.find(".bn-tensor"));
    const look = (k) => {
      view.cell = k;
      play.render();
    };
    cells.forEach((cell, k) => {
      on(cell, "pointerenter", (event) => {
        if (event.pointerType === "mouse") look(k);
      });
      on(cell, "focus", () => look(k));
      on(cell, "keydown", (event) => moveFocus(event, cells, k));
      on(cell, "click", () => {
        view.old = tensorNorm(model).xhat;
        model.tensor[k] += 1;
        look(k);
      });
    });
    return () => drawTensor(play, cells);
  }

  function makeCells(box) {
    const cells = [];
    add(box, "span");
    for (let n = 0; n < N; n++) add(box, "span", "n=" + n);
    for (let c = 0; c < C; c++) {
      add(box, "span", "c=" + c);
      for (let n = 0; n < N; n++) {
        const block = add(box, "div");
        block.className = "bn-block";
        for (let p = 0; p < H * W; p++) {
          const cell = add(block, "button");
          cell.type = "button";
          ["b", "i", "span"].forEach((tag) => add(cell, tag));
          cells[(n * C + c) * H * W + p] = cell;
        }
      }
    }
    return cells;
  }

  // On the screen a cell stands in row c * H + h and column n * W + w.
  function moveFocus(event, cells, k) {
    const step = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    }[event.key];
    if (!step) return;
    claim(event);
    const [n, c, h, w] = [k >> 4, (k >> 2) % C, (k >> 1) % H, k % W];
    const row = clamp(c * H + h + step[0], 0, C * H - 1);
    const column = clamp(n * W + w + step[1], 0, N * W - 1);
    cells[((column >> 1) * C + (row >> 1)) * H * W + row % H * W + column % W].focus();
  }

  function drawTensor({ model, view, find, tell }, cells) {
    const { member, stats, xhat } = tensorNorm(model);
    const here = member[view.cell];
    const letter = (group) => String.fromCharCode(65 + group);
    const changed = xhat.map((value, k) => Math.abs(value - (view.old ?? xhat)[k]) > 1e-9);
    cells.forEach((cell, k) => {
      const texts = [letter(member[k]), show(model.tensor[k]), show(xhat[k], 2)];
      texts.forEach((text, t) => { cell.children[t].textContent = text; });
      cell.style.setProperty("--bn-fill", FILLS[member[k] % FILLS.length]);
      cell.className = "bn-cell" + (member[k] === here ? " bn-mates" : "")
        + (changed[k] ? " bn-changed" : "");
      cell.tabIndex = k === view.cell ? 0 : -1;
      const mark = changed[k] ? ", changed" : "";
      const where = `n=${k >> 4} c=${(k >> 2) % C} h=${(k >> 1) % H} w=${k % W}`;
      change(cell, { "aria-label": `${texts.join(" ")}: group, x, x̂ at ${where}${mark}` });
    });
    const { mean, variance } = stats[here];
    const { axes, plain } = NORMS[model.norm];
    const means = plain
      ? `mean of x² ${show(variance)}`
      : `mean ${show(mean)}, variance ${show(variance)}`;
    const size = member.filter((group) => group === here).length;
    tell("group", `${letter(here)}: ${means}; m = ${size}, axes ${axes}`);
    tell("changed", `${changed.filter(Boolean).length} / ${cells.length}`);
    find('[data-part="groups"]').hidden = model.norm !== "GN";
  }

  for (const root of document.querySelectorAll(".bn-playground")) {
    if (!root.playground) start(root);
  }
})();

// Python in a worker: its files, one worker a page, one run at a time. See console.js.
(function () {
  "use strict";
  const live = window.bnLive;
  const base = new URL("runtime/", document.currentScript.src);
  const SECONDS = 10;  // for one run; loading and starting have a limit only to end at all
  const PATIENCE = { piece: 180, start: 90 };
  const AT_ONCE = 4;

  const failure = (key, name, values) => Object.assign(new Error(name), { key, values });

  function within(seconds, promise, late) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(late), 1000 * seconds);
    });
    return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
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
        reject(failure("offline", file));
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
    await within(PATIENCE.piece, script(file), failure("offline", file));
    arrived.delete(file);
    const bytes = decode(text || "");
    // Plain http has no such digest; there gzip's own checksum tells.
    const digest = crypto.subtle && new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hex = digest && Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
    if (digest && hex !== hash) throw failure("broken", file);
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
      const zip = new DecompressionStream("gzip"), writer = zip.writable.getWriter();
      const written = Promise.all([...parts.map((part) => writer.write(part)), writer.close()]);
      const [content] = await Promise.all([new Response(zip.readable).arrayBuffer(), written]);
      return content;
    } catch (error) {
      throw failure("broken", file);
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
      const send = async () => {
        worker.postMessage({ kind: "start", files, module: await compiled, tablet });
        await promise;
      };
      try {
        await within(PATIENCE.start, send(), failure("died", "it did not start"));
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
      if (["offline", "broken"].includes(error.key)) return;
      compiled = null;  // it may have been the files: all of them come anew
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
      const died = (why) => reject(failure("died", why));
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

  live.stop = () => {};  // ends what runs now

  live.run = async function (code, tell, print) {
    if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
      throw failure("unable");
    }
    let busy = false, timer;
    const stopped = new Promise((_, reject) => {
      live.stop = (key = "stopped", values = {}) => {
        if (busy) end();  // what is loaded, or only loads, stays
        reject(failure(key, "", values));
      };
    });
    const mine = live.stop;
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
      if (live.stop === mine) live.stop = () => {};
      if (listener === tell) listener = () => {};
    }
  };
})();

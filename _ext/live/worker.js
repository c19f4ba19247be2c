// Python in a worker of its own: started with all files, then told to run cells.
// The page puts Pyodide's two scripts before this one.
"use strict";

let printed = "";

function flush() {
  if (printed) postMessage({ kind: "printed", text: printed });
  printed = "";
}

// Line by line: what comes before an endless loop is seen all the same.
function print(text) {
  printed += text;
  if (text.endsWith("\n")) flush();
}

// Pyodide asks for its files by address; they are here already, and nothing else is.
function serve(files, module) {
  self.fetch = async (request) => {
    const name = String(request.url || request).split("/").pop();
    if (!files[name]) throw new TypeError(`nothing can be loaded here: ${name}`);
    return new Response(files[name]);
  };
  WebAssembly.instantiateStreaming = async (response, imports) => {
    await response;
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  };
}

async function start({ files, module, tablet }) {
  // An iPad that calls itself a Mac takes a way through Pyodide that crashes it.
  if (tablet) Object.defineProperty(self.navigator, "platform", { value: "iPad" });
  serve(files, module);
  const python = await loadPyodide({
    indexURL: "https://book.invalid/",
    enableRunUntilComplete: false,  // which would raise, and end the page in Safari
    packages: ["numpy"],
  });
  python.unpackArchive(files["bn_lib.zip"], "zip", { extractDir: "/lib/book" });
  const run = python.runPython(`
import sys
sys.path.insert(0, "/lib/book")
from runner import run
import bn_lib.course.exercise
run`);
  postMessage({ kind: "ready" });
  return run;
}

let starting = null;

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "start") {
      starting = start(data);
      await starting;
      return;
    }
    const run = await starting;
    const result = run(data.source, data.prelude, data.number, print);
    flush();
    const told = result.toJs({ dict_converter: Object.fromEntries });
    result.destroy();
    postMessage({ kind: "done", number: data.number, ...told });
  } catch (error) {  // of Pyodide itself: a full stack or memory, a file that is broken
    flush();
    postMessage({ kind: "died", text: String(error.message || error) });
  }
};

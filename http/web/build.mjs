// Bundles the lab page and the live view into one file each, or builds and runs the unit tests.
//
// usage: node build.mjs [--engine FILE.wasm] [--out DIR] [--tests | --recording FILE]
//   --recording   what the live view would be told of a lossy download, in both languages, as JSON: tests/web/view.mjs
// The tables and the catalogue come from the engine itself, so that the page cannot differ from it.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { zlibSync } from "fflate";

const kMostBytes = 3_000_000;
const kMostEngine = 1_000_000;
const kMostView = 1_000_000;
const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, "..", "..");
const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    engine: { type: "string", default: join(top, "build-wasm", "lab_engine.wasm") },
    out: { type: "string", default: join(top, "build", "web") },
    tests: { type: "boolean", default: false },
    recording: { type: "string" },
  },
});

const common = {
  bundle: true,
  format: "iife",
  target: ["chrome100", "firefox100", "safari15.4"],
  minify: true,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  absWorkingDir: here,
  logLevel: "warning",
};

async function bundled(entry, more = {}) {
  const result = await build({ ...common, ...more, entryPoints: [entry], write: false });
  return result.outputFiles[0].text;
}

/// What the engine tells of itself: run here, by the same code that the page has.
async function tablesOf(engine) {
  const folder = await mkdtemp(join(tmpdir(), "glasstcp-web-"));
  try {
    const script = join(folder, "wasm.mjs");
    await writeFile(script, await bundled("lab/engine/wasm.ts", { format: "esm", platform: "node" }));
    const { Engine } = await import(pathToFileURL(script).href);
    const instance = await Engine.create(await WebAssembly.compile(engine));
    return { tables: instance.tables(), catalogue: instance.catalogue() };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/// One colour for each class of reason, in both themes.
function coloursOf({ classes }) {
  const block = (theme) => classes.map((row) => `--c-${row.key}:${row[theme]};`).join("");
  const rules = classes.map(({ key }) => `.c-${key}{--c:var(--c-${key})}`).join("");
  return (
    `:root{${block("light")}}` +
    `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${block("dark")}}}` +
    `:root[data-theme=dark]{${block("dark")}}${rules}`
  );
}

/// Puts the parts into a page's template.
async function filled(folder, { style, script, engine = "" }) {
  const parts = {
    STYLE: style.replaceAll("</", "<\\/"),
    ENGINE: engine,
    // What would end the script or begin a comment of HTML.
    SCRIPT: script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--"),
  };
  const template = await readFile(join(here, folder, "page.html"), "utf8");
  return template.replace(/@(STYLE|ENGINE|SCRIPT)@/g, (_, name) => parts[name]);
}

async function labPage(engine, { tables, catalogue }) {
  const worker = await bundled("lab/engine/worker.ts");
  const define = {
    BUILT_TABLES: JSON.stringify(tables),
    BUILT_CATALOGUE: JSON.stringify(catalogue),
    BUILT_WORKER: JSON.stringify(worker),
  };
  const script = await bundled("lab/main.tsx", { define });
  const style = coloursOf(tables) + (await bundled("lab/lab.css"));
  const packed = Buffer.from(zlibSync(engine, { level: 9 }));
  if (packed.length > kMostEngine) throw new Error(`the engine takes ${packed.length} bytes, compressed`);
  return filled("lab", { style, script, engine: packed.toString("base64") });
}

/// It has the tables, but neither the engine nor its scenarios.
async function viewPage({ tables }) {
  const define = {
    BUILT_TABLES: JSON.stringify(tables),
    BUILT_CATALOGUE: JSON.stringify({ chapters: [], scenarios: [] }),
  };
  const script = await bundled("view/main.tsx", { define });
  const style = coloursOf(tables) + (await bundled("view/view.css"));
  return filled("view", { style, script });
}

async function write(folder, html, most) {
  const size = Buffer.byteLength(html);
  if (size > most) throw new Error(`the page takes ${size} bytes`);
  const file = join(options.out, folder, "index.html");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, html);
  return `${file}: ${Math.round(size / 1000)} KB`;
}

async function runTests({ tables, catalogue }) {
  const folder = await mkdtemp(join(tmpdir(), "glasstcp-web-"));
  try {
    const names = (await readdir(join(here, "tests"))).filter((name) => name.endsWith(".test.ts"));
    await build({
      ...common,
      minify: false,
      format: "esm",
      target: "node18",
      platform: "node",
      define: {
        BUILT_TABLES: JSON.stringify(tables),
        BUILT_CATALOGUE: JSON.stringify(catalogue),
        BUILT_ENGINE: JSON.stringify(options.engine),
      },
      entryPoints: names.map((name) => join("tests", name)),
      outdir: folder,
      outExtension: { ".js": ".mjs" },
    });
    const files = names.map((name) => join(folder, name.replace(/ts$/, "mjs")));
    return spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function record(engine, { tables, catalogue }) {
  const folder = await mkdtemp(join(tmpdir(), "glasstcp-web-"));
  try {
    const script = join(folder, "recording.mjs");
    const how = { format: "esm", platform: "node", minify: false };
    const define = { BUILT_TABLES: JSON.stringify(tables), BUILT_CATALOGUE: JSON.stringify(catalogue) };
    await build({
      ...common,
      ...how,
      define,
      stdin: {
        contents: `export { Engine } from "./lab/engine/wasm"; export { recordingOf } from "./tests/recording";`,
        resolveDir: here,
      },
      outfile: script,
    });
    const { Engine, recordingOf } = await import(pathToFileURL(script).href);
    const module = await WebAssembly.compile(engine);
    const of = async (language) => recordingOf(await Engine.create(module), language, 7);
    return { en: await of("en"), zh: await of("zh") };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const engine = await readFile(options.engine);
const built = await tablesOf(engine);
if (options.tests) exit(await runTests(built));
if (options.recording) {
  await writeFile(options.recording, JSON.stringify(await record(engine, built)));
  exit(0);
}
const lab = await write("lab", await labPage(engine, built), kMostBytes);
const view = await write("view", await viewPage(built), kMostView);
console.log(`${lab}, the engine ${Math.round(zlibSync(engine, { level: 9 }).length / 1000)} KB compressed`);
console.log(view);

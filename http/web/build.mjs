// Bundles the lab page into one file, or builds and runs the unit tests.
//
// usage: node build.mjs [--engine FILE.wasm] [--out DIR] [--tests]
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
const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, "..", "..");
const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    engine: { type: "string", default: join(top, "build-wasm", "lab_engine.wasm") },
    out: { type: "string", default: join(top, "build", "web", "lab") },
    tests: { type: "boolean", default: false },
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

async function page(engine, { tables, catalogue }) {
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
  const parts = {
    STYLE: style.replaceAll("</", "<\\/"),
    ENGINE: packed.toString("base64"),
    // What would end the script or begin a comment of HTML.
    SCRIPT: script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--"),
  };
  const template = await readFile(join(here, "lab", "page.html"), "utf8");
  return template.replace(/@(STYLE|ENGINE|SCRIPT)@/g, (_, name) => parts[name]);
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

const engine = await readFile(options.engine);
const built = await tablesOf(engine);
if (options.tests) exit(await runTests(built));
const html = await page(engine, built);
if (html.length > kMostBytes) throw new Error(`the page takes ${html.length} bytes`);
await mkdir(options.out, { recursive: true });
await writeFile(join(options.out, "index.html"), html);
console.log(
  `${join(options.out, "index.html")}: ${Math.round(Buffer.byteLength(html) / 1000)} KB, the engine ${Math.round(zlibSync(engine, { level: 9 }).length / 1000)} KB compressed`,
);

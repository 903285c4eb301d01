// Drives a real browser against a server that is running already, as a visitor of the profile page would.
//
// usage: node run.mjs URL [--max-age] [--screenshots DIR] [--chromium PROGRAM] [--only TEXT]
//   URL            where the built-in page is served, such as http://192.0.2.2/
//   --max-age      the server was started with --max-age: a reload must not ask for the pictures at all
//   --only         only the tests that have TEXT in their names
//   --screenshots  where to leave the pictures, in light and dark, at the width of a desk and of a phone
// Closes with "N passed, N failed"; the exit status says the same.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { recordPanel, withBrowser } from "./browser.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "max-age": { type: "boolean", default: false },
    screenshots: { type: "string" },
    only: { type: "string", default: "" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
  },
});
if (positionals.length !== 1) {
  console.error("usage: node run.mjs URL [--max-age] [--screenshots DIR] [--chromium PROGRAM] [--only TEXT]");
  process.exit(2);
}
const base = new URL(positionals[0]);
const pageUrl = new URL("/index.html", base).href;
const kPictures = ["/img/logo.jpg", "/img/bg.jpg"];
const kMusic = "/img/idol.mp3";
const kFiles = ["/favicon.ico", kMusic, ...kPictures, "/index.html"].sort();
const kMusicSeconds = 142.2;

let passed = 0;
let failed = 0;

/// Runs one test in a browser of its own; `check` gets the requests of the network log once the browser has ended.
async function test(name, body, { check = () => {}, browser = {} } = {}) {
  if (!name.includes(options.only)) return;
  const started = Date.now();
  try {
    check(await withBrowser(options.chromium, body, browser));
    passed += 1;
    console.log(`ok      ${name} (${Date.now() - started} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.stack ?? error).replaceAll("\n", "\n        ")}`);
  }
}

/// Asks `question` (in the page, or here) until it is true.
async function eventually(what, question, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (!(await question())) {
    assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`);
    await sleep(50);
  }
}

/// Opens the page in a new tab and waits until all of it is there.
async function open(context) {
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  const panel = await recordPanel(page);
  await page.goto(pageUrl, { waitUntil: "load" });
  await musicReady(page);
  return { page, panel, errors };
}

const musicReady = (page) =>
  eventually("enough of the music to play it through", () => page.evaluate(() => document.querySelector("audio").readyState === 4));

/// The true size of a picture of the page, in pixels.
const sizeOf = (page, path) =>
  page.evaluate(async (source) => {
    const picture = new Image();
    picture.src = source;
    await picture.decode();
    return [picture.naturalWidth, picture.naturalHeight];
  }, path);

await test(
  "loading the page makes exactly its five requests, and then it is quiet",
  async (context) => {
    const { panel, errors } = await open(context);
    await sleep(500);
    const before = panel.all().length;
    await sleep(3000);
    assert.equal(panel.all().length, before, "something asked again by itself");
    assert.deepEqual([...new Set(panel.all().map((seen) => new URL(seen.url).host))], [base.host], "another host was asked");
    assert.deepEqual(errors, []);
  },
  {
    check: (requests) => {
      const ours = requests.filter((request) => request.host === base.host);
      assert.deepEqual(ours.map((request) => request.path).sort(), kFiles, "the requests on the wire");
      assert.deepEqual(new Set(ours.map((request) => request.method)), new Set(["GET"]));
      for (const { path, status, range } of ours) {
        assert.equal(status, path === kMusic ? 206 : 200, path);
        if (path === kMusic) assert.equal(range, "bytes=0-");
      }
    },
  },
);

await test("the page is complete: text, pictures, media types, measurements", async (context) => {
  const { page, panel } = await open(context);
  const text = await page.evaluate(() => document.body.innerText);
  for (const wanted of ["张三", "Zhang San", "20240001", "网络工程", "Network Engineering"]) assert.ok(text.includes(wanted), wanted);
  const logo = page.locator("img");
  assert.deepEqual(await logo.evaluate((img) => [img.complete, img.naturalWidth, img.naturalHeight]), [true, 640, 640]);
  assert.deepEqual(await sizeOf(page, "/img/bg.jpg"), [1920, 1200]);
  const types = { "/index.html": "text/html", "/img/logo.jpg": "image/jpeg", "/img/bg.jpg": "image/jpeg", [kMusic]: "audio/mpeg" };
  for (const [path, type] of Object.entries(types)) assert.equal(panel.of(path)[0]?.type, type, path);
  // The browser measures when it comes to it, so what it shows is waited for.
  const measured = (name, what) => page.locator(`.seen[data-for="${name}"]`).filter({ hasText: what }).waitFor();
  for (const name of ["page", "logo.jpg", "bg.jpg"]) await measured(name, /\sms$/);
  await measured("idol.mp3", /buffered \d+%$|\sms$/);
});

await test("the music plays", async (context) => {
  const { page } = await open(context);
  const music = page.locator("audio");
  const { paused, autoplay, preload } = await music.evaluate(({ paused, autoplay, preload }) => ({ paused, autoplay, preload }));
  assert.deepEqual({ paused, autoplay, preload }, { paused: true, autoplay: false, preload: "auto" }, "it must not play by itself");
  const duration = await music.evaluate((audio) => audio.duration);
  assert.ok(Math.abs(duration - kMusicSeconds) < 0.2, `duration ${duration} s`);
  await music.evaluate((audio) => audio.play());
  await eventually("one second played", () => music.evaluate((audio) => audio.currentTime > 1));
  assert.equal(await music.evaluate((audio) => audio.error), null);
});

await test("seeking in music that has not arrived asks for a range, answered 206", async (context) => {
  const page = await context.newPage();
  const panel = await recordPanel(page);
  // A slow reader: most of the file is still to come when the slider is drawn near the end.
  const slow = { offline: false, latency: 0, downloadThroughput: 250_000, uploadThroughput: -1 };
  await panel.session.send("Network.emulateNetworkConditions", slow);
  await page.goto(pageUrl, { waitUntil: "domcontentloaded" });
  const music = page.locator("audio");
  await eventually("the duration", () => music.evaluate((audio) => audio.readyState >= 1));
  await music.evaluate((audio) => (audio.currentTime = 125));
  await eventually("the seek", () => music.evaluate((audio) => !audio.seeking && audio.readyState >= 2));
  await music.evaluate((audio) => audio.play());
  await eventually("a second more played", () => music.evaluate((audio) => audio.currentTime > 126 && audio.error === null));
  const asked = panel.of(kMusic).filter((seen) => seen.status !== 0);
  for (const seen of asked) assert.equal(seen.status, 206, seen.range);
  assert.equal(asked[0].range, "bytes=0-");
  const later = asked.find((seen) => /^bytes=[1-9]/.test(seen.range));
  assert.ok(later, `no request from within the file: ${asked.map((seen) => seen.range)}`);
  const [, first, last, size] = later.contentRange.match(/^bytes (\d+)-(\d+)\/(\d+)$/).map(Number);
  assert.equal(first, Number(later.range.match(/\d+/)[0]));
  assert.equal(last, size - 1);
});

await test(
  options["max-age"] ? "reload with max-age: the pictures are not asked for" : "reload: everything is asked for again, and is 304",
  async (context) => {
    const { page, panel } = await open(context);
    panel.clear();
    await page.reload({ waitUntil: "load" });
    await musicReady(page);
    const [document] = panel.of("/index.html");
    assert.equal(document.status, 304);
    for (const path of kPictures) {
      const onTheWire = panel.of(path).filter((seen) => !seen.cached);
      const wanted = options["max-age"] ? [] : [304];
      assert.deepEqual(onTheWire.map((seen) => seen.status), wanted, path);
    }
    assert.deepEqual(await sizeOf(page, "/img/logo.jpg"), [640, 640]);
  },
  {
    check: (requests) => {
      const ours = requests.filter((request) => request.host === base.host && kPictures.includes(request.path));
      const wanted = options["max-age"] ? [200, 200] : [200, 200, 304, 304];
      assert.deepEqual(ours.map((request) => request.status).sort(), wanted, "both loads, on the wire");
    },
  },
);

await test("an idle pre-connection harms nobody, and can still be used", async (context) => {
  const port = Number(base.port || 80);
  const idle = connect(port, base.hostname.replace(/^\[|\]$/g, ""));
  let answer = "";
  idle.setEncoding("latin1").on("data", (text) => (answer += text));
  let ended = "";
  idle.on("error", (error) => (ended = String(error)));
  idle.on("end", () => (ended ||= "the server closed it"));
  try {
    await eventually("the connection", () => !idle.connecting);
    await open(context);
    await sleep(2000);
    idle.write(`HEAD /index.html HTTP/1.1\r\nHost: ${base.host}\r\n\r\n`);
    await eventually("an answer on the connection that was idle", () => answer.includes("\r\n\r\n") || ended);
    assert.equal(ended, "");
    assert.match(answer, /^HTTP\/1\.1 200 /);
  } finally {
    idle.destroy();
  }
});

await test("three tabs at once are all complete", async (context) => {
  const tabs = await Promise.all([1, 2, 3].map(() => open(context)));
  for (const { page, panel, errors } of tabs) {
    assert.deepEqual(await page.locator("img").evaluate((img) => [img.complete, img.naturalWidth]), [true, 640]);
    assert.deepEqual(panel.all().filter((seen) => seen.failed).map((seen) => `${seen.path}: ${seen.failed}`), []);
    assert.deepEqual(errors, []);
  }
});

for (const [device, width, height] of [["desktop", 1280, 800], ["phone", 390, 844]]) {
  for (const colorScheme of ["light", "dark"]) {
    const browser = { viewport: { width, height }, colorScheme, deviceScaleFactor: device === "phone" ? 2 : 1 };
    await test(
      `${device} width, ${colorScheme}: it fits`,
      async (context) => {
        const { page } = await open(context);
        for (const narrow of [width, device === "phone" ? 320 : 768]) {
          await page.setViewportSize({ width: narrow, height });
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(overflow <= 0, `${overflow} pixels too wide at ${narrow}`);
        }
        if (!options.screenshots) return;
        await page.setViewportSize({ width, height });
        await mkdir(options.screenshots, { recursive: true });
        await page.screenshot({ path: join(options.screenshots, `${device}-${colorScheme}.png`) });
        // A window as high as the page, so that the background, which stays in place, is behind all of it.
        await page.setViewportSize({ width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
        await page.screenshot({ path: join(options.screenshots, `${device}-${colorScheme}-full.png`) });
      },
      { browser },
    );
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

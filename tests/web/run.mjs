// Drives a real browser against a server that is running already, as a visitor of the profile page would.
//
// usage: node run.mjs URL [--max-age] [--screenshots DIR] [--chromium PROGRAM] [--only TEXT]
//   URL            where the built-in page is served, such as http://192.0.2.2/
//   --max-age      the server was started with --max-age: a reload must not ask for the pictures at all
//   --only         only the tests that have TEXT in their names
//   --screenshots  where to leave the pictures, in light and dark, at the width of a desk and of a phone
// Closes with "N passed, N failed"; the exit status says the same.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
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
const wireUrl = new URL("/wire.html", base).href;
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

/// A new tab whose requests and errors are recorded.
async function newTab(context) {
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  return { page, panel: await recordPanel(page), errors };
}

/// Opens the profile page in a new tab and waits until all of it is there.
async function open(context) {
  const tab = await newTab(context);
  await tab.page.goto(pageUrl, { waitUntil: "load" });
  await musicReady(tab.page);
  return tab;
}

/// Follows the profile page's link to the wire page, and returns what stands there beside each request.
async function followToWire(page) {
  await page.locator('footer a[href="wire.html"]').click();
  await page.waitForURL(wireUrl, { waitUntil: "load" });
  return page.evaluate(() => Object.fromEntries([...document.querySelectorAll(".seen")].map((seen) => [seen.dataset.for, seen.textContent])));
}

/// What a screen reader and a keyboard need of either page: a list of what is missing.
const basics = (page) =>
  page.evaluate(() => {
    const missing = [];
    const need = (met, what) => met || missing.push(what);
    const all = (selector) => [...document.querySelectorAll(selector)];
    need(document.documentElement.lang === "zh-CN", "the page's language");
    need(document.title.trim() !== "", "a title");
    need(document.querySelector('meta[name="viewport"]'), "a viewport that scales");
    need(all("main").length === 1, "one main part");
    need(all("h1").length === 1, "one first heading");
    all("h1, h2, h3").reduce((level, heading) => {
      const own = Number(heading.tagName[1]);
      need(own <= level + 1, `a level between the headings, at "${heading.textContent.trim()}"`);
      return own;
    }, 0);
    const ids = all("[id]").map((element) => element.id);
    need(new Set(ids).size === ids.length, "each id only once");
    for (const element of all("[aria-labelledby]")) {
      const name = document.getElementById(element.getAttribute("aria-labelledby"));
      need(name?.textContent.trim(), `a name for ${element.tagName}`);
    }
    for (const image of all("img")) need(image.alt, `text in place of ${image.src}`);
    for (const figure of all("svg")) need(figure.getAttribute("role") === "img" && figure.querySelector("title"), "a figure's name");
    for (const player of all("audio")) need(player.controls && player.getAttribute("aria-label"), "a player's controls and name");
    for (const link of all("a")) need(link.href && link.textContent.trim(), "a link's text and aim");
    // What a reader of one language reads, the reader of the other one does too.
    for (const section of all("header, section, figure, .steps li, footer, #measured")) {
      const texts = [...section.querySelectorAll("p, span, h1, h2, h3, figcaption, dt")];
      need(texts.some((text) => text.lang === "en") && /\p{Script=Han}/u.test(section.textContent), `both languages in "${section.textContent.trim().slice(0, 20)}"`);
    }
    return missing;
  });

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

await test("the page is complete: text, pictures, media types", async (context) => {
  const { page, panel } = await open(context);
  const text = await page.evaluate(() => document.body.innerText);
  for (const wanted of ["张三", "Zhang San", "20240001", "网络工程", "Network Engineering"]) assert.ok(text.includes(wanted), wanted);
  const logo = page.locator("img");
  assert.deepEqual(await logo.evaluate((img) => [img.complete, img.naturalWidth, img.naturalHeight]), [true, 640, 640]);
  assert.deepEqual(await sizeOf(page, "/img/bg.jpg"), [1920, 1200]);
  const types = { "/index.html": "text/html", "/img/logo.jpg": "image/jpeg", "/img/bg.jpg": "image/jpeg", [kMusic]: "audio/mpeg" };
  for (const [path, type] of Object.entries(types)) assert.equal(panel.of(path)[0]?.type, type, path);
});

for (const locale of ["zh-CN", "en-US"]) {
  await test(
    `${locale}: both pages say all in Chinese and in English, and have what a screen reader needs`,
    async (context) => {
      const { page, errors } = await open(context);
      assert.deepEqual(await basics(page), [], "the profile page");
      assert.match(await page.locator("h1 + .motto").innerText(), /^让网络像玻璃一样透明。\s+Making networks as clear as glass\.$/);
      await followToWire(page);
      assert.deepEqual(await basics(page), [], "the wire page");
      const text = await page.evaluate(() => document.body.innerText);
      for (const wanted of ["三次握手（三报文握手）", "three-way handshake", "四次挥手（四报文握手）", "four-way close", "2MSL", "徽标", "响应"]) {
        assert.ok(text.includes(wanted), wanted);
      }
      for (const unwanted of ["回答", "标志"]) assert.ok(!text.includes(unwanted), unwanted);
      await page.locator('a[href="index.html"]').click();
      await page.waitForURL(pageUrl);
      assert.deepEqual(errors, []);
    },
    { browser: { locale } },
  );
}

await test("the wire page makes one request of its own, and without a visit it shows no numbers", async (context) => {
  const { page, panel, errors } = await newTab(context);
  await page.goto(wireUrl, { waitUntil: "load" });
  await sleep(500);
  // The icon of the tab belongs to the browser, which keeps it as it likes.
  const ours = panel.all().filter((seen) => seen.path !== "/favicon.ico");
  assert.deepEqual(ours.map((seen) => [seen.path, seen.status, seen.type]), [["/wire.html", 200, "text/html"]]);
  assert.equal(await page.locator(".seen").allInnerTexts().then((texts) => texts.join("")), "");
  assert.equal(await page.locator("#measured").isVisible(), false);
  assert.deepEqual(errors, []);
});

/// `bytes` as the wire page writes them.
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)}\u00a0KB`;
// Of the music: that all of it came and how long that took, or how much the player holds, or nothing.
const kMusicSeen = /^$|^已缓冲 buffered \d+\u00a0%$|connection · 3\.4\u00a0MB · \d+\u00a0ms$/;

await test("the wire page shows what the browser measured of the visit: sizes and times, then 304 or the cache", async (context) => {
  const { page } = await open(context);
  const started = Date.now() - (await page.evaluate(() => performance.now()));
  const seen = await followToWire(page);
  for (const [name, path] of [["page", "/index.html"], ...kPictures.map((picture) => [picture.split("/").pop(), picture])]) {
    const size = Number((await fetch(new URL(path, base), { method: "HEAD" })).headers.get("content-length"));
    const [, shown, milliseconds] = seen[name].match(/^(?:新连接 new|已有连接 open) connection · ([^·]+) · (?:<\u00a0)?(\d+)\u00a0ms$/) ?? [];
    assert.equal(shown, kilobytes(size), `${name}: "${seen[name]}"`);
    assert.ok(Number(milliseconds) < Date.now() - started, seen[name]);
  }
  assert.match(seen["idol.mp3"], kMusicSeen);
  assert.ok(await page.locator("#measured").isVisible());

  await page.goto(pageUrl, { waitUntil: "load" });
  await page.reload({ waitUntil: "load" });
  await musicReady(page);
  const again = await followToWire(page);
  assert.match(again.page, / · 304 · /);
  // Chromium's report of a background that was not modified is that of a load that was broken off.
  assert.match(again["logo.jpg"], options["max-age"] ? /^取自缓存 from the cache$/ : / · 304 · /);
  assert.match(again["bg.jpg"], options["max-age"] ? /^取自缓存 from the cache$/ : /^$| · 304 · /);
  assert.match(again["idol.mp3"], kMusicSeen);
});

// An idle player ends its load after a while, whatever has arrived, and the browser reports a load without a body.
await test("music whose load was broken off has no size and no time", async (context) => {
  const { page, panel } = await newTab(context);
  const slow = { offline: false, latency: 0, downloadThroughput: 250_000, uploadThroughput: -1 };
  await panel.session.send("Network.emulateNetworkConditions", slow);
  await page.goto(pageUrl, { waitUntil: "load" });
  const music = page.locator("audio");
  await eventually("the duration", () => music.evaluate((audio) => audio.readyState >= 1));
  await music.evaluate((audio) => {
    audio.removeAttribute("src");
    audio.load();
  });
  const reported = () => page.evaluate(() => performance.getEntriesByType("resource").find(({ name }) => name.endsWith(".mp3"))?.toJSON());
  await eventually("a report of the load", reported);
  assert.equal((await reported()).encodedBodySize, 0);
  const seen = await followToWire(page);
  assert.equal(seen["idol.mp3"], "");
  assert.match(seen["logo.jpg"], /KB · \d+\u00a0ms$/);
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

/// How many colours the background has, in a screenshot of the whole page, below the first screen.
const coloursBelow = (page, screenshot) =>
  page.evaluate(
    async (source) => {
      const picture = new Image();
      picture.src = source;
      await picture.decode();
      const first = Math.ceil((picture.naturalHeight * window.innerHeight) / document.documentElement.scrollHeight);
      const canvas = new OffscreenCanvas(1, picture.naturalHeight - first).getContext("2d");
      canvas.drawImage(picture, 0, -first);
      return new Set(new Uint32Array(canvas.getImageData(0, 0, 1, picture.naturalHeight - first).data.buffer)).size;
    },
    `data:image/png;base64,${screenshot}`,
  );

for (const [device, width, height] of [["desktop", 1280, 800], ["phone", 360, 740]]) {
  for (const colorScheme of ["light", "dark"]) {
    await test(
      `${device} width, ${colorScheme}: both pages fit, and the background reaches their ends`,
      async (context) => {
        const { page, panel } = await open(context);
        for (const name of ["index", "wire"]) {
          if (name === "wire") await followToWire(page);
          for (const narrow of [width, device === "phone" ? 320 : 768]) {
            await page.setViewportSize({ width: narrow, height });
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide at ${narrow}`);
          }
          await page.setViewportSize({ width, height });
          // As the browser's own "Capture full size screenshot" does it: the window stays as high as it is.
          const wholePage = { x: 0, y: 0, width, height: await page.evaluate(() => document.documentElement.scrollHeight), scale: 1 };
          const shot = () => panel.session.send("Page.captureScreenshot", { captureBeyondViewport: true, clip: wholePage });
          const whole = (await shot()).data;
          await page.evaluate(() => (document.querySelector("main").style.visibility = "hidden"));
          const colours = await coloursBelow(page, (await shot()).data);
          await page.evaluate(() => (document.querySelector("main").style.visibility = ""));
          assert.ok(colours > 5, `${name}: ${colours} colours below the first screen`);
          if (!options.screenshots) continue;
          await mkdir(options.screenshots, { recursive: true });
          await page.screenshot({ path: join(options.screenshots, `${name}-${device}-${colorScheme}.png`) });
          await writeFile(join(options.screenshots, `${name}-${device}-${colorScheme}-full.png`), whole, "base64");
        }
      },
      { browser: { viewport: { width, height }, colorScheme, deviceScaleFactor: device === "phone" ? 2 : 1 } },
    );
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

// The live view of a real server, visited as anybody would, while a lossy download runs.
//
// usage: node view_real.mjs URL --chromium FILE [--screenshots DIR] [--control] [--page FILE]
//   URL        where the server's pages are, such as http://192.0.2.2/; it is started with --impair out:loss=2%,out:delay=20ms
//   --page     the page comes from this file, for a server that was built without it
//   --control  it was started with --control and without --impair: the page's switches are turned instead

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { argv } from "node:process";
import { parseArgs } from "node:util";
import { longestTask, recordTasks } from "./main_thread.mjs";
import { frames, PageTests } from "./page_tests.mjs";

const { values: options, positionals } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: { chromium: { type: "string" }, screenshots: { type: "string" }, control: { type: "boolean", default: false }, page: { type: "string" } },
});
const base = new URL(positionals[0]);
const view = new URL("/_glass/", base).href;
const kSong = "/img/idol.mp3";
const tests = await PageTests.start({ program: options.chromium, screenshots: options.screenshots, prefix: "live", args: ["--no-proxy-server"], timeout: 60_000,
  // A refused switch is answered with 400, which the browser notes.
  isFault: (text) => !(options.control && text.includes("status of 400")) });
const { browser } = tests;
const shot = (page, name) => tests.shot(page, name);

/// `use(page, download, context)`: download() begins one more of the song, and returns the process. Without how.anywhere a request that leaves
/// /_glass/ fails the test.
async function test(name, use, how = {}) {
  const downloads = [];
  await tests.attempt(name, async (page, context) => {
    if (options.page) await page.route((url) => url.pathname === "/_glass/", (route) => route.fulfill({ path: options.page, contentType: "text/html; charset=utf-8" }));
    const download = () => {
      downloads.push(spawn("curl", ["-sS", "-o", "/dev/null", new URL(kSong, base).href], { stdio: "inherit" }));
      return downloads.at(-1);
    };
    await use(page, download, context);
  }, how, (url) => how.anywhere || url.startsWith(view));
  for (const child of downloads) child.kill();
}

const packets = (page) => page.locator(".ladder-rows .packet");

/// Chooses the download in the table.
async function watchDownload(page) {
  await page.locator(".connection-table tbody tr:not(.ended)", { hasText: kSong }).first().locator("button").click();
  await packets(page).first().waitFor();
}

/// All reasons that the ladder shows, as far back as it goes.
async function reasonsOf(page) {
  const ladder = page.locator(".ladder");
  const seen = new Set();
  for (let top = await ladder.evaluate((node) => node.scrollHeight); top > -600; top -= 600) {
    await ladder.evaluate((node, to) => (node.scrollTop = Math.max(to, 0)), top);
    await frames(page);
    for (const text of await page.locator(".ladder-rows .packet.from-1 .why").allInnerTexts()) seen.add(text);
  }
  return seen;
}

if (!options.control) {
  for (const how of [{}, { zh: true, theme: "dark", width: 360, height: 740 }]) {
    const name = how.zh ? "zh, dark, 360 px" : "en, light, 1280 px";
    await test(`a lossy download is seen while it runs, with its retransmissions and their reasons: ${name}`, async (page, download) => {
      await page.goto(view);
      await page.locator(".status.good").waitFor();
      assert.equal(await page.evaluate(() => window.isSecureContext), false);
      assert.equal(await page.locator(".connection-table tbody tr", { hasText: "/_glass/" }).count(), 0, "own connections are hidden");
      await recordTasks(browser, page);
      download();
      await watchDownload(page);
      await page.locator(".ladder-rows .packet.from-1.c-loss-recovery").first().waitFor({ state: "attached" });
      const longest = await longestTask(browser);
      assert.ok(longest <= 50, `a task of ${longest} ms`);
      await shot(page, how.zh ? "zh-dark-360" : "en-light-1280");
      await page.evaluate(() => document.querySelector(".ladder-pane").scrollIntoView());
      await shot(page, how.zh ? "zh-dark-360-ladder" : "en-light-1280-ladder");
      await page.locator(".pause-button").click();
      const reasons = await reasonsOf(page);
      if (!how.zh) assert.ok([...reasons].some((reason) => /Retransmit|Probe/.test(reason)), [...reasons].join(", "));
      await packets(page).last().click();
      await page.locator(".packet-panel h3").waitFor();
      await page.locator(".bytes summary").click();
      assert.ok((await page.locator(".fields li").count()) > 15);
      await shot(page, how.zh ? "zh-dark-360-packet" : "en-light-1280-packet");
    }, how);
  }

  for (const zh of [false, true]) {
    for (const theme of ["light", "dark"]) {
      for (const width of [360, 1280]) {
        const name = `${zh ? "zh" : "en"}-${theme}-${width}`;
        await test(`axe-core finds nothing in what a real server tells: ${name}`, async (page, download) => {
          await page.goto(view);
          await page.locator(".status.good").waitFor();
          download();
          await watchDownload(page);
          await page.locator(".live-timers li").first().waitFor();
          await tests.isSound(page, "a download");
          await page.locator(".pause-button").click();
          await packets(page).last().click();
          await page.locator(".bytes summary").click();
          await tests.isSound(page, "a packet");
          await page.locator(".top button", { hasText: zh ? "链路与机制" : "Link and mechanisms" }).click();
          await page.locator("dialog[open]").waitFor();
          await tests.isSound(page, "the switches");
          await shot(page, `${name}-switches`);
        }, { zh, theme, width, height: width === 360 ? 740 : 900, still: true });
      }
    }
  }

  await test("retransmissions are counted, timers run, the link of --impair is shown, and an ended download keeps its packets", async (page, download) => {
    await page.goto(view);
    await page.locator(".status.good").waitFor();
    const child = download();
    await watchDownload(page);
    await page.locator(".live-timers li").first().waitFor();
    const again = () => Number(document.querySelector("tr.chosen td:last-child").textContent) > 1;
    await page.waitForFunction(again);
    // Of the whole connection: it does not fall back to 0 as soon as something is acknowledged.
    for (let i = 0; i < 20; ++i) {
      await page.waitForTimeout(100);
      assert.ok(await page.evaluate(again));
    }
    await page.locator(".top button", { hasText: "Link and mechanisms" }).click();
    assert.equal(await page.locator(".heal code").innerText(), "out:loss=2%,out:delay=20ms");
    assert.equal(await page.locator("dialog[open] select:enabled, dialog[open] input:enabled").count(), 0);
    assert.equal(await page.locator("dialog[open] .notice").count(), 1, "why is said once");
    await page.keyboard.press("Escape");
    child.kill();
    await page.locator("tr.chosen.ended").waitFor();
    // Table, state machine, TCB and sequence space come to agree, and the cause is told.
    await page.locator(".how-ended", { hasText: /→ CLOSED: / }).waitFor();
    await page.locator(".tcb .state-row td", { hasText: "CLOSED" }).waitFor();
    await page.locator(".sequence .hint", { hasText: "CLOSED" }).waitFor();
    assert.equal(await page.evaluate(() => document.querySelector(".facts").innerText.replace(/\s+/g, " ").includes("In flight 0")), true);
    await page.locator(".connection-head button[aria-label=Close]").click();
    await page.locator(".nothing").waitFor();
    await page.locator(".connection-table tbody tr.ended", { hasText: kSong }).first().locator("button").click();
    await packets(page).first().waitFor();
    await page.locator(".status.good").waitFor();
  });

  await test("a hidden tab closes its stream, and the server has one view less", async (page) => {
    await page.goto(view);
    await page.locator(".status.good").waitFor();
    const views = async () => (await (await page.request.get(new URL("status.json", view).href)).json()).view.open_views;
    const hide = (hidden) => page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
    assert.equal(await views(), 1);
    await hide(true);
    await page.locator(".status", { hasText: "closed while hidden" }).waitFor();
    for (let i = 0; (await views()) > 0; ++i) assert.ok(i < 300, "the view is still open");
    await hide(false);
    await page.locator(".status.good").waitFor();
    assert.equal(await views(), 1);
  });

  await test("a view costs at most 100 KB and four batches in a second", async (page, download, context) => {
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    const batches = [];
    session.on("Network.eventSourceMessageReceived", ({ eventName, data, timestamp }) => batches.push({ eventName, size: data.length, at: timestamp }));
    await page.goto(view);
    await page.locator(".status.good").waitFor();
    download();
    await watchDownload(page);
    const from = batches.at(-1).at;
    while (batches.at(-1).at < from + 6) await page.waitForTimeout(200);
    const counted = batches.filter(({ at }) => at > from + 1 && at <= from + 6);
    const bytes = counted.reduce((sum, { size }) => sum + size, 0) / 5;
    const tables = counted.filter(({ eventName }) => eventName === "connections").length / 5;
    console.log(`        ${Math.round(bytes / 1000)} KB/s, ${tables.toFixed(1)} updates of the table in a second`);
    assert.ok(bytes <= 105_000, `${bytes} bytes/s`);
    assert.ok(tables <= 4.4, `${tables} updates/s`);
  });

  await test("how did this page reach you? The footer's link leads to the connection that brought it", async (page) => {
    await page.goto(new URL("/index.html", base).href, { waitUntil: "load" });
    await page.locator("footer a.reach").click();
    await page.locator(".reached").waitFor();
    await packets(page).first().waitFor();
    assert.match(await page.locator(".connection-head .sub").innerText(), /GET \/(index\.html|img\/|favicon)/);
    assert.ok((await page.locator(".summary .prose").innerText()).length > 40);
    await shot(page, "last");
  }, { anywhere: true });
} else {
  await test("switches act on what others load, not on the view: 100 % loss stops a download, and is taken back", async (page, download) => {
    await page.goto(view);
    await page.locator(".status.good").waitFor();
    await page.locator(".top button", { hasText: "Link and mechanisms" }).click();
    const loss = page.locator("dialog[open] select[aria-label='Loss, from the server']");
    await loss.selectOption("100%");
    await page.locator(".heal code", { hasText: "out:loss=100%" }).waitFor();
    download();
    await page.keyboard.press("Escape");
    const row = page.locator(".connection-table tbody tr", { hasText: kSong }).first();
    await row.locator("button").click();
    // Retransmitted, and retransmitted again: the page still hears of it.
    await page.locator(".ladder-rows .packet.from-1 .why", { hasText: "Retransmi" }).first().waitFor({ state: "attached" });
    await page.locator(".status.good").waitFor();
    await shot(page, "control-100-percent");
    await page.locator(".top button", { hasText: "Link and mechanisms" }).click();
    await page.locator("dialog[open] button", { hasText: "A good link" }).click();
    await page.waitForFunction(() => document.querySelector(".heal code").textContent === "");
    for (const [name, value] of [["sack", "off"], ["rack", "off"], ["pacing", "off"]]) {
      await page.locator(`dialog[open] select[aria-label=${name}]`).selectOption(value);
      await page.waitForFunction(([setting, wanted]) => document.querySelector(`dialog select[aria-label=${setting}]`).value === wanted, [name, value]);
    }
    const floor = page.locator("dialog[open] input[aria-label=min_rto]");
    await floor.fill("5 s");
    await floor.press("Enter");
    await page.locator("dialog[open] .wrong", { hasText: "min_rto: 5 s is above initial_rto, which is 1 s" }).waitFor();
    await floor.fill("300");
    await floor.press("Enter");
    await page.waitForFunction(() => document.querySelector("dialog input[aria-label=min_rto]").value === "300 ms");
    assert.equal(await page.locator("dialog[open] .wrong").count(), 0);
    await shot(page, "control-switches");
  });
}

await tests.end();

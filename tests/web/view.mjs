// The live view in a browser, at http://192.0.2.2 (no secure context), with a server that is made up: view_mock.mjs.
//
// usage: node view.mjs PAGE --recording FILE --chromium FILE [--screenshots DIR] [--only TEXT]

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { argv } from "node:process";
import { parseArgs } from "node:util";
import { longestTask, recordTasks } from "./main_thread.mjs";
import { frames, isFocused, PageTests, tabTo } from "./page_tests.mjs";
import { MockServer } from "./view_mock.mjs";

const { values: options, positionals } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: {
    chromium: { type: "string" },
    recording: { type: "string" },
    screenshots: { type: "string" },
    only: { type: "string", default: "" },
  },
});
const html = await readFile(positionals[0]);
const recording = JSON.parse(await readFile(options.recording, "utf8"));
const tests = await PageTests.start({
  program: options.chromium,
  screenshots: options.screenshots,
  prefix: "view",
  args: ["--no-proxy-server", "--host-resolver-rules=MAP 192.0.2.2 127.0.0.1"],
  // What the browser itself writes of a server that is gone is no error of the page.
  isFault: (text) => !/Failed to load resource|ERR_/.test(text),
});
const { browser } = tests;
const kWatched = recording.en.packets.id;

/// Opens the page on a server of its own. A request that leaves /_glass/ fails the test.
async function test(name, use, how = {}) {
  if (!name.includes(options.only)) return;
  let base = "";
  await tests.attempt(name, async (page, context) => {
    const server = await new MockServer(html, recording, how.server).start();
    base = `http://192.0.2.2:${server.port}/_glass/`;
    try {
      await page.goto(base + (how.hash ?? ""));
      await page.locator(how.until ?? ".status.good").waitFor();
      await use(page, server, context);
    } finally {
      await server.stop();
    }
  }, how, (url) => url.startsWith(base));
}

const packets = (page) => page.locator(".ladder-rows .packet");

/// Who asked for less motion sees none.
async function isSound(page, state, name) {
  await tests.isSound(page, state);
  const moving = () => document.getAnimations().filter(({ playState }) => playState === "running").length;
  assert.equal(await page.evaluate(moving), 0, `${state}: something moves`);
  await tests.shot(page, `${name}-${state}`, state === "packet" || state === "nothing");
}

for (const zh of [false, true]) {
  for (const theme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      const name = `${zh ? "zh" : "en"}-${theme}-${width}`;
      const how = { zh, theme, width, height: width === 360 ? 740 : 900, still: true };
      await test(`axe-core finds nothing, and nothing is wider than the page: ${name}`, async (page, server) => {
        assert.equal(await page.locator("html").getAttribute("lang"), zh ? "zh-CN" : "en");
        await isSound(page, "nothing", name);
        await page.locator(".connection-table tbody button", { hasText: "192.0.2.1:50100" }).click();
        await packets(page).first().waitFor();
        await isSound(page, "now", name);
        await packets(page).locator("visible=true").last().click();
        await page.locator(".bytes summary").click();
        await isSound(page, "packet", name);
        await page.locator("button[aria-expanded]").first().click();
        await isSound(page, "menu", name);
        await page.keyboard.press("Escape");
        await page.locator(".connection-head button[aria-expanded]").click();
        await isSound(page, "link", name);
        await page.keyboard.press("Escape");
        await page.locator(".pause-button").click();
        await isSound(page, "paused", name);
        await page.locator(".pause-button").click();
        await page.locator(".top button", { hasText: zh ? "链路与机制" : "Link and mechanisms" }).click();
        await page.locator("dialog[open]").waitFor();
        await isSound(page, "switches", name);
        await page.keyboard.press("Escape");
        await server.stop();
        await page.locator(".status.bad").waitFor();
        await page.evaluate(() => scrollTo(0, 0));
        await isSound(page, "gone", name);
      }, how);
      await test(`no connection yet: ${name}`, async (page) => {
        await isSound(page, "empty", name);
      }, { ...how, server: { connections: 0 } });
      await test(`a thousand connections: ${name}`, async (page) => {
        assert.equal(await page.locator(".connection-table").getAttribute("aria-rowcount"), "201");
        assert.ok((await page.locator(".connection-table tbody tr").count()) < 60);
        await page.locator(".table-frame").evaluate((node) => (node.scrollTop = node.scrollHeight));
        await page.locator("tr[aria-rowindex='201']").waitFor();
        await page.locator(".table-frame").evaluate((node) => (node.scrollTop = 0));
        await page.locator("tr[aria-rowindex='2']").waitFor();
        await isSound(page, "thousand", name);
      }, { ...how, server: { connections: 1000 } });
      await test(`how did this page reach you: ${name}`, async (page) => {
        await packets(page).first().waitFor();
        await isSound(page, "last", name);
      }, { ...how, hash: "#last" });
      await test(`switches that are off say why: ${name}`, async (page) => {
        await page.locator(".top button", { hasText: zh ? "链路与机制" : "Link and mechanisms" }).click();
        await page.locator("dialog .notice", { hasText: "--control" }).waitFor();
        assert.equal(await page.locator("dialog select:enabled, dialog input:enabled, dialog .heal button:enabled").count(), 0);
        await isSound(page, "switches-off", name);
      }, { ...how, server: { control: false, offload: true } });
    }
  }
}

await test("it is no secure context, and has all it needs", async (page) => {
  assert.equal(await page.evaluate(() => window.isSecureContext), false);
  await page.locator(".connection-table tbody button", { hasText: "192.0.2.1:50100" }).click();
  await packets(page).first().waitFor();
  await page.locator(".connection-head button[aria-expanded]").click();
  await page.locator(".panel button", { hasText: "Copy" }).click();
  await page.locator(".panel button", { hasText: "Copied" }).waitFor();
});

await test("the table is sorted, filtered, and walked through by keyboard", async (page) => {
  const first = () => page.locator(".connection-table tbody tr").first().innerText();
  await page.locator("th button", { hasText: /^Sent/ }).click();
  await page.locator("th[aria-sort=descending]", { hasText: /^Sent/ }).waitFor();
  const most = await first();
  await page.locator("th button", { hasText: /^Sent/ }).click();
  await page.locator("th[aria-sort=ascending]").waitFor();
  assert.notEqual(await first(), most);
  await page.locator("input[type=search]").fill("50100 idol");
  await page.waitForFunction(() => document.querySelectorAll(".connection-table tbody tr").length === 1);
  await page.locator("input[type=search]").fill("nothing like it");
  await page.locator(".empty").waitFor();
  await page.locator("input[type=search]").fill("");
  await page.locator(".connection-table tbody button[tabindex='0']").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator("tr.chosen").waitFor();
  assert.match(page.url(), /#c=\d+$/);
});

await test("the whole page is used by keys: pause, turn a switch, filter, choose, look, share, the capture", async (page, server) => {
  await page.keyboard.press("Tab");
  assert.ok(await isFocused(page, ".skip"), "the first is the way past the head");
  await tabTo(page, ".pause-button");
  await page.keyboard.press("Enter");
  await page.locator(".status", { hasText: "display paused" }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".status.good").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await tabTo(page, "dialog[open] select[aria-label='Loss, from the server']");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.querySelector(".heal code").textContent.includes("out:loss=5%"));
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  assert.ok(await isFocused(page, ".top nav button"), "the focus is back where the dialog was opened");
  await tabTo(page, ".menu button[aria-expanded]");
  await page.keyboard.press("Enter");
  await tabTo(page, ".menu a[href$='live=1']");
  await page.keyboard.press("Escape");
  await page.locator(".menu ul").waitFor({ state: "detached" });
  await tabTo(page, "input[type=search]");
  await page.keyboard.type("50100");
  await tabTo(page, ".check input");
  await page.keyboard.press("Space");
  for (let i = 0; i < 200 && !server.asked.some((line) => line.includes("own=1")); ++i) await frames(page);
  assert.ok(server.asked.some((line) => line.includes("own=1")));
  await page.keyboard.press("Space");
  await tabTo(page, ".connection-table thead button");
  await tabTo(page, ".connection-table tbody button");
  await page.keyboard.press("Enter");
  await page.locator("tr.chosen").waitFor();
  await packets(page).first().waitFor();
  await tabTo(page, ".ladder-rows .packet");
  await page.keyboard.press("Enter");
  await page.locator(".packet-panel h3").waitFor();
  const before = page.url();
  await page.keyboard.press("ArrowUp");
  await page.waitForFunction((old) => location.href !== old, before);
  await tabTo(page, ".bytes summary");
  await page.keyboard.press("Enter");
  for (const selector of [".fields button", ".graph-choice button[aria-pressed=false]", ".tcb button"]) {
    await tabTo(page, selector);
    await page.keyboard.press("Enter");
  }
  await page.locator(".skip").focus();
  await tabTo(page, ".connection-head button[aria-expanded]");
  await page.keyboard.press("Enter");
  await tabTo(page, ".panel button");
  await page.keyboard.press("Enter");
  await page.locator(".panel button", { hasText: "Copied" }).waitFor();
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  assert.ok(await isFocused(page, "#connection"), "past the table");
});

await test("connections of the view itself are hidden until they are asked for", async (page, server) => {
  assert.equal(await page.locator(".connection-table tbody tr", { hasText: "192.0.2.1:50999" }).count(), 0);
  await page.locator(".check input").check();
  await page.locator(".connection-table tbody tr", { hasText: "192.0.2.1:50999" }).waitFor();
  assert.ok(server.asked.some((line) => /events\?.*own=1/.test(line)));
});

await test("the connection that brought the page has its row, though it has brought the view since", async (page, server) => {
  server.say("connections", { now: recording.en.packets.now, total: 12, shown: [{ ...recording.en.connection, own: 1 }], gone: [] });
  await page.locator("tr.chosen .tag").waitFor();
  assert.equal(await page.locator(".connection-table .tag").count(), 1, "other ones of the view stay hidden");
}, { hash: "#last" });

await test("the ladder shows retransmissions with their reasons, and a screen reader hears it as a list", async (page) => {
  await packets(page).first().waitFor();
  const ladder = page.locator(".ladder");
  const seen = new Set();
  let heard = "";
  for (let top = await ladder.evaluate((node) => node.scrollHeight); top > 0; top -= 400) {
    await ladder.evaluate((node, to) => (node.scrollTop = to), top);
    await frames(page);
    for (const text of await packets(page).allInnerTexts()) heard += `${text}\n`;
    for (const place of await page.locator(".ladder-rows > li").evaluateAll((all) => all.map((item) => Number(item.getAttribute("aria-posinset"))))) seen.add(place);
  }
  assert.equal(seen.size, recording.en.packets.rows.length);
  assert.match(heard, /client → server, arrived \d/);
  const again = recording.en.packets.rows.filter((row) => row.side === 1 && row.class === "loss-recovery");
  assert.ok(again.length > 3);
  for (const { reason } of again) assert.ok(heard.includes(reason), reason);
}, { hash: `#c=${kWatched}` });

await test("a link shares the spot: connection and packet", async (page) => {
  await page.locator(".packet-panel h3").waitFor();
  await page.locator(".packet.selected").waitFor();
  const box = await page.locator(".packet.selected").evaluate((node) => {
    const [frame, own] = [node.closest(".ladder").getBoundingClientRect(), node.getBoundingClientRect()];
    return own.top >= frame.top && own.bottom <= frame.bottom;
  });
  assert.ok(box, "the packet is in view");
  await page.locator(".packet.selected").focus();
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction((before) => location.hash !== before, `#c=${kWatched}&p=40`);
  await page.keyboard.press("Escape");
  await page.waitForFunction((wanted) => location.hash === wanted, `#c=${kWatched}`);
}, { hash: `#c=${kWatched}&p=40` });

await test("pausing stops the display alone; what came meanwhile is shown afterwards", async (page, server) => {
  await packets(page).first().waitFor();
  const count = () => page.locator(".ladder-rows > li").last().getAttribute("aria-setsize").then(Number);
  const before = await count();
  await page.locator(".pause-button").click();
  const { rows, moments, now } = recording.en.packets;
  const more = rows.slice(before, before + 30);
  const ids = new Set(more.map(({ i }) => i));
  const timers = () => page.locator(".live-timers").innerText();
  const asPaused = await timers();
  server.say("timers", { id: kWatched, now, timers: [["TailLossProbe", now + 1e9, "probe timer"]] });
  server.say("packets", { id: kWatched, now, rows: more, moments: moments.filter(([, row]) => ids.has(row)) });
  await page.locator(".notice", { hasText: "30 packets wait" }).waitFor();
  assert.equal(await count(), before);
  assert.equal(await timers(), asPaused, "a timer that was set since is not shown yet");
  await page.locator(".notice button").click();
  await page.waitForFunction((wanted) => document.querySelector(".ladder-rows > li").getAttribute("aria-setsize") === wanted, String(before + 30));
  await page.locator(".live-timers li", { hasText: "Tail loss probe" }).waitFor();
}, { hash: `#c=${kWatched}`, server: { packets: 100 } });

await test("while packets wait the panes name the packet that they speak of; an end is told with its cause", async (page, server) => {
  const { rows, now } = recording.en.packets;
  const say = (more) => server.say("packets", { id: kWatched, now, lost: 0, rows: [], moments: [], ...more });
  // Timers, sequence space, state machine, TCB; timers are told as they run now, however much waits.
  const says = (text, panes) => page.waitForFunction(([wanted, least]) =>
    [...document.querySelectorAll(".watched .pane-head > p")].filter((one) => one.innerText.includes(wanted)).length >= least, [text, panes]);
  await says("as of now", 4);
  say({ waiting: 40, rows: [{ ...rows.at(-1), i: rows.length }] });
  await says(`as after packet ${rows.length + 1}, 40 more to come`, 3);
  const ended = { ...recording.en.connection, ended: now, state: "CLOSED", flight: 0, unsent: 0, ending: "ESTABLISHED -> CLOSED: their RST came" };
  server.say("connections", { now, total: 1, shown: [ended], gone: [] });
  say({ waiting: 0, state: "CLOSED", moments: [["tcb", -1, 1, 1, now, null]] });
  await says("at its end", 3);
  assert.equal(await page.locator(".how-ended").innerText(), "Ended: ESTABLISHED → CLOSED: their RST came");
  assert.equal(await page.locator(".tcb .state-row td").first().innerText(), "CLOSED");
}, { hash: `#c=${kWatched}` });

await test("a server that is gone is said to be, and is found again", async (page, server) => {
  await packets(page).first().waitFor();
  const { port } = server;
  await server.stop();
  await page.locator(".status.bad").waitFor();
  await page.locator(".wrong").waitFor();
  assert.ok((await packets(page).count()) > 0, "what was seen stays");
  server.http.listen(port, "127.0.0.1");
  await page.locator(".status.good").waitFor();
  assert.equal(await page.locator(".wrong").count(), 0);
}, { hash: `#c=${kWatched}` });

await test("a server that says goodbye, and one that gives no stream", async (page, server) => {
  server.options.refuse = true;
  server.say("bye", {});
  await page.locator(".status.bad", { hasText: "server gone" }).waitFor();
  await page.locator(".status.bad", { hasText: "no stream" }).waitFor();
  server.options.refuse = false;
  await page.locator(".status.good").waitFor();
});

await test("a hidden tab closes its stream, and opens it when it is seen again", async (page, server) => {
  assert.equal(server.streams.size, 1);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await hide(true);
  await page.locator(".status", { hasText: "closed while hidden" }).waitFor();
  for (let i = 0; server.streams.size > 0 && i < 200; ++i) await frames(page);
  assert.equal(server.streams.size, 0);
  await hide(false);
  await page.locator(".status.good").waitFor();
  assert.equal(server.streams.size, 1);
});

await test("switches are turned as the protocol has it, and a refusal is shown", async (page, server) => {
  await page.locator(".top button", { hasText: "Link and mechanisms" }).click();
  const dialog = page.locator("dialog[open]");
  await dialog.locator("select[aria-label='Loss, from the server']").selectOption("10%");
  await page.waitForFunction(() => document.querySelector(".heal code").textContent.includes("out:loss=10%"));
  await dialog.locator("select[aria-label=sack]").selectOption("off");
  await dialog.locator("input[aria-label=receive_buffer]").fill("much");
  await dialog.locator("input[aria-label=receive_buffer]").press("Enter");
  await dialog.locator(".wrong", { hasText: "'much' is no size" }).waitFor();
  await dialog.locator("button", { hasText: "A good link" }).click();
  await page.waitForFunction(() => document.querySelector(".heal code").textContent === "");
  assert.deepEqual(server.orders.map(({ order }) => order), [{ link: "out:delay=20ms,out:loss=10%" }, { setting: ["sack", "off"] }, { setting: ["receive_buffer", "much"] }, { link: "" }]);
  for (const { type, origin, host } of server.orders) {
    assert.equal(type, "application/json");
    assert.equal(origin, `http://${host}`);
  }
});

await test("with --offload on the link is disabled and says why; mechanisms are not", async (page) => {
  await page.locator(".top button", { hasText: "Link and mechanisms" }).click();
  await page.locator("dialog .hint", { hasText: "--offload on" }).waitFor();
  assert.equal(await page.locator("dialog select[aria-label='Loss, from the server']").isDisabled(), true);
  assert.equal(await page.locator("dialog select[aria-label=sack]").isDisabled(), false);
}, { server: { offload: true } });

await test("the other language keeps the place", async (page) => {
  await page.locator(".packet-panel h3").waitFor();
  await page.locator("nav button", { hasText: "中文" }).click();
  await page.locator("h1", { hasText: "实时视图" }).waitFor();
  await page.locator(".packet.selected").waitFor();
  assert.match(page.url(), new RegExp(`#c=${kWatched}&p=40$`));
  await page.locator(".status", { hasText: "实时" }).waitFor();
}, { hash: `#c=${kWatched}&p=40` });

await test("thousands of packets and a thousand connections: the oldest are dropped, and no task is longer than 50 ms", async (page, server) => {
  await packets(page).first().waitFor();
  await frames(page);
  await recordTasks(browser, page);
  const { rows, moments, now, id } = recording.en.packets;
  let from = rows.length;
  // Twelve seconds of a busy server: four batches of 100 packets in each, and every row of the table changed.
  for (let batch = 0; batch < 24; ++batch) {
    const part = rows.slice((batch % 4) * 100 + 20, (batch % 4) * 100 + 120);
    const places = new Map(part.map((row, k) => [row.i, from + k]));
    const shift = (batch + 1) * 1e9;
    server.say("packets", {
      id, now: now + shift,
      rows: part.map((row) => ({ ...row, i: places.get(row.i), at: now + shift, arrived: row.arrived < 0 ? -1 : now + shift })),
      moments: moments.filter(([, row]) => places.has(row)).map(([kind, row, side, one, , tcb]) => [kind, places.get(row), side, one, now + shift, tcb]),
    });
    server.say("connections", { now: now + shift, total: 1000, gone: [], shown: Array.from({ length: 199 }, (_, i) => ({ ...recording.en.connection, id: 901 + i, peer: `192.0.2.9:${901 + i}`, sent: batch * 99_999 + i })) });
    from += part.length;
    await page.waitForFunction((wanted) => Number(document.querySelector(".ladder-rows > li:last-child").getAttribute("aria-posinset")) > 0 && wanted > 0, from);
    await frames(page);
  }
  await page.locator(".bounded", { hasText: "are not kept any more" }).waitFor();
  const kept = Number(await page.locator(".ladder-rows > li").last().getAttribute("aria-setsize"));
  assert.ok(kept >= 1500 && kept <= 2000, `${kept} rows are kept`);
  const longest = await longestTask(browser);
  assert.ok(longest <= 50, `a task of ${longest} ms`);
}, { hash: `#c=${kWatched}`, server: { connections: 1000 } });

await tests.end();

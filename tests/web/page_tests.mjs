// Tests of a page in Debian's Chromium: a context of its own for each, what the page did wrong, axe-core, and pictures.
//
// lab.mjs, view.mjs and view_real.mjs are made of it; each says where its page comes from and what it may ask for.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { exit } from "node:process";
import { chromium } from "playwright-core";

const kAxe = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export class PageTests {
  passed = 0;
  failed = 0;

  /// program: the browser's; screenshots: a folder, or nothing; prefix: of the names of pictures; args: more of the
  /// browser; timeout: of each wait, in ms; isFault(text): whether a line of the console is the page's fault.
  static async start({ program, screenshots, prefix, args = [], timeout = 20_000, isFault = () => true }) {
    const tests = new PageTests();
    Object.assign(tests, { screenshots, prefix, timeout, isFault });
    tests.browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", ...args] });
    return tests;
  }

  /// Runs one test. `use(page, context)` opens the page and looks at it. how: zh, theme, still (less motion), width, height,
  /// context (more options of the context); mayAsk(url): which requests are in order. Errors of the page fail the test. One
  /// that fails runs once more, since a busy machine can come between two keys; if it passes then, the output says so.
  async attempt(name, use, how = {}, mayAsk = () => true) {
    const first = await this.#once(use, how, mayAsk);
    const fault = first && (await this.#once(use, how, mayAsk));
    if (fault) {
      ++this.failed;
      console.log(`FAILED  ${name}\n        ${fault.replaceAll("\n", "\n        ")}`);
      return;
    }
    ++this.passed;
    if (first) console.log(`failed beside others, passed again: ${name}\n        ${first.replaceAll("\n", "\n        ")}`);
    console.log(`ok      ${name}`);
  }

  /// What is wrong; empty: nothing.
  async #once(use, how, mayAsk) {
    const context = await this.browser.newContext({
      acceptDownloads: true,
      locale: how.zh ? "zh-CN" : "en-US",
      colorScheme: how.theme ?? "light",
      reducedMotion: how.still ? "reduce" : "no-preference",
      viewport: { width: how.width ?? 1280, height: how.height ?? 900 },
      ...how.context,
    });
    const errors = [];
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(this.timeout);
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => message.type() === "error" && this.isFault(message.text()) && errors.push(message.text()));
      page.on("request", (request) => !request.url().startsWith("data:") && !mayAsk(request.url()) && errors.push(`asks for ${request.url()}`));
      await use(page, context);
      assert.deepEqual(errors, []);
      return "";
    } catch (error) {
      return `${error.stack ?? error}${errors.length > 0 ? `\nthe page: ${errors.join("; ")}` : ""}`;
    } finally {
      await context.close();
    }
  }

  async shot(page, name, fullPage = false) {
    if (!this.screenshots) return;
    await mkdir(this.screenshots, { recursive: true });
    await page.screenshot({ path: join(this.screenshots, `${this.prefix}-${name}.png`), fullPage });
  }

  /// axe-core finds nothing, and nothing is wider than the window. `state`: what the page shows.
  async isSound(page, state) {
    await frames(page);
    assert.deepEqual(await violationsOf(page), [], state);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${state}: ${overflow} pixels too wide`);
  }

  /// The last line, and the exit status.
  async end() {
    await this.browser.close();
    console.log(`${this.passed} passed, ${this.failed} failed`);
    exit(this.failed === 0 ? 0 : 1);
  }
}

/// What is drawn next is on the screen.
export const frames = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/// What axe-core finds.
export async function violationsOf(page) {
  await page.evaluate(kAxe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} (${node.any[0]?.message ?? ""})`).join(" | ")}`);
}

/// Whether the focus is on what the selector says.
export const isFocused = (page, selector) => page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);

/// Goes on by Tab until the focus is there.
export async function tabTo(page, selector, most = 500) {
  for (let i = 0; i < most; ++i) {
    if (await isFocused(page, selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`no way by Tab to ${selector}`);
}

// What the tasks of a page's main thread take of the processor. The clock would also count what a busy machine does
// meanwhile, which says nothing of the page.

import assert from "node:assert/strict";

/// From here on tasks are recorded; one page of a browser at a time.
export const recordTasks = (browser, page) =>
  browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });

/// Ends the record. Returns how many tasks there were, and the longest, in ms.
export async function longestTask(browser) {
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const place = ({ pid, tid }) => `${pid} ${tid}`;
  const mains = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(place));
  const tasks = traceEvents.filter((event) => event.name === "RunTask" && event.tdur !== undefined && mains.has(place(event)));
  assert.ok(tasks.length > 100, `${tasks.length} tasks were recorded`);
  const longest = Math.max(...tasks.map(({ tdur }) => tdur)) / 1000;
  console.log(`        ${tasks.length} tasks, the longest takes ${longest.toFixed(1)} ms of the processor`);
  return longest;
}

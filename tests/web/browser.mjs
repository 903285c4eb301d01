// A browser of its own for each test, and two records of what it did on the wire: its network panel, and its network log.
//
// The panel (DevTools protocol) tells request from cache hit and shows the real status of a revalidation. The log has what
// the panel leaves out, such as the icon of the tab, but can be read only once the browser has ended.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const kArguments = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--mute-audio",
];

/// Starts a browser with an empty profile, hands its context to `use`, and ends it. Returns what the network log holds.
export async function withBrowser(program, use, options = {}) {
  const profile = await mkdtemp(join(tmpdir(), "glasstcp-web-"));
  const log = join(profile, "net-log.json");
  try {
    const context = await chromium.launchPersistentContext(join(profile, "profile"), {
      executablePath: program, headless: true, locale: "zh-CN", viewport: { width: 1280, height: 800 },
      args: [...kArguments, `--log-net-log=${log}`], ...options,
    });
    try {
      await use(context);
    } finally {
      await context.close();
    }
    return requestsOf(JSON.parse(await readFile(log, "utf8")));
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/// Every HTTP request that went out on a socket: {method, path, host, range, status}, in order.
function requestsOf(log) {
  const types = log.constants.logEventTypes;
  const open = new Map();
  const requests = [];
  for (const event of log.events) {
    if (event.type === types.HTTP_TRANSACTION_SEND_REQUEST_HEADERS && event.params?.line) {
      const [method, path] = event.params.line.split(" ");
      const field = (name) => event.params.headers.find((line) => line.toLowerCase().startsWith(name))?.split(": ")[1];
      const request = { method, path, host: field("host:"), range: field("range:"), status: 0 };
      open.set(event.source.id, request);
      requests.push(request);
    } else if (event.type === types.HTTP_TRANSACTION_READ_RESPONSE_HEADERS && event.params?.headers) {
      const request = open.get(event.source.id);
      if (request) request.status = Number(event.params.headers[0].split(" ")[1]);
    }
  }
  return requests;
}

/// Records the network panel of `page`: a list of {url, path, status, range, contentRange, type, cached, failed, finished}.
/// `status` is what stood on the wire (304, where the page itself sees 200); `cached` requests did not reach it.
export async function recordPanel(page) {
  const session = await page.context().newCDPSession(page);
  const byId = new Map();
  const entry = (id) => {
    if (!byId.has(id)) byId.set(id, { status: 0, cached: false, failed: "", finished: false });
    return byId.get(id);
  };
  const field = (headers, name) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    Object.assign(entry(requestId), { url: request.url, path: new URL(request.url).pathname });
  });
  session.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) => {
    entry(requestId).range = field(headers, "range");
  });
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const seen = entry(requestId);
    seen.type = response.mimeType;
    seen.cached ||= response.fromDiskCache === true;
    if (seen.status === 0) seen.status = response.status;
    seen.contentRange ??= field(response.headers, "content-range");
  });
  session.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => (entry(requestId).status = statusCode));
  session.on("Network.requestServedFromCache", ({ requestId }) => (entry(requestId).cached = true));
  session.on("Network.loadingFinished", ({ requestId }) => (entry(requestId).finished = true));
  session.on("Network.loadingFailed", ({ requestId, errorText }) => (entry(requestId).failed = errorText));
  await session.send("Network.enable");
  return {
    session,
    all: () => [...byId.values()].filter(({ url }) => url && !url.startsWith("data:")),
    of: (path) => [...byId.values()].filter((seen) => seen.path === path),
    clear: () => byId.clear(),
  };
}

// A server that tells the live view what a real one would: its events, its switches, and when it is gone.

import { createServer } from "node:http";
import { once } from "node:events";

const kSecond = 1e9;
const kStates = ["ESTABLISHED", "ESTABLISHED", "ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2", "TIME-WAIT", "SYN-RECEIVED"];
const kRequests = ["GET /", "GET /img/idol.mp3", "GET /img/bg.jpg", "HEAD /index.html", "GET /wire.html", ""];

/// Connections that differ in everything, `count` of them, the newest last.
export function manyConnections(count, now) {
  return Array.from({ length: count }, (_, i) => ({
    id: 100 + i,
    peer: i % 11 === 3 ? `[2001:db8::${(i + 16).toString(16)}]:${40000 + i}` : `192.0.2.${(i % 250) + 3}:${40000 + i}`,
    local: i % 11 === 3 ? "[2001:db8::2]:80" : "192.0.2.2:80",
    state: kStates[i % kStates.length],
    opened: i === 0 ? 0 : now - (count - i) * 0.05 * kSecond,
    sent: (i * 7919 * 131) % 20_000_000,
    received: 78 + (i % 5) * 400,
    cwnd: 14480 + (i % 40) * 1448,
    srtt: i % 9 === 0 ? 0 : 400 + (i * 977) % 90_000,
    rto: 200_000 + (i % 7) * 1000,
    flight: (i % 10) * 1448,
    unsent: (i % 4) * 65536,
    unread: 0,
    retransmissions: i % 6 === 0 ? i % 50 : 0,
    packets: 40,
    request: kRequests[i % kRequests.length],
    ended: kStates[i % kStates.length] === "TIME-WAIT" ? now : 0,
    own: 0,
  }));
}

const kOwn = {
  id: 99, peer: "192.0.2.1:50999", local: "192.0.2.2:80", state: "ESTABLISHED", opened: 80 * kSecond, sent: 45_000, received: 700,
  cwnd: 14480, srtt: 300, rto: 200_000, flight: 0, unsent: 0, retransmissions: 0, packets: 10, request: "GET /_glass/events", ended: 0, own: 1,
};

const kSettings = [
  { name: "sack", value: "on", choices: ["on", "off"], what: "selective acknowledgments, if the peer agrees", rule: "RFC 2018" },
  { name: "congestion", value: "cubic", choices: ["newreno", "cubic", "bbr"], what: "congestion control", rule: "RFC 9438" },
  { name: "nagle", value: "on", choices: ["on", "off"], what: "small segments wait for an acknowledgment", rule: "RFC 9293 §3.7.4" },
  { name: "receive_buffer", value: "4 MiB", choices: [], what: "most bytes that wait for the application", rule: "RFC 9293 §3.8.6" },
];

const kCounters = {
  reasons: [["NewData", "bytes that were never sent before (RFC 9293 §3.8)", 12_345], ["AckDelayed", "the delayed acknowledgment's time is over (RFC 9293 §3.8.6.3)", 812],
    ["FastRetransmit", "RACK judged it lost (RFC 8985 §6.2)", 37], ["SynAck", "answers a SYN (RFC 9293 §3.5)", 25], ["TailLossProbe", "nothing was acknowledged for two round trips (RFC 8985 §7.3)", 3]],
  verdicts: [["Accepted", "acceptable, and used (RFC 9293 §3.10.7.4)", 9_870], ["SynAccepted", "a SYN for a listening port (RFC 9293 §3.10.7.2)", 25], ["BadChecksum", "the TCP checksum is wrong (RFC 9293 §3.1)", 2]],
  limits: [["connections_of_address", "one address had as many connections as it may", 1]],
};

export class MockServer {
  /// `recording`: {en, zh} of http/web/build.mjs --recording. options: connections, control, offload, refuse, watches, counters.
  constructor(page, recording, options = {}) {
    this.page = page;
    this.recording = recording;
    this.options = { connections: 12, control: true, offload: false, packets: Infinity, ...options };
    this.streams = new Set();
    this.asked = [];
    this.orders = [];
    this.switches = {
      link: { in: "", out: "loss=2%,delay=20ms" },
      link_disabled: this.options.offload ? "with --offload on packets leave through the kernel, which the simulated link does not see" : "",
      settings: structuredClone(kSettings),
    };
    this.http = createServer((request, response) => this.answer(request, response));
  }

  async start(port = 0) {
    this.http.listen(port, "127.0.0.1");
    await once(this.http, "listening");
    this.port = this.http.address().port;
    return this;
  }

  /// Gone without a word, as when the machine is switched off: nobody listens any more.
  async stop() {
    for (const { response } of this.streams) response.destroy();
    this.streams.clear();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  answer(request, response) {
    const url = new URL(request.url, "http://mock");
    this.asked.push(`${request.method} ${url.pathname}${url.search}`);
    if (url.pathname === "/_glass/") {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" }).end(this.page);
    } else if (url.pathname === "/_glass/events") this.openStream(url.searchParams, response);
    else if (url.pathname === "/_glass/control" && request.method === "POST") this.turn(request, response);
    else response.writeHead(404).end("not here");
  }

  turn(request, response) {
    let text = "";
    request.setEncoding("utf8").on("data", (part) => (text += part));
    request.on("end", () => {
      const order = JSON.parse(text);
      this.orders.push({ order, type: request.headers["content-type"], origin: request.headers.origin, host: request.headers.host });
      const json = (status, body) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      if (order.setting?.[0] === "receive_buffer") return json(400, { error: `'${order.setting[1]}' is no size: 64K, 4M` });
      if (typeof order.link === "string") {
        const of = (direction) => order.link.split(",").filter((one) => one.startsWith(`${direction}:`)).map((one) => one.slice(direction.length + 1)).join(",");
        this.switches.link = { in: of("in"), out: of("out") };
      } else {
        const setting = this.switches.settings.find(({ name }) => name === order.setting[0]);
        setting.value = order.setting[1];
      }
      json(200, { switches: this.switches });
    });
  }

  openStream(query, response) {
    if (this.options.refuse) {
      response.writeHead(503, { "Content-Type": "text/plain" }).end("8 views are open");
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const stream = { response, send: (name, event) => response.write(`event: ${name}\ndata: ${JSON.stringify(event)}\n\n`) };
    this.streams.add(stream);
    response.on("close", () => this.streams.delete(stream));
    this.tell(stream, query);
  }

  /// Everything that is known, at once.
  tell(stream, query) {
    const recorded = this.recording[query.get("lang") ?? "en"];
    const { now, id } = recorded.packets;
    const known = this.options.connections > 0;
    const wanted = query.get("c") ?? "0";
    const watched = known && (wanted === "last" || wanted === String(id)) ? id : known && Number(wanted) >= 100 ? Number(wanted) : 0;
    const last = recorded.packets.rows.slice(0, this.options.packets);
    stream.send("hello", {
      version: 1, program: "glasstcp 0.1.0", address: ["192.0.2.2", "2001:db8::2"], port: 80, client: "192.0.2.1", control: this.options.control,
      offload: this.options.offload, language: "en", now, wall: 1_790_000_000_000, watched,
    });
    stream.send("switches", this.switches);
    stream.send("counters", this.options.connections > 0 ? kCounters : {});
    const shown = known ? [recorded.connection, ...manyConnections(this.options.connections - 1, now).slice(-199)] : [];
    if (query.get("own") === "1") shown.push(kOwn);
    stream.send("connections", { now, total: this.options.connections, shown, gone: [] });
    if (watched === id) {
      const rows = new Set(last.map(({ i }) => i));
      const moments = recorded.packets.moments.filter(([, row]) => row < 0 || rows.has(row));
      stream.send("packets", { ...recorded.packets, rows: last, moments });
      stream.send("timers", { id, now, timers: [["Retransmit", now + 0.2 * kSecond * 40, "retransmission timer (RFC 6298 §5)"], ["KeepAlive", now + 7200 * kSecond, "keep-alive timer (RFC 9293 §3.8.4)"]] });
    }
    stream.now = now;
  }

  /// Says something to all that listen.
  say(name, event) {
    for (const stream of this.streams) stream.send(name, typeof event === "function" ? event(stream) : event);
  }
}

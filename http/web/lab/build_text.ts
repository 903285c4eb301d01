// A scenario as text, from what the form of one's own scenario says.

/// One direction of the link, by who sends into it.
export interface Way {
  delayMs: number;
  lossPercent: number;
  jitterMs: number;
  reorderPercent: number;
  duplicatePercent: number;
  /// Mbit/s; 0: no bottleneck.
  rateMbit: number;
  queue: number;
}

export interface Form {
  ways: [Way, Way];
  clientWrites: number;
  serverWrites: number;
  /// How the server reads: all at once, so many bytes every so often, or never.
  reading: "all" | "slowly" | "never";
  readBytes: number;
  readEveryMs: number;
  closer: "client" | "server";
  ending: "close" | "abort";
}

export const kFirstWay: Way = {
  delayMs: 20,
  lossPercent: 0,
  jitterMs: 0,
  reorderPercent: 0,
  duplicatePercent: 0,
  rateMbit: 0,
  queue: 100,
};

export const kFirstForm: Form = {
  ways: [kFirstWay, { ...kFirstWay, lossPercent: 5 }],
  clientWrites: 500,
  serverWrites: 20_000,
  reading: "all",
  readBytes: 1000,
  readEveryMs: 100,
  closer: "client",
  ending: "close",
};

function linkLine(side: string, way: Way): string {
  const words = [`delay=${way.delayMs}ms`];
  if (way.jitterMs > 0) words.push(`jitter=${Math.min(way.jitterMs, way.delayMs)}ms`);
  if (way.lossPercent > 0) words.push(`loss=${way.lossPercent}%`);
  if (way.reorderPercent > 0) words.push(`reorder=${way.reorderPercent}%`);
  if (way.duplicatePercent > 0) words.push(`duplicate=${way.duplicatePercent}%`);
  if (way.rateMbit > 0) words.push(`rate=${Math.round(way.rateMbit * 1000)}kbit`, `queue=${way.queue}`);
  return `link ${side} ${words.join(" ")}`;
}

export function textOfForm(form: Form): string {
  const { closer, ending } = form;
  const other = closer === "client" ? "server" : "client";
  const lines = [
    "chapter data",
    linkLine("client", form.ways[0]),
    linkLine("server", form.ways[1]),
    "",
    "at 0ms server listen",
    "at 10ms client connect",
  ];
  if (form.reading === "slowly") {
    lines.push(`on server connected server read ${form.readBytes} every ${form.readEveryMs}ms`);
  } else if (form.reading === "never") {
    lines.push("on server connected server stop-reading");
  }
  if (form.clientWrites > 0) lines.push(`on client connected client write ${form.clientWrites}`);
  if (form.serverWrites > 0) lines.push(`on server connected server write ${form.serverWrites}`);
  // The closer waits for what it wrote to be acknowledged, and for all that the other one wrote.
  const written = closer === "client" ? form.clientWrites : form.serverWrites;
  const awaited = closer === "client" ? form.serverWrites : form.clientWrites;
  const isRead = awaited > 0 && (closer === "client" || form.reading === "all");
  const when = isRead ? `read ${awaited}` : written > 0 ? "acked" : "connected";
  lines.push(`on ${closer} ${when} + 50ms ${closer} ${ending}`);
  if (ending === "close" && !(other === "server" && form.reading === "never")) {
    lines.push(`on ${other} end ${other} close`);
  }
  lines.push("", "watch server cwnd ssthresh", "until 60s", "");
  return lines.join("\n");
}

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

/// An application, and the settings of the host below it.
export interface End {
  /// Bytes of one write, and how many of them.
  writes: number;
  times: number;
  /// How it reads: whatever comes, so many bytes every so often, or never.
  reading: "all" | "slowly" | "never";
  readBytes: number;
  readEveryMs: number;
  /// Keys and values of settings that are not as usual.
  settings: Record<string, string>;
}

export interface Form {
  ways: [Way, Way];
  ends: [End, End];
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

export const kFirstEnd: End = {
  writes: 500,
  times: 1,
  reading: "all",
  readBytes: 1000,
  readEveryMs: 100,
  settings: {},
};

export const kFirstForm: Form = {
  ways: [kFirstWay, { ...kFirstWay, lossPercent: 5 }],
  ends: [kFirstEnd, { ...kFirstEnd, writes: 20_000 }],
  closer: "client",
  ending: "close",
};

const kSides = ["client", "server"] as const;

function linkLine(side: string, way: Way): string {
  const words = [`delay=${way.delayMs}ms`];
  if (way.jitterMs > 0) words.push(`jitter=${Math.min(way.jitterMs, way.delayMs)}ms`);
  if (way.lossPercent > 0) words.push(`loss=${way.lossPercent}%`);
  if (way.reorderPercent > 0) words.push(`reorder=${way.reorderPercent}%`);
  if (way.duplicatePercent > 0) words.push(`duplicate=${way.duplicatePercent}%`);
  if (way.rateMbit > 0) words.push(`rate=${Math.round(way.rateMbit * 1000)}kbit`, `queue=${way.queue}`);
  return `link ${side} ${words.join(" ")}`;
}

function settingLine(side: string, { settings }: End): string[] {
  const words = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  return words.length > 0 ? [`set ${side} ${words.join(" ")}`] : [];
}

function actionLines(side: string, end: End): string[] {
  const when = `on ${side} connected ${side}`;
  const lines: string[] = [];
  if (end.reading === "slowly") lines.push(`${when} read ${end.readBytes} every ${end.readEveryMs}ms`);
  if (end.reading === "never") lines.push(`${when} stop-reading`);
  if (end.writes > 0 && end.times > 0)
    lines.push(`${when} write ${end.writes}${end.times > 1 ? ` x${end.times}` : ""}`);
  return lines;
}

export function textOfForm(form: Form): string {
  const { closer, ending } = form;
  const near = kSides.indexOf(closer);
  const far = 1 - near;
  const other = kSides[far]!;
  const sum = (end: End) => end.writes * end.times;
  // The closer waits for what it wrote to be acknowledged, and for all that the other one wrote.
  const [written, awaited] = [sum(form.ends[near]!), sum(form.ends[far]!)];
  const isRead = awaited > 0 && form.ends[near]!.reading !== "never";
  const when = isRead ? `read ${awaited}` : written > 0 ? "acked" : "connected";
  const lines = [
    "chapter data",
    ...kSides.map((side, i) => linkLine(side, form.ways[i]!)),
    ...kSides.flatMap((side, i) => settingLine(side, form.ends[i]!)),
    "",
    "at 0ms server listen",
    "at 10ms client connect",
    ...kSides.flatMap((side, i) => actionLines(side, form.ends[i]!)),
    `on ${closer} ${when} + 50ms ${closer} ${ending}`,
  ];
  if (ending === "close" && form.ends[far]!.reading !== "never") lines.push(`on ${other} end ${other} close`);
  lines.push("", "watch server cwnd ssthresh", "until 60s", "");
  return lines.join("\n");
}

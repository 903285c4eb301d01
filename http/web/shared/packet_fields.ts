// The bytes of a packet, field by field: name, value, and what it means. IPv4 (RFC 791), IPv6
// (RFC 8200), TCP (RFC 9293 §3.1, RFC 7323, RFC 2018), and of ICMP what concerns TCP.
import type { Language } from "./types";

export interface Field {
  layer: "IP" | "TCP" | "ICMP" | "data";
  name: string;
  value: string;
  meaning: [string, string];
  /// Bytes, from the beginning of the packet.
  start: number;
  end: number;
}

export function meaningOf(field: Field, language: Language): string {
  return field.meaning[language === "zh" ? 1 : 0];
}

export function bytesOfHex(hex: string): number[] {
  const bytes: number[] = [];
  for (let i = 0; i + 1 < hex.length; i += 2) bytes.push(parseInt(hex.slice(i, i + 2), 16));
  return bytes;
}

class Reader {
  readonly fields: Field[] = [];
  constructor(readonly bytes: number[]) {}

  u16(at: number): number {
    return ((this.bytes[at] ?? 0) << 8) | (this.bytes[at + 1] ?? 0);
  }
  u32(at: number): number {
    return this.u16(at) * 65536 + this.u16(at + 2);
  }
  add(
    layer: Field["layer"],
    name: string,
    value: string | number,
    start: number,
    length: number,
    en: string,
    zh: string,
  ): void {
    const end = Math.min(start + length, this.bytes.length);
    if (start < end) this.fields.push({ layer, name, value: String(value), meaning: [en, zh], start, end });
  }
}

/// All fields of a packet, in order; `size`: of the whole packet, of which these may be the first.
export function fieldsOf(hex: string, size: number): Field[] {
  const reader = new Reader(bytesOfHex(hex));
  const version = (reader.bytes[0] ?? 0) >> 4;
  if (version !== 4 && version !== 6) return [];
  const start = version === 6 ? 40 : ((reader.bytes[0] ?? 0) & 15) * 4;
  if (version === 6) readIp6(reader);
  else readIp(reader);
  const protocol = reader.bytes[version === 6 ? 6 : 9];
  if (protocol === 6) readTcp(reader, start, size);
  else if (protocol === (version === 6 ? 58 : 1)) {
    const type = reader.bytes[start] ?? 0;
    reader.add("ICMP", "Type", type, start, 1, "what the router tells", "路由器所报告的内容");
    reader.add("ICMP", "Code", reader.bytes[start + 1] ?? 0, start + 1, 1, "which kind of it", "具体类别");
    reader.add(
      "ICMP",
      "Checksum",
      hex16(reader.u16(start + 2)),
      start + 2,
      2,
      "over the message",
      "覆盖整个报文",
    );
    if (version === 4 && type === 3)
      reader.add(
        "ICMP",
        "Next-Hop MTU",
        reader.u16(start + 6),
        start + 6,
        2,
        "what the next link takes (RFC 1191)",
        "下一段链路的 MTU（RFC 1191）",
      );
    if (version === 6 && type === 2)
      reader.add(
        "ICMP",
        "MTU",
        reader.u32(start + 4),
        start + 4,
        4,
        "what the next link takes (RFC 8201)",
        "下一段链路的 MTU（RFC 8201）",
      );
  }
  return reader.fields;
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}

function readIp(r: Reader): void {
  const b = r.bytes;
  r.add(
    "IP",
    "Version, IHL",
    `4, ${(b[0]! & 15) * 4} B`,
    0,
    1,
    "IPv4, and the length of its header",
    "IPv4 及其首部长度",
  );
  const ecn = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"][(b[1] ?? 0) & 3]!;
  r.add(
    "IP",
    "DSCP, ECN",
    `${(b[1] ?? 0) >> 2}, ${ecn}`,
    1,
    1,
    "class of service, and congestion marks (RFC 3168)",
    "服务类别与拥塞标记（RFC 3168）",
  );
  r.add("IP", "Total Length", r.u16(2), 2, 2, "bytes of the whole packet", "整个分组的字节数");
  r.add("IP", "Identification", hex16(r.u16(4)), 4, 2, "which packet fragments belong to", "分片所属的分组");
  const flags = r.u16(6);
  r.add(
    "IP",
    "Flags, Offset",
    `${flags & 0x4000 ? "DF" : "–"}, ${flags & 0x1fff}`,
    6,
    2,
    "DF: routers must not cut it",
    "DF：路由器不得分片",
  );
  r.add("IP", "TTL", b[8] ?? 0, 8, 1, "hops that it may still take", "还可经过的跳数");
  r.add("IP", "Protocol", b[9] === 6 ? "6 (TCP)" : String(b[9]), 9, 1, "what it carries", "所承载的协议");
  r.add("IP", "Header Checksum", hex16(r.u16(10)), 10, 2, "over the IP header alone", "只覆盖 IP 首部");
  r.add("IP", "Source", b.slice(12, 16).join("."), 12, 4, "who sends it", "发送方地址");
  r.add("IP", "Destination", b.slice(16, 20).join("."), 16, 4, "who is to get it", "接收方地址");
}

function readIp6(r: Reader): void {
  const b = r.bytes;
  const traffic = ((b[0]! & 15) << 4) | ((b[1] ?? 0) >> 4);
  const ecn = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"][traffic & 3]!;
  // Four bits of the version, eight of the traffic class, twenty of the flow label.
  r.add("IP", "Version", 6, 0, 1, "IPv6; its header has 40 bytes", "IPv6；首部固定 40 字节");
  r.add(
    "IP",
    "Traffic Class",
    `${traffic >> 2}, ${ecn}`,
    1,
    1,
    "class of service, and congestion marks (RFC 3168)",
    "服务类别与拥塞标记（RFC 3168）",
  );
  const label = ((b[1]! & 15) << 16) | r.u16(2);
  r.add(
    "IP",
    "Flow Label",
    `0x${label.toString(16).padStart(5, "0")}`,
    2,
    2,
    "the same in all packets of a connection (RFC 6437)",
    "同一连接的分组取值相同（RFC 6437）",
  );
  r.add("IP", "Payload Length", r.u16(4), 4, 2, "bytes behind this header", "首部之后的字节数");
  r.add("IP", "Next Header", b[6] === 6 ? "6 (TCP)" : String(b[6]), 6, 1, "what it carries", "所承载的协议");
  r.add("IP", "Hop Limit", b[7] ?? 0, 7, 1, "hops that it may still take", "还可经过的跳数");
  r.add("IP", "Source", addressText(b.slice(8, 24)), 8, 16, "who sends it", "发送方地址");
  r.add("IP", "Destination", addressText(b.slice(24, 40)), 24, 16, "who is to get it", "接收方地址");
}

/// An IPv6 address as people write it: the longest run of zeros is left out (RFC 5952 §4).
export function addressText(bytes: number[]): string {
  const groups: number[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!);
  let [best, length] = [-1, 1];
  for (let i = 0; i < groups.length; ++i) {
    let end = i;
    while (groups[end] === 0) ++end;
    if (end - i > length) [best, length] = [i, end - i];
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  return best < 0 ? text(groups) : `${text(groups.slice(0, best))}::${text(groups.slice(best + length))}`;
}

const kFlags: [number, string, string, string][] = [
  [1, "FIN", "no more data from the sender", "发送方不再有数据"],
  [2, "SYN", "announces an initial sequence number", "通告初始序列号"],
  [4, "RST", "ends the connection at once", "立即终止连接"],
  [8, "PSH", "hand the data to the application now", "立即把数据交给应用"],
  [16, "ACK", "the acknowledgment number counts", "确认号有效"],
  [32, "URG", "the urgent pointer counts", "紧急指针有效"],
  [64, "ECE", "congestion was seen (RFC 3168)", "看到了拥塞（RFC 3168）"],
  [128, "CWR", "the window was reduced (RFC 3168)", "已减小拥塞窗口（RFC 3168）"],
];

function readTcp(r: Reader, at: number, size: number): void {
  const b = r.bytes;
  r.add("TCP", "Source Port", r.u16(at), at, 2, "the sender's end of the connection", "发送方端口");
  r.add("TCP", "Destination Port", r.u16(at + 2), at + 2, 2, "the receiver's end", "接收方端口");
  r.add(
    "TCP",
    "Sequence Number",
    r.u32(at + 4),
    at + 4,
    4,
    "of the first byte of data; of a SYN: the initial one",
    "首个数据字节的序号；SYN 中为初始序列号",
  );
  r.add(
    "TCP",
    "Acknowledgment Number",
    r.u32(at + 8),
    at + 8,
    4,
    "the next byte that the sender expects",
    "期望收到的下一个字节的序号",
  );
  const header = ((b[at + 12] ?? 0) >> 4) * 4;
  r.add(
    "TCP",
    "Data Offset",
    `${header} B`,
    at + 12,
    1,
    "length of the TCP header with options",
    "含选项的 TCP 首部长度",
  );
  const set = kFlags.filter(([bit]) => (b[at + 13] ?? 0) & bit);
  r.add(
    "TCP",
    "Flags",
    set.map(([, name]) => name).join(", ") || "–",
    at + 13,
    1,
    set.map(([, name, en]) => `${name}: ${en}`).join("; "),
    set.map(([, name, , zh]) => `${name}：${zh}`).join("；"),
  );
  r.add(
    "TCP",
    "Window",
    r.u16(at + 14),
    at + 14,
    2,
    "bytes beyond the acknowledgment that may come; times 2^scale but in a SYN",
    "从确认号起还可接收的字节；除 SYN 外须乘以 2^扩大因子",
  );
  r.add(
    "TCP",
    "Checksum",
    hex16(r.u16(at + 16)),
    at + 16,
    2,
    "over header, data and both addresses",
    "覆盖首部、数据和两端地址",
  );
  r.add("TCP", "Urgent Pointer", r.u16(at + 18), at + 18, 2, "counts with URG alone", "仅在 URG 置位时有效");
  readOptions(r, at + 20, at + header);
  const left = size - at - header;
  if (left > 0) {
    const text = b
      .slice(at + header, at + header + 24)
      .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·"));
    r.add(
      "data",
      "Data",
      `${left} B`,
      at + header,
      left,
      `begins with “${text.join("")}”`,
      `开头为“${text.join("")}”`,
    );
  }
}

function readOptions(r: Reader, from: number, end: number): void {
  let at = from;
  while (at < Math.min(end, r.bytes.length)) {
    const kind = r.bytes[at]!;
    if (kind === 0 || kind === 1) {
      r.add(
        "TCP",
        kind === 0 ? "End of options" : "NOP",
        "",
        at,
        1,
        "fills up to a multiple of four bytes",
        "填充到四字节的整数倍",
      );
      ++at;
      if (kind === 0) return;
      continue;
    }
    const length = r.bytes[at + 1] ?? 0;
    if (length < 2) return;
    readOption(r, kind, at, length);
    at += length;
  }
}

function readOption(r: Reader, kind: number, at: number, length: number): void {
  const add = (name: string, value: string | number, en: string, zh: string) =>
    r.add("TCP", name, value, at, length, en, zh);
  if (kind === 2)
    return add(
      "MSS",
      r.u16(at + 2),
      "the most data in a segment that the sender wants to get",
      "发送方愿意接收的最大报文段长度",
    );
  if (kind === 3)
    return add(
      "Window Scale",
      r.bytes[at + 2] ?? 0,
      "later windows count times 2^n (RFC 7323 §2)",
      "此后的窗口乘以 2^n（RFC 7323 §2）",
    );
  if (kind === 4)
    return add(
      "SACK permitted",
      "",
      "the sender understands SACK (RFC 2018 §2)",
      "发送方支持选择确认（RFC 2018 §2）",
    );
  if (kind === 8) {
    return add(
      "Timestamps",
      `${r.u32(at + 2)}, ${r.u32(at + 6)}`,
      "the sender's clock, and the last one that it heard (RFC 7323 §3)",
      "发送方时钟，以及最近收到的对方时钟（RFC 7323 §3）",
    );
  }
  if (kind === 5) {
    const blocks: string[] = [];
    for (let i = at + 2; i + 8 <= at + length; i += 8) blocks.push(`${r.u32(i)}–${r.u32(i + 4)}`);
    return add(
      "SACK",
      blocks.join(", "),
      "has come beyond a gap (RFC 2018 §3)",
      "缺口之后已收到的数据（RFC 2018 §3）",
    );
  }
  if (kind === 34)
    return add(
      "Fast Open",
      `${length - 2} B`,
      "a cookie, or a request for one (RFC 7413)",
      "Cookie，或请求 Cookie（RFC 7413）",
    );
  return add(`Option ${kind}`, `${length} B`, "", "");
}

// What the live view says, in both languages; what it shares with the lab stands in shared/texts.ts.
import { useSignal } from "../shared/signal";
import { language } from "../shared/texts";
import type { Language } from "../shared/types";

const kWords = {
  title: ["Live view", "实时视图"],
  subtitle: ["this server's TCP, while it runs", "本服务器的 TCP，运行之中"],
  lead: [
    "Every packet of this server with its reason, as it leaves and arrives.",
    "本服务器的每个分组及其原因，收发之时即可看到。",
  ],
  live: ["live", "实时"],
  pausedWord: ["display paused", "显示已暂停"],
  connecting: ["connecting …", "正在连接……"],
  gone: ["server gone, trying again …", "服务器无响应，正在重试……"],
  idle: ["closed while hidden", "隐藏时已关闭"],
  refused: ["no stream", "无事件流"],
  goneLong: [
    "The server does not answer any more. What you see is the last that it told; this page tries again every few seconds.",
    "服务器不再响应。所示为它最后告知的内容；此页面每隔几秒重试一次。",
  ],
  refusedLong: [
    "The server answers, but gives no stream: as many views as it serves may be open, or this address may not look (--view). This page tries again every few seconds.",
    "服务器有响应，但不提供事件流：打开的视图可能已达上限，或此地址无权查看（--view）。此页面每隔几秒重试一次。",
  ],
  pause: ["Pause the display", "暂停显示"],
  resume: ["Go on", "继续显示"],
  pauseNote: ["The server goes on; {n} packets wait.", "服务器照常运行；有 {n} 个分组待显示。"],
  capture: ["Capture", "抓包"],
  captureRecent: ["The packets that passed lately", "最近经过的分组"],
  captureRecentNote: [
    "Needs a server that keeps them (--recent 64M).",
    "需要服务器保留分组（--recent 64M）。",
  ],
  captureLive: ["From now on, until you cancel it", "从现在起，直到你取消"],
  captureLiveNote: [
    "A pcapng file for Wireshark, with every reason.",
    "供 Wireshark 使用的 pcapng 文件，附每个原因。",
  ],
  captureStatus: ["The server's status (JSON)", "服务器状态（JSON）"],
  switches: ["Switches", "开关"],
  connections: ["Connections", "连接"],
  open: ["open", "打开"],
  shownOf: ["{n} shown", "显示 {n} 个"],
  shownSome: ["the {n} most active of {all} open ones", "打开的 {all} 个中最活跃的 {n} 个"],
  sending: ["Sending", "发送速率"],
  receiving: ["Receiving", "接收速率"],
  again: ["Retransmitted", "重传"],
  packetsUnit: ["packets", "个分组"],
  filter: ["Filter", "筛选"],
  filterHint: ["address, request, state", "地址、请求、状态"],
  own: ["Show this view's own connections", "显示本视图自己的连接"],
  peer: ["Peer", "对端"],
  request: ["Request", "请求"],
  state: ["State", "状态"],
  opened: ["Opened", "建立时间"],
  before: ["earlier", "更早"],
  sent: ["Sent", "已发送"],
  received: ["Received", "已接收"],
  inFlight: ["In flight", "在途"],
  unsent: ["Unsent", "未发送"],
  retransmissions: ["Retr.", "重传"],
  retransmissionsLong: ["retransmitted packets", "重传的分组"],
  noRequest: ["no request yet", "尚无请求"],
  endedWord: ["ended", "已结束"],
  ownMark: ["this view", "本视图"],
  noConnections: ["No connection yet.", "尚无连接。"],
  noConnectionsHint: [
    "Open {url} in another tab, or fetch something:",
    "在另一个标签页打开 {url}，或获取一个文件：",
  ],
  noMatch: ["No connection fits the filter.", "没有符合筛选条件的连接。"],
  nothingSelected: ["Choose a connection", "请选择一个连接"],
  nothingSelectedLong: [
    "Its packets with their reasons, its states, timers and variables appear here.",
    "它的分组与原因、状态、计时器和变量会显示在这里。",
  ],
  newest: ["The latest one", "最近的一个"],
  howReached: ["How did this page reach you?", "这个页面是如何到达你的？"],
  howReachedLead: [
    "This is the latest connection of your browser ({client}) to this server.",
    "这是你的浏览器（{client}）与本服务器的最近一个连接。",
  ],
  noneOfYours: [
    "The server knows no connection of {client} apart from this view. Open a page of this server, then come back here.",
    "除本视图外，服务器没有来自 {client} 的连接。请先打开本服务器的一个页面，再回到这里。",
  ],
  connectionTitle: ["Connection {id}", "连接 {id}"],
  notKnown: ["This connection is not known any more.", "服务器已不再保留此连接。"],
  closeIt: ["Close", "关闭"],
  link: ["Link to this spot", "指向此处的链接"],
  copy: ["Copy", "复制"],
  copied: ["Copied", "已复制"],
  waitingFor: ["Waiting for packets of this connection …", "正在等待此连接的分组……"],
  noneKept: ["The server has kept none of its packets.", "服务器没有保留它的分组。"],
  nowButton: ["Back to now", "回到现在"],
  asOf: ["as after the selected packet", "所选分组之后的情形"],
  asNow: ["as of now", "当前情形"],
  ladderNote: [
    "Seen at the server. Select a packet to see why it was sent.",
    "在服务器端观察。选择一个分组，查看原因。",
  ],
  dropped: ["The oldest {n} packets are not kept any more.", "最早的 {n} 个分组已不再保留。"],
  missed: [
    "{n} packets are not shown: they passed earlier, or too quickly.",
    "有 {n} 个分组未显示：经过较早，或经过太快。",
  ],
  timers: ["Timers", "计时器"],
  noTimers: ["None runs.", "没有计时器在运行。"],
  due: ["due", "到期"],
  stateMachine: ["State machine", "状态机"],
  peerGuess: ["the peer's as far as its packets prove it", "对端状态由其分组推断"],
  tcbOne: ["Transmission control block", "传输控制块（TCB）"],
  counters: ["Counters since the start", "启动以来的计数"],
  reasons: ["Why packets were sent", "分组为何发送"],
  verdicts: ["What became of those that came", "到达的分组如何处理"],
  limits: ["Limits that acted", "生效的限制"],
  noCounters: ["Nothing yet.", "尚无。"],
  gaps: ["{n} changes came too quickly to be told.", "有 {n} 项变化太快，未能显示。"],
  summary: ["In short", "概要"],
  sumHandshake: [
    "The three-way handshake took {time}: SYN, SYN-ACK, ACK.",
    "三次握手用时 {time}：SYN、SYN-ACK、ACK。",
  ],
  sumRequest: ["The request {request} came after {time}.", "请求 {request} 于 {time} 到达。"],
  sumRequestUnnamed: ["The request came after {time}.", "请求于 {time} 到达。"],
  sumAnswer: [
    "{bytes} left in {n} segments from {from} to {to}.",
    "{bytes} 分 {n} 个报文段发出，从 {from} 到 {to}。",
  ],
  sumSent: ["{bytes} of data were sent.", "共发送 {bytes} 数据。"],
  sumAgainOne: ["One packet was sent again.", "1 个分组被重传。"],
  sumAgain: ["{n} packets were sent again.", "{n} 个分组被重传。"],
  sumNoLoss: ["Nothing had to be sent twice.", "没有任何数据需要重传。"],
  sumLossOne: ["One segment was sent again: {why}.", "1 个报文段被重传：{why}。"],
  sumLoss: ["{n} segments were sent again: {why}.", "{n} 个报文段被重传：{why}。"],
  sumAcked: ["The last byte was acknowledged after {time}.", "最后一个字节于 {time} 被确认。"],
  sumRtt: ["Smoothed round-trip time: {time}.", "平滑往返时间：{time}。"],
  sumLadder: ["Each arrow below is one packet: select it.", "下面每个箭头是一个分组：点选查看。"],
  switchesTitle: ["Link and mechanisms", "链路与机制"],
  controlOff: [
    "The switches show how the server stands. To turn them, start it with --control.",
    "开关仅显示服务器的现状。要操作它们，请以 --control 启动服务器。",
  ],
  switchesNote: [
    "The link acts on all connections but those of this view; mechanisms on connections that are opened afterwards.",
    "链路作用于除本视图以外的所有连接；机制只对此后建立的连接生效。",
  ],
  linkTitle: ["Simulated link", "模拟链路"],
  towardsUs: ["to the server", "发往服务器"],
  towardsPeer: ["from the server", "由服务器发出"],
  mechanisms: ["Mechanisms", "机制"],
  heal: ["A good link", "恢复良好链路"],
  none: ["none", "无"],
  apply: ["Apply", "应用"],
  value: ["Value", "取值"],
  refusedOrder: ["The server refuses: {why}", "服务器拒绝：{why}"],
  effect: ["Effect", "效果"],
  skipTable: ["To the connection", "跳到所选连接"],
  keys: [
    "In the ladder, ↑ and ↓ go from packet to packet, Escape goes back to now.",
    "在时序图中，↑ 与 ↓ 逐个选择分组，Esc 回到现在。",
  ],
  lab: ["TCP lab", "TCP 实验室"],
} as const satisfies Record<string, readonly [string, string]>;

export type Word = keyof typeof kWords;

export function wordIn(spoken: Language, key: Word, values: Record<string, string | number> = {}): string {
  const text: string = kWords[key][spoken === "zh" ? 1 : 0];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function useWords(): (key: Word, values?: Record<string, string | number>) => string {
  const spoken = useSignal(language);
  return (key, values) => wordIn(spoken, key, values);
}

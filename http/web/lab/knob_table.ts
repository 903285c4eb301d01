// The words of the link and the settings of an end that people turn, with values to choose from. All
// others stand in a scenario's text (stack/README.md has their table).
import type { useTexts } from "../shared/texts";

export interface Knob {
  key: string;
  name: [string, string];
  values: string[];
}

export const kLinkKnobs: Knob[] = [
  { key: "link.delay", name: ["Delay", "时延"], values: ["1ms", "5ms", "20ms", "50ms", "100ms", "300ms"] },
  { key: "link.loss", name: ["Loss", "丢失率"], values: ["0%", "1%", "5%", "10%", "20%"] },
  { key: "link.jitter", name: ["Jitter", "抖动"], values: ["0ms", "2ms", "10ms", "50ms"] },
  { key: "link.reorder", name: ["Reordering", "失序"], values: ["0%", "1%", "5%", "20%"] },
  { key: "link.duplicate", name: ["Duplicates", "重复"], values: ["0%", "1%", "5%", "20%"] },
  { key: "link.rate", name: ["Rate", "速率"], values: ["256kbit", "1mbit", "10mbit", "100mbit"] },
  { key: "link.queue", name: ["Queue (packets)", "队列（分组）"], values: ["2", "5", "20", "100", "1000"] },
];

export const kEndKnobs: Knob[] = [
  { key: "sack", name: ["SACK", "选择确认"], values: ["on", "off"] },
  { key: "timestamps", name: ["Timestamps", "时间戳"], values: ["on", "off"] },
  { key: "window_scaling", name: ["Window scale", "窗口扩大"], values: ["on", "off"] },
  { key: "nagle", name: ["Nagle", "Nagle 算法"], values: ["on", "off"] },
  { key: "delayed_ack", name: ["Delayed ACK", "延迟确认"], values: ["0ms", "40ms", "200ms", "450ms"] },
  { key: "congestion", name: ["Congestion control", "拥塞控制"], values: ["reno", "cubic", "bbr"] },
  {
    key: "initial_window",
    name: ["Initial window (segments)", "初始窗口（报文段）"],
    values: ["1", "2", "4", "10", "32"],
  },
  { key: "rack", name: ["RACK", "RACK"], values: ["on", "off"] },
  { key: "tail_loss_probe", name: ["Tail loss probe", "尾部丢失探测"], values: ["on", "off"] },
  { key: "initial_rto", name: ["Initial RTO", "初始 RTO"], values: ["200ms", "1s", "3s"] },
  { key: "min_rto", name: ["Least RTO", "最小 RTO"], values: ["10ms", "200ms", "1s"] },
  { key: "mss", name: ["MSS (bytes)", "MSS（字节）"], values: ["536", "1220", "1460"] },
  {
    key: "receive_buffer",
    name: ["Receive buffer (bytes)", "接收缓存（字节）"],
    values: ["4096", "16384", "65536", "1048576"],
  },
  {
    key: "send_buffer",
    name: ["Send buffer (bytes)", "发送缓存（字节）"],
    values: ["4096", "16384", "65536", "1048576"],
  },
];

/// In the language that is spoken: the button of the other one tells which one is.
export function knobName(knob: Knob, other: string): string {
  return knob.name[other === "English" ? 1 : 0];
}

export function valueName(value: string, t: ReturnType<typeof useTexts>): string {
  return value === "on" || value === "off" ? t(value) : value;
}

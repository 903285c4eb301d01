// Numbers and times as people read them.

/// "12.5 ms", "1.20 s": of nanoseconds.
export function timeText(ns: number): string {
  const ms = ns / 1e6;
  if (ms === 0) return "0 ms";
  if (ms < 1) return `${trim(ms * 1000, 1)} µs`;
  if (ms < 1000) return `${trim(ms, ms < 100 ? 1 : 0)} ms`;
  return `${trim(ms / 1000, 3)} s`;
}

/// A whole number, its thousands apart: "14,480", as everywhere here and in Wireshark.
export function numberText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function trim(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

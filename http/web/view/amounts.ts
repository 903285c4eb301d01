// Amounts of bytes, rates and times of day, as short as a table needs them.

const kUnits = ["B", "kB", "MB", "GB", "TB"];

/// "0", "532 B", "14.5 kB", "3.20 MB".
export function bytesText(bytes: number): string {
  if (bytes === 0) return "0";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.length) {
    value /= 1000;
    ++unit;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${kUnits[unit]}`;
}

export function rateText(bytesPerSecond: number): string {
  return bytesPerSecond < 1 ? "0 B/s" : `${bytesText(bytesPerSecond)}/s`;
}

/// "14:03:27", of ms since 1970.
export function clockText(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

// Where everything of a ladder stands that was seen at one end alone. Nobody knows there how long a
// packet was on its way, so all lines have the same slope; heights grow with the time between two
// packets, but slowly, since it lies between microseconds and minutes.
import type { History } from "./history";
import type { Layout } from "./ladder_layout";

const kTop = 34;
const kDrop = 13;
const kRoom = 30;
/// Where packets of both directions follow each other: their lines must not cross.
const kRoomToTurn = kRoom + 2 * kDrop - 6;
/// ns without anything, from which on it is written instead of drawn.
const kPause = 1e9;

export function layOutObserved(history: History, compact: boolean): Layout {
  const { moments, rows } = history;
  const y = new Float64Array(moments.length);
  const from = new Float64Array(rows.length);
  const to = new Float64Array(rows.length);
  const pauses: Layout["pauses"] = [];
  let height = kTop;
  let last = -1;
  let before = "";
  let stateAt = -1;
  moments.forEach(([kind, number, , , at], i) => {
    if (kind !== "tcb") {
      const passed = last < 0 ? 0 : at - last;
      height += before === "sent" && kind === "came" ? kRoomToTurn : kRoom;
      const change = number >= 0 ? rows[number]!.changed.findIndex((one) => one) : -1;
      if (change >= 0 && (stateAt === change || compact)) height += compact ? 24 : 10;
      const missing = number >= 0 ? history.missing.get(number) : undefined;
      if (missing !== undefined || passed >= kPause) {
        pauses.push({ y: height - 24, ns: passed, ...(missing !== undefined ? { missing } : {}) });
        // The words stand above the label of what follows.
        height += kind === "came" ? 42 : 29;
      } else height += 4 * Math.min(Math.log2(1 + passed / 1e6), 8);
      last = at;
      before = kind;
      stateAt = change;
    }
    y[i] = height;
    if (number < 0) return;
    const slope = kind === "came" ? -kDrop : kDrop;
    from[number] = kind === "came" ? height + slope : height;
    to[number] = kind === "came" ? height : height + slope;
    if (rows[number]!.kind !== 0) from[number] = to[number] = height;
  });
  return { y, from, to, height: height + 60, pauses, way: 1 };
}

// The sequence space of each end, as it sends: what is acknowledged, in flight, reported by SACK, judged
// lost, and how much may still be sent.
import type { Span } from "./focus";
import { numberText, timeText } from "./format";
import type { History, Position } from "./history";
import { placeOf } from "./tables";
import { useTexts } from "./texts";
import type { Side, Tcb } from "./types";

interface Block extends Span {
  what: "repeated" | "sacked" | "lost";
}

const kKinds = ["repeated", "sacked", "lost"] as const;

/// What the peer has reported beyond `una`, as far as it came before a position; relative numbers.
export function sackedBlocks(
  history: History,
  side: Side,
  connection: number,
  index: number,
  iss: number,
  una: number,
): Span[] {
  const blocks: Span[] = [];
  for (let i = index - 1, looked = 0; i >= 0 && looked < 400; --i, ++looked) {
    const [kind, number, at, of] = history.moments[i]!;
    if (kind !== "came" || at !== side || of !== connection) continue;
    const row = history.rows[number]!;
    if ((row.ack ?? 0) < una && !row.sacks?.length) continue;
    for (let n = 0; row.sacks && n + 1 < row.sacks.length; n += 2) {
      const from = (row.sacks[n]! - iss) >>> 0;
      const to = (row.sacks[n + 1]! - iss) >>> 0;
      if (from >= una) blocks.push({ from, to });
    }
  }
  blocks.sort((a, b) => a.from - b.from);
  const merged: Span[] = [];
  for (const block of blocks) {
    const last = merged.at(-1);
    if (last && block.from <= last.to) last.to = Math.max(last.to, block.to);
    else merged.push({ ...block });
  }
  return merged;
}

/// What is known of the parts of what a side has outstanding; relative numbers. Where the stack does
/// not tell of it, what the peer has reported is read from its packets.
export function blocksOf(
  history: History,
  side: Side,
  connection: number,
  index: number,
  iss: number,
  una: number,
): Block[] {
  const marks = history.marksOf(side, connection, index);
  if (!marks)
    return sackedBlocks(history, side, connection, index, iss, una).map((one) => ({
      ...one,
      what: "sacked",
    }));
  const blocks: Block[] = [];
  for (let i = 0; i + 2 < marks.length; i += 3) {
    blocks.push({
      from: (marks[i]! - iss) >>> 0,
      to: (marks[i + 1]! - iss) >>> 0,
      what: kKinds[marks[i + 2]!] ?? "repeated",
    });
  }
  return blocks;
}

interface Props {
  history: History;
  position: Position;
  connection: number;
  /// By side: numbers that are to be lit.
  lit?: [Span | null, Span | null];
  /// A number of a side's sequence space is chosen.
  onNumber?: (side: Side, number: number) => void;
}

/// What is left and right of a number, in per cent of the bar.
function scaleOf(begin: number, end: number) {
  const x = (at: number) => ((at - begin) / Math.max(end - begin, 1)) * 100;
  const box = (from: number, to: number, what: string, key?: number) =>
    to > from ? (
      <span
        key={key}
        class={what}
        style={{ left: `${x(from)}%`, width: `${Math.max(x(to) - x(from), 0.4)}%` }}
      />
    ) : null;
  return { x, box };
}

export function SequenceBars(props: Props) {
  const t = useTexts();
  return (
    <div class="sequence">
      {props.history.observer === null ? (
        ([0, 1] as Side[]).map((side) => <Bar key={side} side={side} {...props} />)
      ) : (
        <>
          <Bar side={props.history.observer} title={t("spaceSent")} {...props} />
          <ReceiveBar side={props.history.observer} title={t("spaceReceived")} {...props} />
        </>
      )}
      <ul class="keys">
        <li class="flight">{t("inFlight")}</li>
        <li class="repeated">{t("repeatedWord")}</li>
        <li class="sacked">{t("sackedWord")}</li>
        <li class="lost">{t("lostBytes")}</li>
        <li class="usable">{t("usable")}</li>
      </ul>
    </div>
  );
}

function Bar(props: Props & { side: Side; title?: string }) {
  const { history, position, connection, side, title, lit, onNumber } = props;
  const t = useTexts();
  const { now: tcb } = history.tcbOf(side, connection, position.index);
  const name = title ?? t(side === 0 ? "client" : "server");
  const state = history.stateOf(side, connection, position.index);
  if (!tcb || state === "CLOSED" || state === "LISTEN") {
    return (
      <p class="hint">
        <b>{name}</b> {t("noSpace", { state })}
      </p>
    );
  }
  const value = (key: string) => Number(tcb[placeOf(key)]);
  const iss = value("iss");
  const una = (value("snd_una") - iss) >>> 0;
  const nxt = (value("snd_nxt") - iss) >>> 0;
  const edge = una + value("snd_wnd");
  const end = Math.max(edge, nxt, una + 1);
  const begin = Math.max(una - (end - una) * 0.08, 0);
  const { x, box } = scaleOf(begin, end);
  const picked = lit?.[side];
  const blocks = blocksOf(history, side, connection, position.index, iss, una);
  return (
    <figure aria-label={`${name}: SND.UNA ${una}, SND.NXT ${nxt}, SND.WND ${value("snd_wnd")}`}>
      <figcaption>
        <b>{name}</b>
        <code>
          UNA {numberText(una)} · NXT {numberText(nxt)} · WND {numberText(value("snd_wnd"))}
        </code>
        {history.observer !== null && <Deadline tcb={tcb} time={position.time} />}
      </figcaption>
      <div
        class={`space${onNumber ? " choosable" : ""}`}
        aria-hidden="true"
        onClick={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          onNumber?.(side, Math.floor(begin + ((event.clientX - left) / width) * (end - begin)));
        }}
      >
        {box(begin, una, "acked")}
        {box(una, Math.min(nxt, end), "flight")}
        {blocks.map(({ from, to, what }, i) => box(Math.max(from, una), Math.min(to, end), what, i))}
        {box(nxt, edge, "usable")}
        <i style={{ left: `${x(una)}%` }} />
        <i style={{ left: `${x(nxt)}%` }} />
        {picked && picked.to >= begin && picked.from <= end && (
          <span
            class="picked"
            style={{
              left: `${Math.max(x(picked.from), 0)}%`,
              width: `max(3px, ${x(Math.min(picked.to, end)) - Math.max(x(picked.from), 0)}%)`,
            }}
          />
        )}
      </div>
    </figure>
  );
}

/// What an end receives: how much of it has come, what waits for the application, and how much more it
/// takes.
function ReceiveBar({ history, position, connection, side, title }: Props & { side: Side; title: string }) {
  const { now: tcb } = history.tcbOf(side, connection, position.index);
  const state = history.stateOf(side, connection, position.index);
  if (!tcb || state === "CLOSED" || state === "LISTEN" || Number(tcb[placeOf("irs")]) === 0) return null;
  const value = (key: string) => Number(tcb[placeOf(key)]);
  const nxt = (value("rcv_nxt") - value("irs")) >>> 0;
  const edge = nxt + value("rcv_wnd");
  const unread = Math.min(value("unread"), nxt);
  const begin = Math.max(nxt - unread - (edge - nxt + unread) * 0.08, 0);
  const { x, box } = scaleOf(begin, edge);
  return (
    <figure aria-label={`${title}: RCV.NXT ${nxt}, RCV.WND ${value("rcv_wnd")}`}>
      <figcaption>
        <b>{title}</b>
        <code>
          NXT {numberText(nxt)} · WND {numberText(value("rcv_wnd"))}
        </code>
      </figcaption>
      <div class="space" aria-hidden="true">
        {box(begin, nxt - unread, "acked")}
        {box(nxt - unread, nxt, "flight")}
        {box(nxt, edge, "usable")}
        <i style={{ left: `${x(nxt)}%` }} />
      </div>
    </figure>
  );
}

/// The end's earliest timer, counting down.
function Deadline({ tcb, time }: { tcb: Tcb; time: number }) {
  const t = useTexts();
  const deadline = Number(tcb[placeOf("deadline")]);
  if (deadline < 0 || deadline < time) return null;
  return (
    <span class="deadline">
      {t("deadline")} <b>{timeText(deadline - time)}</b>
    </span>
  );
}

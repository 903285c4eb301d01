// The ladder: two lifelines, and a list of what passed between them. Lines are one drawing below the
// list, which people hear and walk through by keyboard; only what is in view is in the document.
import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState, type MutableRef } from "preact/hooks";
import { countUpTo, type History, type Position } from "./history";
import { layOut, type Layout } from "./ladder_layout";
import { numberText, timeText } from "./format";
import { isMarked } from "./marked";
import { classNamed } from "./tables";
import { useTexts } from "./texts";
import type { Row, Side } from "./types";

interface Props {
  history: History;
  position: Position;
  selected: number;
  onSelect: (row: number) => void;
  label: string;
  /// A new number: the history has grown.
  version: number;
  empty?: preact.ComponentChildren;
  /// Addresses of both ends.
  addresses?: [string, string];
  /// It grows while it is seen: stays at its end, unless somebody scrolls back.
  isGrowing?: boolean;
}

const kLabelHeight = 24;

interface Sides {
  left: number;
  right: number;
  compact: boolean;
}

export function sidesOf(width: number): Sides {
  const compact = width < 560;
  return compact ? { left: 12, right: width - 12, compact } : { left: 122, right: width - 122, compact };
}

/// How far a packet's line is drawn at a position: 0 .. 1.
export function progressOf(history: History, row: number, position: Position, way: number): number {
  const one = history.rows[row]!;
  if (history.observer !== null) return 1;
  if (history.came[row]! >= 0 && history.came[row]! < position.index) return 1;
  const end = one.arrived >= 0 ? one.arrived : one.at + way / 2;
  const start = one.copy ? end - way : one.at;
  return Math.min(Math.max((position.time - start) / Math.max(end - start, 1), 0), 1);
}

export function Ladder(props: Props) {
  const { history, position } = props;
  const t = useTexts();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const node = frame.current!;
    const measure = () => {
      setWidth(node.clientWidth);
      setScroll({ top: node.scrollTop, height: node.clientHeight });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  const sides = sidesOf(width);
  const layout = useMemo(() => layOut(history, sides.compact), [history, props.version, sides.compact]);
  const nowY = heightAt(history, layout, position);
  const tail = useTail(frame, props, layout, width > 0);
  useLayoutEffect(() => {
    if (props.isGrowing) return;
    const node = frame.current!;
    const room = node.clientHeight;
    if (nowY > node.scrollTop + room - 90) node.scrollTop = nowY - room + 150;
    else if (nowY < node.scrollTop + 30) node.scrollTop = Math.max(nowY - 90, 0);
  }, [nowY, layout]);
  // What was selected elsewhere is brought into view.
  useLayoutEffect(() => {
    const node = frame.current!;
    const y = layout.from[props.selected];
    if (props.isGrowing || y === undefined) return;
    if (y > node.scrollTop + 20 && y < node.scrollTop + node.clientHeight - 40) return;
    node.scrollTop = Math.max(y - node.clientHeight / 2, 0);
  }, [props.selected]);
  const height = Math.max(layout.height, scroll.height - 2);
  // What grew or was dropped since the last event of scrolling: the browser moves the view later.
  const most = Math.max(height - scroll.height, 0);
  const isAtEnd = props.isGrowing && tail.current;
  const view = { top: isAtEnd ? most : Math.min(scroll.top, most), height: scroll.height };
  const inView = rowsInView(history, layout, position.index, view);
  return (
    <div
      class="ladder"
      ref={frame}
      tabIndex={0}
      role="region"
      aria-label={props.label}
      onScroll={(event) => {
        const { scrollTop: top, clientHeight: room, scrollHeight } = event.currentTarget;
        const wasAtEnd = tail.current;
        tail.current = top + room > scrollHeight - 80;
        // At its end what is in view is known without asking.
        if (!props.isGrowing || !wasAtEnd || !tail.current) setScroll({ top, height: room });
      }}
    >
      <div class="ladder-heads" aria-hidden="true">
        <span style={{ left: sides.compact ? 0 : `${sides.left}px` }} class={sides.compact ? "at-left" : ""}>
          <b>{t("client")}</b> <code>{props.addresses?.[0] ?? "192.0.2.1"}</code>
        </span>
        <span
          style={sides.compact ? { right: 0 } : { left: `${sides.right}px` }}
          class={sides.compact ? "at-right" : ""}
        >
          <b>{t("server")}</b> <code>{props.addresses?.[1] ?? "192.0.2.2"}</code>
        </span>
      </div>
      {width > 0 && (
        <div class="ladder-body" style={{ height: `${height}px` }}>
          <Drawing
            {...props}
            layout={layout}
            sides={sides}
            width={width}
            height={height}
            view={view}
            rows={inView}
            nowY={nowY}
          />
          <Labels {...props} layout={layout} sides={sides} rows={inView} />
        </div>
      )}
      {position.index === 0 && props.empty}
    </div>
  );
}

/// Keeps a ladder that grows at its end; who looks at something further up keeps seeing it, also when
/// what is older is dropped. What is selected is brought into view.
function useTail(
  frame: RefObject<HTMLDivElement>,
  props: Props,
  layout: Layout,
  isMeasured: boolean,
): MutableRef<boolean> {
  const isAtEnd = useRef(true);
  const seen = useRef({ layout, dropped: 0 });
  useLayoutEffect(() => {
    if (!props.isGrowing) return;
    const node = frame.current!;
    const { dropped } = props.history;
    const gone = dropped - seen.current.dropped;
    if (isAtEnd.current) node.scrollTop = node.scrollHeight;
    else if (gone > 0) node.scrollTop -= (seen.current.layout.y[gone] ?? 0) - (layout.y[0] ?? 0);
    seen.current = { layout, dropped };
  }, [layout]);
  useLayoutEffect(() => {
    if (!props.isGrowing || !isMeasured || props.selected < 0) return;
    const node = frame.current!;
    const y = layout.from[props.selected] ?? 0;
    if (y > node.scrollTop + 40 && y < node.scrollTop + node.clientHeight - 60) return;
    isAtEnd.current = false;
    node.scrollTop = Math.max(y - node.clientHeight / 2, 0);
  }, [props.selected + props.history.dropped, isMeasured && layout.y.length > 0]);
  return isAtEnd;
}

export function heightAt(history: History, layout: Layout, position: Position): number {
  if (position.index === 0) return 0;
  const y = layout.y[position.index - 1] ?? 0;
  const next = layout.y[position.index];
  const from = history.timeOf(position.index);
  const to = history.moments[position.index]?.[4];
  if (next === undefined || to === undefined || to <= from) return y;
  return y + (next - y) * Math.min(Math.max((position.time - from) / (to - from), 0), 1);
}

interface InnerProps extends Props {
  layout: Layout;
  sides: Sides;
  /// What may be in view.
  rows: number[];
}

interface View {
  top: number;
  height: number;
}

/// The rows that have begun and may be in view, by number.
function rowsInView(history: History, layout: Layout, index: number, view: View): number[] {
  const margin = 400;
  const first = countUpTo(history.moments.length, (i) => layout.y[i]! < view.top - margin);
  const rows: number[] = [];
  for (let i = first; i < Math.min(index, history.moments.length); ++i) {
    if (layout.y[i]! > view.top + view.height + margin) break;
    const [kind, row] = history.moments[i]!;
    if (row < 0) continue;
    if (kind !== "came" || history.left[row]! < 0 || layout.from[row]! < view.top - margin) rows.push(row);
  }
  return [...new Set(rows)].sort((a, b) => a - b);
}

function endsOf(row: Row, sides: Sides): [number, number] {
  return row.side === 0 ? [sides.left, sides.right] : [sides.right, sides.left];
}

function Drawing(props: InnerProps & { width: number; height: number; nowY: number; view: View }) {
  const { history, layout, position, sides, selected, nowY } = props;
  const t = useTexts();
  const top = Math.max(props.view.top - 420, 0);
  const bottom = Math.min(props.view.top + props.view.height + 420, props.height);
  const shown = Math.min(nowY + 40, props.height);
  const lines = props.rows.filter((row) => history.rows[row]!.kind === 0);
  return (
    <svg
      class="ladder-lines"
      width={props.width}
      height={Math.max(bottom - top, 0)}
      style={{ top: `${top}px` }}
      aria-hidden="true"
    >
      <g transform={`translate(0 ${-top})`}>
        {[sides.left, sides.right].map((x) => (
          <>
            <line class="lifeline future" x1={x} x2={x} y1={0} y2={props.height} />
            <line class="lifeline" x1={x} x2={x} y1={0} y2={shown} />
          </>
        ))}
        {layout.pauses
          .filter((pause) => pause.y < nowY && pause.y > top - 40 && pause.y < bottom)
          .map((pause) => (
            <g class="pause" key={pause.y}>
              {[sides.left, sides.right].map((x) => (
                <line x1={x} x2={x} y1={pause.y + 6} y2={pause.y + 32} />
              ))}
              <text x={(sides.left + sides.right) / 2} y={pause.y + 23} text-anchor="middle">
                {pause.missing
                  ? t("missingRows", { n: numberText(pause.missing), time: timeText(pause.ns) })
                  : t("paused", { time: timeText(pause.ns) })}
              </text>
            </g>
          ))}
        {lines.map((row) => (
          <Arrow
            key={row}
            row={history.rows[row]!}
            {...{ history, layout, position, sides }}
            isSelected={row === selected}
            onSelect={() => props.onSelect(row)}
          />
        ))}
      </g>
    </svg>
  );
}

function Arrow(props: {
  row: Row;
  history: History;
  layout: Layout;
  position: Position;
  sides: Sides;
  isSelected: boolean;
  onSelect: () => void;
}) {
  const { row, history, layout, position, sides } = props;
  const look = classNamed(row.class);
  const [x1, x2] = endsOf(row, sides);
  const y1 = layout.from[row.i]!;
  const isLost = row.arrived < 0 && row.lost !== undefined;
  const y2 = layout.to[row.i]!;
  const done = progressOf(history, row.i, position, layout.way);
  const reach = isLost ? 0.56 * done : done;
  const x = x1 + (x2 - x1) * reach;
  const y = y1 + (y2 - y1) * reach;
  const angle = Math.atan2(y - y1, x - x1);
  const isThere = done >= 1;
  return (
    <g
      class={`arrow c-${look.key}${props.isSelected ? " selected" : ""}${row.copy ? " copy" : ""}`}
      onClick={props.onSelect}
    >
      {props.isSelected && <line class="glow" x1={x1} y1={y1} x2={x} y2={y} />}
      <line class="shaft" x1={x1} y1={y1} x2={x} y2={y} stroke-dasharray={look.dash || undefined} />
      <circle class="end" cx={x1} cy={y1} r={3.5} />
      {isThere && !isLost && (
        <path
          d="M0 0 L-10 -4.5 L-10 4.5 Z"
          transform={`translate(${x} ${y}) rotate(${(angle * 180) / Math.PI})`}
        />
      )}
      {isThere && isLost && <path class="cross" d={`M${x - 6} ${y - 6} l12 12 m0 -12 l-12 12`} />}
      {!isThere && done > 0 && (
        <g class="moving" transform={`translate(${x} ${y})`}>
          <circle r={10} />
          <text text-anchor="middle" dy="0.36em">
            {look.mark}
          </text>
        </g>
      )}
    </g>
  );
}

function Labels(props: InnerProps) {
  const { history, layout, position, sides, selected, onSelect } = props;
  const t = useTexts();
  const total = history.rows.length;
  return (
    <ol class="ladder-rows">
      {props.rows.map((number) => {
        const row = history.rows[number]!;
        const item = (children: preact.ComponentChildren) => (
          <li key={number} aria-setsize={total} aria-posinset={number + 1}>
            {children}
          </li>
        );
        if (row.kind !== 0) return item(<Happening row={row} y={layout.from[number]!} sides={sides} />);
        const look = classNamed(row.class);
        const isDone = progressOf(history, number, position, layout.way) >= 1;
        const [x1, x2] = endsOf(row, sides);
        const y1 = layout.from[number]!;
        const length = Math.abs(x2 - x1);
        const drop = layout.to[number]! - y1;
        const angle = ((row.side === 0 ? 1 : -1) * Math.atan2(drop, length) * 180) / Math.PI;
        const style = {
          left: `${Math.min(x1, x2)}px`,
          top: `${y1 - kLabelHeight}px`,
          width: `${length}px`,
          height: `${kLabelHeight}px`,
          transform: `rotate(${angle}deg)`,
        };
        return item(
          <>
            <button
              type="button"
              class={`packet from-${row.side} c-${look.key}${number === selected ? " selected" : ""}`}
              style={style}
              aria-pressed={number === selected}
              onClick={() => onSelect(number)}
            >
              <span class="mark" aria-hidden="true">
                {look.mark}
              </span>
              <span class="flags">{row.label?.split(" ")[0]}</span>
              <span class="numbers">{row.label?.split(" ").slice(1).join(" ")}</span>
              {isMarked(row) && (
                <abbr class="ce" title={t("markedWord")} aria-hidden="true">
                  CE
                </abbr>
              )}
              {!row.plain && row.reason && !sides.compact && isDone && <span class="why">{row.reason}</span>}
              <span class="heard">{heard(row, history, t)}</span>
            </button>
            <Ends row={row} {...{ history, layout, position, sides }} />
          </>,
        );
      })}
    </ol>
  );
}

function heard(row: Row, history: History, t: ReturnType<typeof useTexts>): string {
  const from = t(row.side === 0 ? "client" : "server");
  const to = t(row.side === 0 ? "server" : "client");
  const times: string[] = [];
  if (history.observer === null || row.side === history.observer)
    times.push(`${t("sent")} ${timeText(row.at)}`);
  if (row.arrived >= 0) times.push(`${t("arrived")} ${timeText(row.arrived)}`);
  else if (history.observer === null || row.lost) times.push(t("lostWord"));
  if (isMarked(row)) times.push(t("markedWord"));
  return ` ${from} → ${to}, ${times.join(", ")}. ${row.why ?? ""}`;
}

/// Times and states beside the lifelines.
function Ends(props: { row: Row; history: History; layout: Layout; position: Position; sides: Sides }) {
  const { row, history, layout, position, sides } = props;
  const marks: { side: Side; y: number; time: number; isStart?: boolean }[] = [];
  const left = history.left[row.i]!;
  const came = history.came[row.i]!;
  if (left >= 0 && left < position.index && !row.copy) {
    marks.push({ side: row.side, y: layout.from[row.i]!, time: row.at, isStart: true });
  }
  if (came >= 0 && came < position.index) {
    marks.push({ side: row.side === 0 ? 1 : 0, y: layout.to[row.i]!, time: row.arrived });
  }
  return (
    <>
      {marks.map(({ side, y, time, isStart }) => {
        const state = row.changed[side] ? row.states[side] : "";
        if (sides.compact && !state) return null;
        return (
          <span
            key={side}
            class={`beside side-${side}${sides.compact ? " compact" : ""}`}
            style={place(side, isStart && sides.compact ? y - 46 : y, sides)}
            aria-hidden="true"
          >
            {state && <b>{state}</b>}
            {!sides.compact && <span>{timeText(time)}</span>}
          </span>
        );
      })}
    </>
  );
}

function place(side: Side, y: number, sides: Sides): Record<string, string> {
  if (sides.compact) return { top: `${y + 5}px`, [side === 0 ? "left" : "right"]: "20px" };
  return side === 0
    ? { top: `${y}px`, right: `calc(100% - ${sides.left - 12}px)` }
    : { top: `${y}px`, left: `${sides.right + 12}px` };
}

/// What an application did, or a state that changed without a packet.
function Happening({ row, y, sides }: { row: Row; y: number; sides: Sides }) {
  const inward =
    row.side === 0 ? { left: `${sides.left + 12}px` } : { right: `calc(100% - ${sides.right - 12}px)` };
  const state = row.changed[row.side] ? row.states[row.side] : "";
  return (
    <>
      <span
        class={`happening kind-${row.kind}${sides.compact ? " compact" : ""}`}
        style={{ top: `${sides.compact ? y - 12 : y}px`, ...inward }}
      >
        {row.kind === 1 && <span class="app" aria-hidden="true" />}
        {row.text}
        {state && sides.compact && (
          <span class="state" aria-hidden="true">
            {state}
          </span>
        )}
      </span>
      {state && !sides.compact && (
        <span class={`beside side-${row.side}`} style={place(row.side, y, sides)} aria-hidden="true">
          <b>{state}</b>
          <span>{timeText(row.at)}</span>
        </span>
      )}
    </>
  );
}

// Values over time: windows, the time-sequence graph, and RTT with RTO; a line shows the position.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { History, Position } from "./history";
import { useSignal } from "./signal";
import { placeOf } from "./tables";
import { language, useTexts, type TextKey } from "./texts";
import { theme } from "./appearance";
import type { Side, Tcb } from "./types";

export interface Line {
  name: string;
  /// Of a class of reasons, or a colour of the page.
  colour: string;
  dash?: number[];
  isStepped?: boolean;
  isPoints?: boolean;
}

export interface Figure {
  title: TextKey;
  side: Side;
  lines: Line[];
  data: (number | null)[][];
}

const kInfinite = 0xffffffff;

function value(tcb: Tcb, key: string): number {
  return Number(tcb[placeOf(key)] ?? 0);
}

function windows(history: History, side: Side, connection: number): Figure {
  const all = history.tcbsOf(side, connection);
  const of = (key: string) => all.map(({ tcb }) => (value(tcb, key) === kInfinite ? null : value(tcb, key)));
  return {
    title: "graphWindow",
    side,
    lines: [
      { name: "cwnd", colour: "--c-opening", isStepped: true },
      { name: "ssthresh", colour: "--c-loss-recovery", dash: [9, 4], isStepped: true },
      { name: "FlightSize", colour: "--c-data", dash: [3, 3], isStepped: true },
      { name: "rwnd", colour: "--c-flow-control", dash: [8, 3, 2, 3], isStepped: true },
    ],
    data: [all.map(({ time }) => time / 1e9), of("cwnd"), of("ssthresh"), of("flight"), of("snd_wnd")],
  };
}

/// Segments as they leave, what is acknowledged, and how far the peer's window reaches.
function sequence(history: History, side: Side, connection: number): Figure {
  const points: [number, number | null, number | null, number | null, number | null][] = [];
  for (const { time, tcb } of history.tcbsOf(side, connection)) {
    const una = (value(tcb, "snd_una") - value(tcb, "iss")) >>> 0;
    points.push([time / 1e9, null, null, una, una + value(tcb, "snd_wnd")]);
  }
  for (const row of history.rows) {
    if (row.kind !== 0 || row.side !== side || row.connection !== connection || row.copy || !row.len)
      continue;
    const isAgain = row.class === "loss-recovery";
    points.push([row.at / 1e9, isAgain ? null : row.seq!, isAgain ? row.seq! : null, null, null]);
  }
  points.sort((a, b) => a[0] - b[0]);
  return {
    title: "graphSeq",
    side,
    lines: [
      { name: "SEQ", colour: "--c-data", isPoints: true },
      { name: "↻ SEQ", colour: "--c-loss-recovery", isPoints: true },
      { name: "SND.UNA", colour: "--c-acknowledgment", isStepped: true },
      { name: "SND.UNA+SND.WND", colour: "--c-flow-control", dash: [8, 3, 2, 3], isStepped: true },
    ],
    data: [0, 1, 2, 3, 4].map((i) => points.map((point) => point[i]!)),
  };
}

function roundTrips(history: History, side: Side, connection: number): Figure {
  const all = history.tcbsOf(side, connection);
  const of = (key: string) => all.map(({ tcb }) => (value(tcb, key) > 0 ? value(tcb, key) / 1000 : null));
  return {
    title: "graphRtt",
    side,
    lines: [
      { name: "SRTT", colour: "--c-opening", isStepped: true },
      { name: "RTTVAR", colour: "--c-acknowledgment", dash: [5, 3], isStepped: true },
      { name: "RTO", colour: "--c-loss-recovery", dash: [9, 4], isStepped: true },
    ],
    data: [all.map(({ time }) => time / 1e9), of("srtt"), of("rttvar"), of("rto")],
  };
}

export const kFigures = { windows, sequence, roundTrips };
export type Kind = keyof typeof kFigures;

interface Props {
  history: History;
  position: Position;
  version: number;
  connection: number;
  first: Side;
  onSeek: (time: number, side: Side) => void;
  /// ns of what is to be lit; and who is told whose view is shown.
  picked?: number | undefined;
  onSide?: (side: Side) => void;
  /// What comes after the position is not seen yet: it would answer what is to be predicted.
  hidesFuture?: boolean;
}

export function Graphs({
  history,
  position,
  version,
  connection,
  first,
  onSeek,
  picked,
  onSide,
  hidesFuture,
}: Props) {
  const t = useTexts();
  const [kind, setKind] = useState<Kind>("windows");
  const [side, setSide] = useState<Side>(first);
  useEffect(() => setSide(first), [first, history]);
  useEffect(() => onSide?.(side), [side]);
  const figure = useMemo(
    () => kFigures[kind](history, side, connection),
    [history, version, kind, side, connection],
  );
  const tabs: [Kind, TextKey][] = [
    ["windows", "graphWindow"],
    ["sequence", "graphSeq"],
    ["roundTrips", "graphRtt"],
  ];
  return (
    <>
      <div class="row graph-choice">
        {tabs.map(([one, title]) => (
          <button
            key={one}
            type="button"
            class="small"
            aria-pressed={one === kind}
            onClick={() => setKind(one)}
          >
            {t(title)}
          </button>
        ))}
        {history.observer === null && (
          <label class="speed">
            <span>{t("graphSide")}</span>
            <select value={side} onChange={(event) => setSide(Number(event.currentTarget.value) as Side)}>
              <option value={0}>{t("client")}</option>
              <option value={1}>{t("server")}</option>
            </select>
          </label>
        )}
      </div>
      {figure.data[0]!.length < 2 ? (
        <p class="hint">{t("noData")}</p>
      ) : (
        <Plot
          figure={figure}
          title={t(figure.title)}
          time={position.time / 1e9}
          picked={picked === undefined ? undefined : picked / 1e9}
          onSeek={(time) => onSeek(time, side)}
          hidesFuture={hidesFuture ?? false}
        />
      )}
    </>
  );
}

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function seriesOf(line: Line): uPlot.Series {
  const colour = colourOf(line.colour);
  if (line.isPoints) {
    return {
      label: line.name,
      stroke: colour,
      paths: () => null,
      points: { show: true, size: 6, fill: colour },
    };
  }
  return {
    label: line.name,
    stroke: colour,
    width: 2,
    ...(line.dash ? { dash: line.dash } : {}),
    ...(line.isStepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
    points: { show: false },
    spanGaps: true,
  };
}

/// Lines beside which nothing else could be seen: a receive window that is never in the way.
function dwarfing(figure: Figure): string[] {
  if (figure.title !== "graphWindow") return [];
  const most = figure.data.slice(1).map((values) => values.reduce<number>((a, b) => Math.max(a, b ?? 0), 0));
  const own = Math.max(...most.slice(0, -1));
  return own > 0 && most.at(-1)! > 3 * own ? [figure.lines.at(-1)!.name] : [];
}

function Plot(props: {
  figure: Figure;
  title: string;
  time: number;
  picked?: number | undefined;
  onSeek: (time: number) => void;
  hidesFuture: boolean;
}) {
  const { figure, title } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const now = useRef(props.time);
  // The line of the position: moved, where drawing all again would take too long.
  const mark = useRef(document.createElement("i"));
  mark.current.className = "now";
  const pickedMark = useRef(document.createElement("i"));
  const pickedAt = useRef(props.picked);
  const future = useRef(document.createElement("i"));
  future.current.className = "future";
  // A time that lies outside of what is drawn has no line: it would stand beside the page.
  const move = (made: uPlot, line: HTMLElement, at: number | undefined, look: string) => {
    const x = at === undefined ? -1 : made.valToPos(at, "x");
    const isInside = x >= 0 && x <= made.over.clientWidth;
    line.className = isInside ? look : "now none";
    if (isInside) line.style.transform = `translateX(${x}px)`;
  };
  const place = (made: uPlot) => {
    move(made, mark.current, now.current, "now");
    move(made, pickedMark.current, pickedAt.current, "now chosen");
    const x = Math.max(made.valToPos(now.current, "x"), 0);
    future.current.style.left = `${x === 0 ? -3 : x}px`;
    future.current.hidden = !props.hidesFuture || x >= made.over.clientWidth;
  };
  const seek = useRef(props.onSeek);
  seek.current = props.onSeek;
  const look = useSignal(theme);
  const spoken = useSignal(language);
  // null: nobody has chosen yet.
  const [chosen, hide] = useState<string[] | null>(null);
  const hidden = chosen ?? dwarfing(figure);
  const shown = figure.lines.filter(({ name }) => !hidden.includes(name)).map(({ name }) => name);
  useEffect(() => hide(null), [figure.title]);
  useEffect(() => {
    const node = holder.current!;
    const soft = colourOf("--soft");
    const line = colourOf("--line");
    const axis: uPlot.Axis = {
      stroke: soft,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1 },
    };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const made = new uPlot(
      {
        width: node.clientWidth,
        height: 260,
        scales: { x: { time: false } },
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        axes: [
          { ...axis, font, values: (_, all) => all.map((one) => `${Number(one.toFixed(4))} s`) },
          { ...axis, font, size: 62 },
        ],
        series: [{}, ...figure.lines.map((one) => ({ ...seriesOf(one), show: !hidden.includes(one.name) }))],
      },
      figure.data as uPlot.AlignedData,
      node,
    );
    plot.current = made;
    made.over.append(future.current, mark.current, pickedMark.current);
    place(made);
    made.over.addEventListener("click", () => seek.current(made.posToVal(made.cursor.left ?? 0, "x") * 1e9));
    const observer = new ResizeObserver(() => {
      made.setSize({ width: node.clientWidth, height: 260 });
      place(made);
    });
    observer.observe(node);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [figure.title, figure.side, look, spoken, shown.join()]);
  // What grew is drawn by the plot that is there.
  useEffect(() => {
    const made = plot.current;
    if (!made || made.data === (figure.data as uPlot.AlignedData)) return;
    made.setData(figure.data as uPlot.AlignedData);
    place(made);
  }, [figure]);
  useEffect(() => {
    now.current = props.time;
    pickedAt.current = props.picked;
    if (plot.current) place(plot.current);
  }, [props.time, props.picked]);
  return (
    <>
      <div
        class="plot"
        ref={holder}
        role="img"
        aria-label={`${title}: ${figure.lines.map(({ name }) => name).join(", ")}`}
      />
      <ul class="plot-legend">
        {figure.lines.map((line) => (
          <li key={line.name} style={{ "--c": `var(${line.colour})` }}>
            <button
              type="button"
              aria-pressed={!hidden.includes(line.name)}
              onClick={() =>
                hide(
                  hidden.includes(line.name)
                    ? hidden.filter((one) => one !== line.name)
                    : [...hidden, line.name],
                )
              }
            >
              <svg width="30" height="8" viewBox="0 0 30 8" aria-hidden="true">
                {line.isPoints ? (
                  <circle cx="15" cy="4" r="3.5" />
                ) : (
                  <line x1="0" x2="30" y1="4" y2="4" stroke-dasharray={line.dash?.join(" ")} />
                )}
              </svg>
              {line.name}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

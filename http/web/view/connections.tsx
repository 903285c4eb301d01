// The table of connections: sorted, filtered, and one of them chosen. Only rows in view are in the
// document, and they are drawn again only when they changed; the order of a table that is sorted by something that moves is kept for a second.
import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSignal } from "../shared/signal";
import { language } from "../shared/texts";
import { clockText } from "./amounts";
import { cellText, fits, kColumns, sorted, type Column, type Order } from "./connection_order";
import type { Connection } from "./feed";
import { kNowhere } from "./place";
import type { Store } from "./store";
import { useWords } from "./words";

const kOrderMs = 1_000;
/// More rows help nobody: the filter does.
const kMostRows = 200;

export function ConnectionsPane({ store }: { store: Store }) {
  const w = useWords();
  const table = useSignal(store.table);
  const total = useSignal(store.total);
  const showsOwn = useSignal(store.showsOwn);
  const watched = useSignal(store.watched);
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order>({ column: "opened", isDescending: true });
  const rows = useOrdered(
    // What is looked at has its row, also where it brought the view itself ("How did this page reach you?").
    table.filter((row) => (showsOwn || !row.own || row.id === watched) && fits(row, filter)),
    order,
    `${filter} ${showsOwn}`,
  );
  const open = table.filter((row) => row.ended === 0).length;
  return (
    <section class="pane connections" aria-labelledby="connections-title">
      <header class="pane-head">
        <h2 id="connections-title">{w("connections")}</h2>
        <p>
          {total > open && table.length >= kMostRows
            ? w("shownSome", { n: table.length, all: total })
            : w("shownOf", { n: rows.length })}
        </p>
        <div class="tools">
          <input
            type="search"
            placeholder={w("filterHint")}
            aria-label={w("filter")}
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={showsOwn}
              onChange={(event) => store.setOwn(event.currentTarget.checked)}
            />
            {w("own")}
          </label>
        </div>
      </header>
      {rows.length === 0 ? (
        <Empty store={store} isFiltered={table.length > 0 && filter !== ""} />
      ) : (
        <Table store={store} rows={rows} order={order} onOrder={setOrder} />
      )}
    </section>
  );
}

/// The rows in order; `reason`: when it changes they are ordered at once.
function useOrdered(rows: Connection[], order: Order, reason: string): Connection[] {
  const kept = useRef({ at: 0, why: "", places: new Map<number, number>() });
  const why = `${order.column} ${order.isDescending} ${reason}`;
  const now = performance.now();
  const isNew = rows.some(({ id }) => !kept.current.places.has(id));
  if (isNew || why !== kept.current.why || now - kept.current.at > kOrderMs) {
    const all = sorted(rows, order);
    kept.current = { at: now, why, places: new Map(all.map(({ id }, i) => [id, i])) };
    return all.slice(0, kMostRows);
  }
  const { places } = kept.current;
  return [...rows].sort((a, b) => places.get(a.id)! - places.get(b.id)!).slice(0, kMostRows);
}

function Empty({ store, isFiltered }: { store: Store; isFiltered: boolean }) {
  const w = useWords();
  const hello = useSignal(store.hello);
  if (isFiltered) return <p class="empty">{w("noMatch")}</p>;
  const host = hello?.address[0] ?? location.hostname;
  const url = `http://${host.includes(":") ? `[${host}]` : host}${hello && hello.port !== 80 ? `:${hello.port}` : ""}/`;
  return (
    <div class="empty">
      <h3>{w("noConnections")}</h3>
      <p>
        {w("noConnectionsHint", { url })} <code>curl -O {url}img/idol.mp3</code>
      </p>
    </div>
  );
}

interface TableProps {
  store: Store;
  rows: Connection[];
  order: Order;
  onOrder: (order: Order) => void;
}

/// Rows beyond the view that are drawn, too.
const kMargin = 12;

/// Which rows are in view, or near it: only those are in the document.
function useWindow(frame: RefObject<HTMLDivElement>, size: number) {
  const [view, setView] = useState({ top: 0, room: 400, row: 31 });
  useLayoutEffect(() => {
    const node = frame.current!;
    const measure = () => {
      const row = node.querySelector<HTMLElement>("tbody tr[aria-rowindex]")?.offsetHeight ?? 31;
      setView((old) =>
        old.top === node.scrollTop && old.room === node.clientHeight && old.row === row
          ? old
          : { top: node.scrollTop, room: node.clientHeight, row },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    node.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      node.removeEventListener("scroll", measure);
    };
  }, []);
  const from = Math.max(Math.min(Math.floor(view.top / view.row), size) - kMargin, 0);
  const to = Math.min(Math.ceil((view.top + view.room) / view.row) + kMargin, size);
  return { from, to, height: view.row };
}

function Table({ store, rows, order, onOrder }: TableProps) {
  const w = useWords();
  const watched = useSignal(store.watched);
  const spoken = useSignal(language);
  const frame = useRef<HTMLDivElement>(null);
  const { from, to, height } = useWindow(frame, rows.length);
  const shown = rows.slice(from, to);
  const first = shown.some(({ id }) => id === watched) ? watched : shown[0]?.id;
  useLayoutEffect(() => {
    const place = rows.findIndex(({ id }) => id === watched);
    if (place >= 0) bringIntoView(frame.current!, place * height, height);
  }, [watched, height]);
  const choose = (id: number) => id !== watched && store.goTo({ ...kNowhere, connection: id });
  const space = (count: number) =>
    count > 0 && (
      <tr aria-hidden="true">
        <td style={{ height: `${count * height}px`, padding: 0 }} />
      </tr>
    );
  return (
    <div class="table-frame" ref={frame} tabIndex={-1} onKeyDown={walk}>
      <table class="connection-table" aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {kColumns.map((column) => (
              <Head key={column.key} column={column} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {space(from)}
          {shown.map((row, i) => (
            <ConnectionRow
              key={row.id}
              row={row}
              index={from + i + 2}
              isChosen={row.id === watched}
              isFirst={row.id === first}
              opened={row.opened > 0 ? clockText(store.wallOf(row.opened)) : w("before")}
              spoken={spoken}
              onChoose={choose}
            />
          ))}
          {space(rows.length - to)}
        </tbody>
      </table>
    </div>
  );
}

/// Scrolls the table alone.
function bringIntoView(frame: HTMLElement, top: number, height: number): void {
  const room = frame.clientHeight - frame.querySelector("thead")!.offsetHeight;
  if (top < frame.scrollTop) frame.scrollTop = top;
  else if (top + height > frame.scrollTop + room) frame.scrollTop = top + height - room;
}

/// Arrows go from connection to connection.
function walk(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const at = (event.target as HTMLElement).closest("tbody button");
  if (step === 0 || !at) return;
  const all = [...at.closest("tbody")!.querySelectorAll("button")];
  all[all.indexOf(at as HTMLButtonElement) + step]?.focus();
  event.preventDefault();
}

function Head({ column, order, onOrder }: { column: Column; order: Order; onOrder: (order: Order) => void }) {
  const w = useWords();
  const isSorted = order.column === column.key;
  const isDescending = isSorted ? !order.isDescending : column.isNumber;
  return (
    <th
      scope="col"
      class={`room-${column.room}${column.isNumber ? " number" : ""}`}
      aria-sort={isSorted ? (order.isDescending ? "descending" : "ascending") : undefined}
    >
      <button
        type="button"
        title={column.key === "retransmissions" ? w("retransmissionsLong") : undefined}
        onClick={() => onOrder({ column: column.key, isDescending })}
      >
        {column.name ?? w(column.word!)}
        <span class="arrow-mark" aria-hidden="true">
          {isSorted ? (order.isDescending ? "▾" : "▴") : ""}
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  row: Connection;
  /// Its place in the whole table, the head is 1.
  index: number;
  isChosen: boolean;
  isFirst: boolean;
  opened: string;
  spoken: string;
  onChoose: (id: number) => void;
}

function ConnectionRow({ row, index, isChosen, isFirst, opened, spoken, onChoose }: RowProps) {
  const w = useWords();
  // The same drawing as long as nothing changed: then nothing is compared.
  return useMemo(
    () => (
      <tr
        aria-rowindex={index}
        class={`${isChosen ? "chosen" : ""}${row.ended > 0 ? " ended" : ""}`}
        onClick={() => onChoose(row.id)}
      >
        <td class="room-0">
          <button type="button" aria-pressed={isChosen} tabIndex={isFirst ? 0 : -1}>
            {row.peer}
          </button>
          {row.own === 1 && <span class="tag">{w("ownMark")}</span>}
          <span class="under">{row.request || w("noRequest")}</span>
        </td>
        <td class="room-1 request" title={row.request}>
          {row.request || "–"}
        </td>
        <td class="room-0">
          <span class={`state-chip${row.state === "ESTABLISHED" ? " up" : ""}`}>
            {row.ended > 0 ? w("endedWord") : row.state}
          </span>
        </td>
        <td class="room-2 number">{opened}</td>
        {kColumns.slice(4).map(({ key, room }) => (
          <td
            key={key}
            class={`room-${room} number${key === "retransmissions" && row.retransmissions ? " hot" : ""}`}
          >
            {cellText(row, key)}
          </td>
        ))}
      </tr>
    ),
    [row, index, isChosen, isFirst, opened, spoken],
  );
}

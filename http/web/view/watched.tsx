// One connection: its ladder and everything beside it, now, or as it was after a selected packet.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Figure5 } from "../shared/figure5";
import { focusOf, rowNear, rowOfNumber, rowOfState, rowOfVariable, type Focus } from "../shared/focus";
import { Graphs } from "../shared/graphs";
import type { History, Position } from "../shared/history";
import { Icon } from "../shared/icons";
import { Ladder } from "../shared/ladder";
import { PacketPanel } from "../shared/packet_panel";
import { SequenceBars } from "../shared/sequence_bars";
import { useSignal } from "../shared/signal";
import { TcbTable } from "../shared/tcb_table";
import { language, useTexts } from "../shared/texts";
import type { Side } from "../shared/types";
import { cellText } from "./connection_order";
import type { Connection } from "./feed";
import type { LiveHistory } from "./live_history";
import { kNowhere } from "./place";
import type { Store } from "./store";
import { summaryOf } from "./summary";
import { TimersPane } from "./timers";
import { useWords } from "./words";

const kServer: Side = 1;

/// Where in the history it is looked at: behind the selected packet, or at its end.
function positionOf(history: History, place: number): Position {
  const index = place < 0 ? -1 : Math.max(history.left[place] ?? -1, history.came[place] ?? -1);
  if (index < 0) return { index: history.moments.length, time: history.now };
  return { index: index + 1, time: history.moments[index]![4] };
}

export function Watched({ store }: { store: Store }) {
  const w = useWords();
  const version = useSignal(store.version);
  useSignal(store.table);
  const place = useSignal(store.place);
  const watched = useSignal(store.watched);
  const hello = useSignal(store.hello);
  const live = useSignal(store.live);
  const selected = useSignal(store.selected);
  const isPaused = useSignal(store.isPaused);
  if (watched === 0 || !live) {
    if (place.isLast && hello) return <NoneOfYours store={store} />;
    return <NothingSelected store={store} isUnknown={place.connection > 0 && hello !== null} />;
  }
  const { history } = live;
  const row = live.placeOf(selected);
  const position = positionOf(history, row);
  const focus = focusOf(history, row);
  const select = (place: number) => place >= 0 && store.select(live.numberOf(place));
  const shown = { store, live, history, position, version, row, focus, select };
  const connection = store.connectionOf(watched);
  const when = momentWords(w, live, row, isPaused, (connection?.ended ?? 0) > 0);
  return (
    <section class="watched" id="connection" aria-labelledby="connection-title">
      <Title store={store} connection={connection} id={watched} />
      {place.isLast && <Reached store={store} />}
      <div class="left">
        <Summary {...shown} connection={connection} />
        <LadderPane {...shown} connection={connection} />
      </div>
      <div class="right">
        <PacketPane {...shown} />
        <TimersPane store={store} history={history} position={position} isPast={row >= 0} />
        <SequencePane {...shown} when={when} />
      </div>
      <div class="left">
        <GraphPane {...shown} />
        <StatesPane {...shown} when={when} />
      </div>
      <div class="right">
        <TcbPane {...shown} when={when} />
      </div>
    </section>
  );
}

/// Of which moment the panes beside the ladder speak.
function momentWords(
  w: ReturnType<typeof useWords>,
  live: LiveHistory,
  row: number,
  isPaused: boolean,
  hasEnded: boolean,
): string {
  if (row >= 0) return w("asOf");
  if (isPaused) return w("asPaused");
  if (live.waiting > 0) {
    return w("asFar", { n: live.numberOf(live.size - 1) + 1, more: live.waiting });
  }
  return w(hasEnded ? "asEnded" : "asNow");
}

interface Shown {
  store: Store;
  live: LiveHistory;
  history: History;
  position: Position;
  version: number;
  /// The selected one, in the history; what it has to do with all that is shown.
  row: number;
  focus: Focus | null;
  /// Selects a row of the history, if there is one.
  select: (place: number) => void;
}

function NothingSelected({ store, isUnknown }: { store: Store; isUnknown: boolean }) {
  const w = useWords();
  const table = useSignal(store.table);
  const newest = table.reduce<Connection | null>(
    (best, one) => (one.own === 0 && (!best || one.opened > best.opened) ? one : best),
    null,
  );
  return (
    <section class="pane nothing" id="connection">
      <svg viewBox="0 0 120 64" width="150" height="80" aria-hidden="true">
        <path class="rail" d="M16 4V60M104 4V60" />
        <path class="c-opening" d="M18 10 100 20m-8-5 8 5-9 3" />
        <path class="c-data" d="M102 26 20 36m8-5-8 5 9 3" />
        <path class="c-acknowledgment" d="M18 42 100 52m-8-5 8 5-9 3" />
      </svg>
      {isUnknown && <p class="wrong">{w("notKnown")}</p>}
      <h2>{w("nothingSelected")}</h2>
      <p>{w("nothingSelectedLong")}</p>
      <p class="row">
        {newest && (
          <button
            type="button"
            class="primary wide"
            onClick={() => store.goTo({ ...kNowhere, connection: newest.id })}
          >
            {w("newest")}
          </button>
        )}
        <a href="#last">{w("howReached")}</a>
      </p>
    </section>
  );
}

function NoneOfYours({ store }: { store: Store }) {
  const w = useWords();
  const client = useSignal(store.hello)?.client ?? "";
  return (
    <section class="pane nothing" id="connection">
      <h2>{w("howReached")}</h2>
      <p>{w("noneOfYours", { client })}</p>
      <p>
        <a href="/">{location.host}</a>
      </p>
    </section>
  );
}

function Reached({ store }: { store: Store }) {
  const w = useWords();
  const client = useSignal(store.hello)?.client ?? "";
  return (
    <div class="reached">
      <h3>{w("howReached")}</h3>
      <p>
        {w("howReachedLead", { client })} {w("sumLadder")}
      </p>
    </div>
  );
}

function Title({ store, connection, id }: { store: Store; connection: Connection | null; id: number }) {
  const w = useWords();
  const facts: [string, string][] = connection
    ? [
        [w("sent"), cellText(connection, "sent")],
        [w("received"), cellText(connection, "received")],
        ["cwnd", cellText(connection, "cwnd")],
        [w("inFlight"), cellText(connection, "flight")],
        ["SRTT", cellText(connection, "srtt")],
        ["RTO", cellText(connection, "rto")],
        [w("again"), cellText(connection, "retransmissions")],
      ]
    : [];
  return (
    <header class="connection-head">
      <div>
        <p class="eyebrow">{w("connectionTitle", { id })}</p>
        <h2 id="connection-title">
          {connection ? (
            <>
              {connection.peer} <span aria-hidden="true">⇄</span> {connection.local}
            </>
          ) : (
            w("connectionTitle", { id })
          )}
        </h2>
        {connection && (
          <p class="sub">
            <span class={`state-chip${connection.state === "ESTABLISHED" ? " up" : ""}`}>
              {connection.ended > 0 ? w("endedWord") : connection.state}
            </span>
            <code>{connection.request || w("noRequest")}</code>
          </p>
        )}
        {connection && connection.ended > 0 && <p class="how-ended">{endingOf(connection, w)}</p>}
      </div>
      <div class="row">
        <LinkMenu />
        <button
          type="button"
          class="quiet"
          aria-label={w("closeIt")}
          title={w("closeIt")}
          onClick={() => store.goTo(kNowhere)}
        >
          <Icon name="close" />
        </button>
      </div>
      {facts.length > 0 && (
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </header>
  );
}

/// Why it ended.
function endingOf({ ending }: Connection, w: ReturnType<typeof useWords>): string {
  return ending ? w("endedWhy", { why: ending.replaceAll(" -> ", " → ") }) : w("endedUnseen");
}

/// The address of what is seen. The clipboard's own interface exists only in secure contexts, so the
/// text is selected and copied as by the keyboard.
function LinkMenu() {
  const w = useWords();
  const [isOpen, setOpen] = useState(false);
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // At once: later it would undo what a quick hand has done since.
  useLayoutEffect(() => {
    if (isOpen) field.current!.select();
  }, [isOpen]);
  const turn = () => {
    setCopied(false);
    setOpen(!isOpen);
  };
  const copy = () => {
    field.current!.select();
    setCopied(document.execCommand("copy"));
  };
  return (
    <div
      class="menu at-right"
      onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
      onFocusOut={(event) =>
        !event.currentTarget.contains(event.relatedTarget as Node) && event.relatedTarget && setOpen(false)
      }
    >
      <button type="button" class="small" aria-expanded={isOpen} onClick={turn}>
        <Icon name="share" /> {w("link")}
      </button>
      {isOpen && (
        <div class="panel">
          <input ref={field} type="text" readOnly value={location.href} aria-label={w("link")} />
          <button type="button" class="small" onClick={copy}>
            <span role="status">{w(isCopied ? "copied" : "copy")}</span>
          </button>
        </div>
      )}
    </div>
  );
}

function Summary({ live, version, connection }: Shown & { connection: Connection | null }) {
  const w = useWords();
  const spoken = useSignal(language);
  const sentences = useMemo(() => summaryOf(live, connection, spoken), [live, version, connection, spoken]);
  if (sentences.length === 0) return null;
  return (
    <section class="pane summary" aria-label={w("summary")}>
      <h2>{w("summary")}</h2>
      <p class="prose">{sentences.join(spoken === "zh" ? "" : " ")}</p>
    </section>
  );
}

function LadderPane({
  store,
  live,
  history,
  version,
  row,
  connection,
}: Shown & { connection: Connection | null }) {
  const w = useWords();
  const t = useTexts();
  const position = { index: history.moments.length, time: history.now };
  const hidden = live.dropped;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Escape") store.select(-1);
    if (step === 0) return;
    event.preventDefault();
    let next = row < 0 ? history.rows.length - (step > 0 ? 0 : 1) : row + step;
    while (history.rows[next] && history.rows[next]!.kind !== 0) next += step;
    if (history.rows[next]) store.select(live.numberOf(next));
  };
  return (
    <div class="pane ladder-pane" onKeyDown={onKeyDown}>
      <header class="pane-head">
        <h2>{t("ladder")}</h2>
        <p>{w("ladderNote")}</p>
        {row >= 0 && (
          <button type="button" class="small now-button" onClick={() => store.select(-1)}>
            {w("nowButton")}
          </button>
        )}
      </header>
      {(hidden > 0 || live.missed > 0) && (
        <p class="hint bounded">
          {hidden > 0 && w("dropped", { n: hidden })} {live.missed > 0 && w("missed", { n: live.missed })}
        </p>
      )}
      <Ladder
        history={history}
        position={position}
        selected={row}
        onSelect={(one) => store.select(one === row ? -1 : live.numberOf(one))}
        label={t("ladder")}
        version={version}
        isGrowing
        {...(connection ? { addresses: [connection.peer, connection.local] as [string, string] } : {})}
        empty={
          <p class="empty waiting">{w(connection && connection.ended > 0 ? "noneKept" : "waitingFor")}</p>
        }
      />
      <p class="hint keys">{w("keys")}</p>
    </div>
  );
}

function PacketPane({ history, position, row }: Shown) {
  const t = useTexts();
  return (
    <section class="pane packet-pane" aria-label={t("packet")}>
      <h2>{t("packet")}</h2>
      <PacketPanel key={row} history={history} position={position} row={row} />
    </section>
  );
}

function StatesPane({ history, position, focus, select, when }: Shown & { when: string }) {
  const t = useTexts();
  const w = useWords();
  const paths: [string[], string[]] = [
    history.pathOf(0, 1, position.index),
    history.pathOf(1, 1, position.index),
  ];
  const label = `${w("stateMachine")}: ${t("client")} ${paths[0].join(" → ")}; ${t("server")} ${paths[1].join(" → ")}`;
  return (
    <section class="pane" aria-label={w("stateMachine")}>
      <header class="pane-head">
        <h2>{w("stateMachine")}</h2>
        <p>
          {when} · {w("peerGuess")}
        </p>
      </header>
      <Figure5
        paths={paths}
        label={label}
        lit={focus?.steps}
        onState={(state) => select(rowOfState(history, kServer, 1, position.index, state))}
      />
    </section>
  );
}

function SequencePane({ history, position, focus, select, when }: Shown & { when: string }) {
  const t = useTexts();
  return (
    <section class="pane" aria-label={t("sequence")}>
      <header class="pane-head">
        <h2>{t("sequence")}</h2>
        <p>{when}</p>
      </header>
      <SequenceBars
        history={history}
        position={position}
        connection={1}
        lit={focus?.spans}
        onNumber={(side, number) => select(rowOfNumber(history, side, 1, position.index, number))}
      />
    </section>
  );
}

function GraphPane({ history, position, version, focus, select }: Shown) {
  const t = useTexts();
  return (
    <section class="pane graph-pane" aria-label={t("graphs")}>
      <h2>{t("graphs")}</h2>
      <Graphs
        history={history}
        position={position}
        version={version}
        connection={1}
        first={kServer}
        picked={focus?.at}
        onSeek={(time) => select(rowNear(history, kServer, 1, time))}
      />
    </section>
  );
}

function TcbPane({ history, position, focus, select, when }: Shown & { when: string }) {
  const t = useTexts();
  const w = useWords();
  return (
    <section class="pane" aria-label={w("tcbOne")}>
      <header class="pane-head">
        <h2>{w("tcbOne")}</h2>
        <p>
          {when} · {t("tcbNote")}
        </p>
      </header>
      <TcbTable
        history={history}
        position={position}
        connection={1}
        sides={[kServer]}
        lit={focus?.changed}
        onVariable={(side, key) => select(rowOfVariable(history, side, 1, position.index, key))}
      />
    </section>
  );
}

// The lab page, put together.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Figure5 } from "../shared/figure5";
import { focusOf, rowNear, rowOfNumber, rowOfState, rowOfVariable } from "../shared/focus";
import { prefersStillness } from "../shared/appearance";
import { Graphs } from "../shared/graphs";
import { Icon } from "../shared/icons";
import { Ladder } from "../shared/ladder";
import { Legend } from "../shared/legend";
import { PacketPanel } from "../shared/packet_panel";
import { SequenceBars } from "../shared/sequence_bars";
import { useSignal } from "../shared/signal";
import { TcbTable } from "../shared/tcb_table";
import { language, useTexts } from "../shared/texts";
import { TimerList } from "../shared/timers";
import { Header } from "./header";
import { Interfere } from "./interfere";
import { Knobs } from "./knobs";
import { Own } from "./own";
import { Picker } from "./picker";
import { Predict } from "./predict";
import { Answer, storyOf } from "./story";
import { Title } from "./title";
import { Transport } from "./transport";
import type { Side } from "../shared/types";
import type { Run, Store } from "./store";

type Dialog = "none" | "scenarios" | "knobs" | "own";

export function App({ store }: { store: Store }) {
  const t = useTexts();
  const spoken = useSignal(language);
  const failure = useSignal(store.failure);
  const base = useSignal(store.base);
  const isComparing = useSignal(store.isComparing);
  const run = useSignal(store.run);
  const [dialog, setDialog] = useState<Dialog>("none");
  // A dialog that closes tells so late, when another one may be open already.
  const closed = (which: Dialog) => () => setDialog((open) => (open === which ? "none" : open));
  useEffect(() => {
    document.documentElement.lang = spoken === "zh" ? "zh-CN" : "en";
  }, [spoken]);
  useEffect(() => listenToKeys(store), [store]);
  const both = base && isComparing;
  return (
    <>
      <a class="skip" href="#ladder">
        {t("skip")}
      </a>
      <Header onPick={() => setDialog("scenarios")} />
      <main class={both ? "comparing" : ""}>
        <Title store={store} onKnobs={() => setDialog("knobs")} />
        {failure && (
          <p class="wrong" role="alert">
            {failure}
          </p>
        )}
        <Transport store={store} />
        <div class="left">
          <Predict store={store} />
          <div class="stage" id="ladder">
            {both && <LadderPane store={store} run={base} title={t("original")} />}
            <LadderPane store={store} run={run} title={both ? t("fork") : t("ladder")} isMain />
          </div>
          <GraphPane store={store} />
          <Answer store={store} />
        </div>
        <aside>
          <PacketPane store={store} />
          <StatesPane store={store} />
          <TimersPane store={store} />
          <SequencePane store={store} />
          <TcbPane store={store} />
        </aside>
        <Legend />
      </main>
      <Picker
        store={store}
        isOpen={dialog === "scenarios"}
        onClose={closed("scenarios")}
        onOwn={() => setDialog("own")}
      />
      <Knobs store={store} isOpen={dialog === "knobs"} onClose={closed("knobs")} />
      <Own store={store} isOpen={dialog === "own"} onClose={closed("own")} />
    </>
  );
}

/// Space, arrows, Home and End, wherever nothing else wants them.
function listenToKeys(store: Store): () => void {
  const listen = (event: KeyboardEvent) => {
    const at = event.target as HTMLElement;
    const isTaken = at.closest("input, select, textarea, dialog, summary, a");
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken) return;
    const { history } = store.run.value;
    const { index } = store.position.value;
    const go = (to: number) => {
      store.isPlaying.value = false;
      store.goToIndex(to);
      event.preventDefault();
    };
    if (event.key === "ArrowRight") go(history.next(index));
    else if (event.key === "ArrowLeft") go(history.previous(index));
    else if (event.key === "Escape") store.selected.value = -1;
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(history.moments.length);
    else if (event.key === " " && !at.closest("button")) {
      store.isPlaying.value = !store.isPlaying.value;
      event.preventDefault();
    }
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

function LadderPane({
  store,
  run,
  title,
  isMain,
}: {
  store: Store;
  run: Run;
  title: string;
  isMain?: boolean;
}) {
  const t = useTexts();
  const version = useSignal(store.version);
  const shared = useSignal(store.position);
  const selected = useSignal(store.selected);
  const wanted = useSignal(store.wanted);
  const { history } = run;
  const isShared = run === store.run.value;
  const position = isShared ? shared : { index: history.indexAt(shared.time), time: shared.time };
  const isLoading = history.moments.length === 0 && !run.error;
  return (
    <div class="pane ladder-pane">
      <header class="pane-head">
        <h2>{title}</h2>
        <p>{isLoading ? t("loading") : history.isOver ? t("ladderHint") : t("running")}</p>
      </header>
      <Ladder
        history={history}
        position={position}
        selected={isShared ? selected : -1}
        onSelect={(row) => isShared && store.choose(row)}
        label={title}
        version={version}
        empty={isMain && !isLoading && !wanted && history.moments.length > 0 && <Invitation store={store} />}
      />
      {isShared && history.rows[selected]?.kind === 0 && (
        <Interfere key={selected} store={store} row={selected} />
      )}
      {history.isOver && position.index >= history.moments.length && (
        <p class="ending">
          {t(history.ending === 0 ? "endQuiet" : history.ending === 1 ? "endTime" : "endLong")}
        </p>
      )}
    </div>
  );
}

/// What stands where the ladder will be: what to think of first, and how to begin.
function Invitation({ store }: { store: Store }) {
  const t = useTexts();
  useSignal(store.version);
  useSignal(language);
  const story = storyOf(store);
  const play = () => {
    if (prefersStillness()) store.goToIndex(store.run.value.history.next(0));
    else store.isPlaying.value = true;
  };
  return (
    <div class="invitation">
      {story?.predict && (
        <>
          <h3>{t("predictFirst")}</h3>
          <p>{story.predict}</p>
        </>
      )}
      <p class="row">
        <button type="button" class="primary wide" onClick={play}>
          <Icon name="play" /> {t("play")}
        </button>
        <button
          type="button"
          class="small"
          onClick={() => store.goToIndex(store.run.value.history.moments.length)}
        >
          {t("showAll")}
        </button>
      </p>
      <p class="hint keys">{t("keys")}</p>
    </div>
  );
}

function PacketPane({ store }: { store: Store }) {
  const t = useTexts();
  useSignal(store.version);
  const run = useSignal(store.run);
  const position = useSignal(store.position);
  const selected = useSignal(store.selected);
  return (
    <section class="pane" aria-label={t("packet")}>
      <h2>{t("packet")}</h2>
      <PacketPanel key={selected} history={run.history} position={position} row={selected} />
    </section>
  );
}

/// Which of several connections the panels show.
function ConnectionChoice({ store }: { store: Store }) {
  const t = useTexts();
  const run = useSignal(store.run);
  const connection = useSignal(store.connection);
  if (run.history.connections.size < 2) return null;
  return (
    <label class="speed">
      <span>{t("connection")}</span>
      <select
        value={connection}
        onChange={(event) => (store.connection.value = Number(event.currentTarget.value))}
      >
        {[...run.history.connections]
          .sort((a, b) => a - b)
          .map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
      </select>
    </label>
  );
}

/// What the panels beside the ladder show: one connection of the run, at one moment; and what has to
/// do with the packet that is selected.
function useShown(store: Store) {
  const version = useSignal(store.version);
  const { history, scenario } = useSignal(store.run);
  const position = useSignal(store.position);
  const connection = useSignal(store.connection);
  const selected = useSignal(store.selected);
  const focus = useMemo(() => focusOf(history, selected), [history, version, selected]);
  // What has not happened yet is not given away.
  const select = (row: number) => {
    if (row >= 0 && history.left[row]! < store.position.value.index) store.selected.value = row;
  };
  return { version, history, scenario, position, connection, focus, select };
}

function StatesPane({ store }: { store: Store }) {
  const t = useTexts();
  const { history, position, connection, focus, select } = useShown(store);
  const choose = (side: Side, state: string) =>
    select(rowOfState(history, side, connection, position.index, state));
  const paths: [string[], string[]] = [
    history.pathOf(0, connection, position.index),
    history.pathOf(1, connection, position.index),
  ];
  const label = `${t("states")}: ${t("client")} ${paths[0].join(" → ")}; ${t("server")} ${paths[1].join(" → ")}`;
  return (
    <section class="pane" aria-label={t("states")}>
      <header class="pane-head">
        <h2>{t("states")}</h2>
        <p>{t("statesNote")}</p>
        <ConnectionChoice store={store} />
      </header>
      <Figure5
        paths={paths}
        label={label}
        lit={focus?.steps}
        onState={(state) => choose(paths[1].at(-1) === state || !paths[0].includes(state) ? 1 : 0, state)}
      />
      {([0, 1] as Side[]).map((side) => (
        <Path key={side} side={side} path={paths[side]} onState={(state) => choose(side, state)} />
      ))}
    </section>
  );
}

/// The states that a side went through, in order; each leads to what brought it.
function Path({ side, path, onState }: { side: Side; path: string[]; onState: (state: string) => void }) {
  const t = useTexts();
  const name = t(side === 0 ? "client" : "server");
  return (
    <ol class={`path side-${side}`} aria-label={`${name}: ${t("path")}`}>
      <li class="whose" aria-hidden="true">
        {name}
      </li>
      {path.map((state, i) => (
        <li key={i}>
          {i === 0 ? (
            state
          ) : (
            <button type="button" title={t("whatChangedIt")} onClick={() => onState(state)}>
              {state}
            </button>
          )}
        </li>
      ))}
    </ol>
  );
}

function TimersPane({ store }: { store: Store }) {
  const t = useTexts();
  const { history, position, connection, focus, select } = useShown(store);
  return (
    <section class="pane" aria-label={t("timers")}>
      <header class="pane-head">
        <h2>{t("timers")}</h2>
        <p>{t("timersNote")}</p>
      </header>
      <TimerList
        history={history}
        position={position}
        connection={connection}
        lit={focus?.moments}
        onMoment={(moment) => select(history.moments[moment]![1])}
      />
    </section>
  );
}

function SequencePane({ store }: { store: Store }) {
  const t = useTexts();
  const { history, position, connection, focus, select } = useShown(store);
  return (
    <section class="pane" aria-label={t("sequence")}>
      <h2>{t("sequence")}</h2>
      <SequenceBars
        history={history}
        position={position}
        connection={connection}
        lit={focus?.spans}
        onNumber={(side, number) => select(rowOfNumber(history, side, connection, position.index, number))}
      />
    </section>
  );
}

function GraphPane({ store }: { store: Store }) {
  const t = useTexts();
  const { version, history, scenario, position, connection, focus, select } = useShown(store);
  return (
    <section class="pane graph-pane" aria-label={t("graphs")}>
      <h2>{t("graphs")}</h2>
      <Graphs
        history={history}
        position={position}
        version={version}
        connection={connection}
        first={scenario?.watched ?? 0}
        picked={focus?.at}
        hidesFuture
        onSide={(side) => (store.graphSide.value = side)}
        onSeek={(time, side) => {
          store.goToTime(time);
          select(rowNear(history, side, connection, time));
        }}
      />
    </section>
  );
}

function TcbPane({ store }: { store: Store }) {
  const t = useTexts();
  const { history, position, connection, focus, select } = useShown(store);
  return (
    <section class="pane" aria-label={t("tcb")}>
      <header class="pane-head">
        <h2>{t("tcb")}</h2>
        <p>{t("tcbNote")}</p>
      </header>
      <TcbTable
        history={history}
        position={position}
        connection={connection}
        lit={focus?.changed}
        onVariable={(side, key) => select(rowOfVariable(history, side, connection, position.index, key))}
      />
    </section>
  );
}

// The timers of the connection: counting down now, or as they stood behind the selected packet.
import { useEffect, useReducer, useRef } from "preact/hooks";
import { timeText } from "../shared/format";
import type { History, Position } from "../shared/history";
import { useSignal } from "../shared/signal";
import { tables } from "../shared/tables";
import { language } from "../shared/texts";
import { timerName } from "../shared/timers";
import type { Store } from "./store";
import { useWords } from "./words";

const kTickMs = 100;

interface Timer {
  name: string;
  /// ns that are left, and that it had when it was set or seen first.
  left: number;
  whole: number;
}

interface Props {
  store: Store;
  history: History;
  position: Position;
  isPast: boolean;
}

export function TimersPane({ store, history, position, isPast }: Props) {
  const w = useWords();
  const running = useRunning(store, isPast);
  const isPaused = useSignal(store.isPaused);
  const timers: Timer[] = isPast
    ? history.timersOf(1, 1, position.index).map(({ name, end, set }) => ({
        name,
        left: Math.max(end - position.time, 0),
        whole: Math.max(end - set, 1),
      }))
    : running;
  return (
    <section class="pane live-timers" aria-label={w("timers")}>
      <header class="pane-head">
        <h2>{w("timers")}</h2>
        <p>{w(isPast ? "asOf" : isPaused ? "asPaused" : "asNow")}</p>
      </header>
      {timers.length === 0 && <p class="hint">{w("noTimers")}</p>}
      <ul>
        {timers.map((timer) => (
          <Countdown key={timer.name} timer={timer} />
        ))}
      </ul>
    </section>
  );
}

/// The timers that run now; drawn again while they run.
function useRunning(store: Store, isPast: boolean): Timer[] {
  const timers = useSignal(store.timers);
  const state = useSignal(store.state);
  const isPaused = useSignal(store.isPaused);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const whole = useRef(new Map<string, number>());
  const runs = timers.length > 0 && state === "live" && !isPaused && !isPast;
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => tick(undefined as never), kTickMs);
    return () => clearInterval(timer);
  }, [runs]);
  const now = store.serverNow();
  const kept = whole.current;
  for (const key of [...kept.keys()]) {
    if (!timers.some(([name, deadline]) => `${name} ${deadline}` === key)) kept.delete(key);
  }
  return timers.map(([name, deadline]) => {
    const left = Math.max(deadline - now, 0);
    const key = `${name} ${deadline}`;
    if (!kept.has(key)) kept.set(key, Math.max(left, 1));
    return { name, left, whole: kept.get(key)! };
  });
}

function Countdown({ timer: { name, left, whole } }: { timer: Timer }) {
  const w = useWords();
  const spoken = useSignal(language);
  const info = tables.timers.find(({ key }) => key === name);
  return (
    <li>
      <span class="line">
        <b>{timerName(name, spoken)}</b>
        <span class="amount">{left > 0 ? timeText(Math.ceil(left / 1e6) * 1e6) : w("due")}</span>
      </span>
      <span class="bar" aria-hidden="true">
        <i style={{ transform: `scaleX(${Math.min(left / whole, 1)})` }} />
      </span>
      {info && (
        <small>
          {info[spoken]} <span class="rfc">{info.rfc}</span>
        </small>
      )}
    </li>
  );
}

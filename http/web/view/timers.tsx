// The timers of the connection, counting down.
import { useEffect, useReducer, useRef } from "preact/hooks";
import { timeText } from "../shared/format";
import { useSignal } from "../shared/signal";
import type { Store } from "./store";
import { useWords } from "./words";

const kTickMs = 100;

export function TimersPane({ store }: { store: Store }) {
  const w = useWords();
  const timers = useSignal(store.timers);
  const state = useSignal(store.state);
  const isPaused = useSignal(store.isPaused);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  // How much was left of each when it was seen first.
  const whole = useRef(new Map<string, number>());
  const runs = timers.length > 0 && state === "live" && !isPaused;
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
  return (
    <section class="pane timers" aria-label={w("timers")}>
      <header class="pane-head">
        <h2>{w("timers")}</h2>
        <p>{w("asNow")}</p>
      </header>
      {timers.length === 0 && <p class="hint">{w("noTimers")}</p>}
      <ul>
        {timers.map(([name, deadline, words]) => {
          const left = Math.max(deadline - now, 0);
          const key = `${name} ${deadline}`;
          if (!kept.has(key)) kept.set(key, Math.max(left, 1));
          return (
            <li key={name}>
              <span class="line">
                <b>{name}</b>
                <span class="amount">{left > 0 ? timeText(Math.ceil(left / 1e6) * 1e6) : w("due")}</span>
              </span>
              <span class="bar" aria-hidden="true">
                <i style={{ transform: `scaleX(${Math.min(left / kept.get(key)!, 1)})` }} />
              </span>
              {words && <small>{words}</small>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

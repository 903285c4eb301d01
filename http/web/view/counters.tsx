// How often each reason, verdict and limit acted since the server started.
import { numberText } from "../shared/format";
import { useSignal } from "../shared/signal";
import { kCounterKinds, type Counter } from "./feed";
import type { Store } from "./store";
import { useWords } from "./words";

export function CountersPane({ store }: { store: Store }) {
  const w = useWords();
  const counters = useSignal(store.counters);
  return (
    <section class="pane counters" aria-labelledby="counters-title">
      <h2 id="counters-title">{w("counters")}</h2>
      <div class="columns">
        {kCounterKinds.map((kind) => (
          <CounterList key={kind} title={w(kind)} counters={counters[kind]} />
        ))}
      </div>
    </section>
  );
}

function CounterList({ title, counters }: { title: string; counters: Counter[] }) {
  const w = useWords();
  const most = counters.reduce((sum, [, , n]) => Math.max(sum, n), 1);
  return (
    <div>
      <h3>{title}</h3>
      {counters.length === 0 && <p class="hint">{w("noCounters")}</p>}
      <ul>
        {counters.map(([key, sentence, n]) => (
          <li key={key}>
            <span class="line">
              <b>{key}</b>
              <span class="amount">{numberText(n)}</span>
            </span>
            <span class="bar" aria-hidden="true">
              <i style={{ width: `${(100 * n) / most}%` }} />
            </span>
            <small>{sentence}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}

// The live view, put together.
import { useEffect, useReducer, useState } from "preact/hooks";
import { numberText } from "../shared/format";
import { Legend } from "../shared/legend";
import { useSignal } from "../shared/signal";
import { language } from "../shared/texts";
import { rateText } from "./amounts";
import { ConnectionsPane } from "./connections";
import { CountersPane } from "./counters";
import { Head, Notices, Status } from "./head";
import type { Store } from "./store";
import { SwitchesDialog } from "./switches";
import { Watched } from "./watched";
import { useWords } from "./words";

export function App({ store }: { store: Store }) {
  const w = useWords();
  const spoken = useSignal(language);
  const [isTurning, setTurning] = useState(false);
  useEffect(() => {
    document.documentElement.lang = spoken === "zh" ? "zh-CN" : "en";
    document.title = `glasstcp · ${w("title")}`;
  }, [spoken]);
  return (
    <>
      <a class="skip" href="#connection" onClick={toConnection}>
        {w("skipTable")}
      </a>
      <Head store={store} onSwitches={() => setTurning(true)} />
      <main class="view">
        <TitleRow store={store} />
        <Notices store={store} />
        <ConnectionsPane store={store} />
        <Watched store={store} />
        <CountersPane store={store} />
        <Legend />
      </main>
      <SwitchesDialog store={store} isOpen={isTurning} onClose={() => setTurning(false)} />
    </>
  );
}

/// The fragment of the address says what is looked at, so that no other link may change it.
function toConnection(event: MouseEvent): void {
  event.preventDefault();
  const target = document.getElementById("connection");
  target?.setAttribute("tabindex", "-1");
  target?.focus();
  target?.scrollIntoView();
}

function TitleRow({ store }: { store: Store }) {
  const w = useWords();
  const hello = useSignal(store.hello);
  return (
    <section class="title-row">
      <div>
        <p class="eyebrow">{hello ? `${hello.program} · ${hello.address.join(" · ")}` : location.host}</p>
        <h1>{w("title")}</h1>
        <p class="lead">{w("lead")}</p>
        <Status store={store} />
      </div>
      <Tiles store={store} />
    </section>
  );
}

const kStaleNs = 2.5e9;

function Tiles({ store }: { store: Store }) {
  const w = useWords();
  const total = useSignal(store.total);
  const rates = useSignal(store.rates);
  const table = useSignal(store.table);
  const state = useSignal(store.state);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => tick(undefined as never), 2_000);
    return () => clearInterval(timer);
  }, []);
  // Where nothing changes nothing is told.
  const isStale = state !== "live" || store.serverNow() - rates.at > kStaleNs;
  const again = table.reduce((sum, row) => sum + (row.own ? 0 : (row.retransmissions ?? 0)), 0);
  const tiles: [string, string, string][] = [
    [w("connections"), numberText(total), w("open")],
    [w("sending"), rateText(isStale ? 0 : rates.sent), ""],
    [w("receiving"), rateText(isStale ? 0 : rates.received), ""],
    [w("again"), numberText(again), w("packetsUnit")],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, unit]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value} {unit && <small>{unit}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

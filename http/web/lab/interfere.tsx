// What somebody may do to a packet: lose, delay or duplicate it. Then history forks.
import { useState } from "preact/hooks";
import { useTexts } from "../shared/texts";
import type { Store } from "./store";

export function Interfere({ store, row }: { store: Store; row: number }) {
  const t = useTexts();
  const way = Math.max(
    Math.round((store.run.value.history.rows[row]!.arrived - store.run.value.history.rows[row]!.at) / 1e6),
    10,
  );
  const [by, setBy] = useState(way * 2);
  if (store.run.value.history.ordinal(row) === 0) return null;
  return (
    <section class="interfere">
      <h3>{t("interfere")}</h3>
      <div class="row">
        <button type="button" onClick={() => store.interfere("lose", row, 0)}>
          {t("lose")}
        </button>
        <button type="button" onClick={() => store.interfere("duplicate", row, by)}>
          {t("duplicate")}
        </button>
        <button type="button" onClick={() => store.interfere("delay", row, by)}>
          {t("delay")}
        </button>
        <label>
          {t("by")}{" "}
          <input
            type="number"
            min={1}
            max={60000}
            value={by}
            onInput={(event) => setBy(Math.min(Math.max(Number(event.currentTarget.value) || 1, 1), 60_000))}
          />{" "}
          ms
        </label>
      </div>
    </section>
  );
}

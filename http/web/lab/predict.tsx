// Predict mode: before a packet leaves, the run stops and asks what it will be. Right and wrong are
// kept in this browser and nowhere else: practice, no marks.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { recall, remember } from "../shared/memory";
import { useSignal } from "../shared/signal";
import { classNamed } from "../shared/tables";
import { useTexts } from "../shared/texts";
import type { History } from "../shared/history";
import type { Row, Side } from "../shared/types";
import type { Store } from "./store";

export interface Choice {
  side: Side;
  label: string;
}

function isSame(a: Choice, b: Choice): boolean {
  return a.side === b.side && a.label === b.label;
}

/// The packet and three that it is not, in an order that only depends on which packet it is.
export function choicesFor(history: History, number: number): Choice[] {
  const row = history.rows[number]!;
  const right: Choice = { side: row.side, label: row.label! };
  const flags = right.label.split(" ")[0]!;
  const far: Side = row.side === 0 ? 1 : 0;
  const written = (seq: number, ack: number, len: number, name = flags) =>
    `${name} seq=${seq}${name === "SYN" ? "" : ` ack=${ack}`}${len > 0 ? ` len=${len}` : ""}`;
  const { seq = 0, ack = 0, len = 0 } = row;
  const wrong: Choice[] = [
    {
      side: row.side,
      label: written(seq, ack + (ack === 0 ? 1 : -1), len, flags === "SYN" ? "SYN-ACK" : flags),
    },
    { side: far, label: written(ack, seq + Math.max(len, 1), 0, "ACK") },
    ...nearby(history, number).map((one) => ({ side: one.side, label: one.label! })),
    { side: far, label: written(ack, seq, 0, "RST-ACK") },
    { side: row.side, label: written(seq + Math.max(len, 1), ack, len) },
  ];
  const chosen: Choice[] = [right];
  for (const one of wrong) {
    if (chosen.length < 4 && !chosen.some((other) => isSame(one, other))) chosen.push(one);
  }
  const turn = number % chosen.length;
  return [...chosen.slice(turn), ...chosen.slice(0, turn)];
}

function nearby(history: History, number: number): Row[] {
  return history.rows
    .slice(Math.max(number - 6, 0), number + 8)
    .filter((row) => row.kind === 0 && row.i !== number && row.label);
}

function scoreOf(name: string): { right: number; all: number } {
  const kept = /^(\d+)\/(\d+)$/.exec(recall(`score-${name}`) ?? "");
  return { right: Number(kept?.[1] ?? 0), all: Number(kept?.[2] ?? 0) };
}

export function Predict({ store }: { store: Store }) {
  const t = useTexts();
  const run = useSignal(store.run);
  const asked = useSignal(store.asked);
  const answer = useSignal(store.answer);
  const box = useRef<HTMLElement>(null);
  const choices = useMemo(() => (asked < 0 ? [] : choicesFor(run.history, asked)), [run, asked]);
  useEffect(() => {
    if (asked >= 0) box.current?.focus({ preventScroll: true });
  }, [asked]);
  if (asked < 0) return null;
  const row = run.history.rows[asked]!;
  const right: Choice = { side: row.side, label: row.label! };
  const score = scoreOf(run.spec.name);
  const choose = (choice: Choice) => {
    if (store.answer.value) return;
    const now = { right: score.right + (isSame(choice, right) ? 1 : 0), all: score.all + 1 };
    remember(`score-${run.spec.name}`, `${now.right}/${now.all}`);
    store.answer.value = choice;
  };
  const textOf = ({ side, label }: Choice) => (
    <>
      <b>{t(side === 0 ? "client" : "server")}</b> <code>{label}</code>
    </>
  );
  return (
    <section class="predict pane" tabIndex={-1} ref={box} aria-label={t("predictAsk")}>
      <header class="pane-head">
        <h2>{t("predictAsk")}</h2>
        {score.all > 0 && <p>{t("predictScore", score)}</p>}
      </header>
      {!answer ? (
        <ul>
          {choices.map((choice, i) => (
            <li key={i}>
              <button type="button" onClick={() => choose(choice)}>
                {textOf(choice)}
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <div role="status">
          <p class={`c-${row.class}`}>
            <b>{t(isSame(answer, right) ? "predictRight" : "predictWrong")}</b>{" "}
            <span class="mark" aria-hidden="true">
              {classNamed(row.class).mark}
            </span>{" "}
            {textOf(right)}
          </p>
          <p class="prose">{row.why}</p>
          <p class="row">
            <button type="button" class="primary wide" onClick={() => store.goOn()}>
              {t("go")}
            </button>
          </p>
        </div>
      )}
    </section>
  );
}

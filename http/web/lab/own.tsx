// A scenario of one's own: sliders of the link, what both applications do, and the text that this
// makes, which may be changed further. `glasstcp lab` reads the same text.
import { useState } from "preact/hooks";
import { useDialog } from "../shared/dialog";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { useTexts, type TextKey } from "../shared/texts";
import { kFirstForm, textOfForm, type Form, type Way } from "./build_text";
import { kOwnName, type Store } from "./store";

interface Slider {
  key: keyof Way;
  name: TextKey;
  unit: string;
  max: number;
  step: number;
}

const kSliders: Slider[] = [
  { key: "delayMs", name: "ownDelay", unit: "ms", max: 300, step: 1 },
  { key: "jitterMs", name: "ownJitter", unit: "ms", max: 100, step: 1 },
  { key: "lossPercent", name: "ownLoss", unit: "%", max: 30, step: 0.5 },
  { key: "reorderPercent", name: "ownReorder", unit: "%", max: 30, step: 0.5 },
  { key: "duplicatePercent", name: "ownDuplicate", unit: "%", max: 30, step: 0.5 },
  { key: "rateMbit", name: "ownRate", unit: "Mbit/s", max: 20, step: 0.25 },
  { key: "queue", name: "ownQueue", unit: "", max: 200, step: 1 },
];

export function Own({ store, isOpen, onClose }: { store: Store; isOpen: boolean; onClose: () => void }) {
  const t = useTexts();
  const run = useSignal(store.run);
  const [form, setForm] = useState<Form>(kFirstForm);
  const [text, setText] = useState(run.spec.name === kOwnName ? run.spec.text : textOfForm(kFirstForm));
  const dialog = useDialog(isOpen, onClose);
  const change = (more: Partial<Form>) => {
    const next = { ...form, ...more };
    setForm(next);
    setText(textOfForm(next));
  };
  const begin = () => {
    store.begin({ name: kOwnName, text, seed: run.spec.seed, settings: [], edits: [] });
    onClose();
  };
  return (
    <dialog class="own" aria-labelledby="own-title" {...dialog}>
      <div class="dialog-head">
        <h2 id="own-title">{t("ownTitle")}</h2>
        <button type="button" class="primary wide" onClick={begin}>
          {t("ownRun")}
        </button>
        <button type="button" class="quiet" onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">
        <div class="own-form">
          {([0, 1] as const).map((side) => (
            <Sliders
              key={side}
              title={t("towards", { side: t(side === 0 ? "client" : "server") })}
              way={form.ways[side]}
              onChange={(way) => change({ ways: side === 0 ? [way, form.ways[1]] : [form.ways[0], way] })}
            />
          ))}
          <Applications form={form} onChange={change} />
        </div>
        <label class="own-text">
          <span>{t("ownText")}</span>
          <textarea
            spellcheck={false}
            rows={16}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <p class="hint">
          {t("ownHelp")}{" "}
          {run.spec.name !== kOwnName && (
            <button type="button" class="small" onClick={() => setText(run.spec.text)}>
              {t("ownTake", { name: run.spec.name })}
            </button>
          )}
        </p>
      </div>
    </dialog>
  );
}

function Sliders({ title, way, onChange }: { title: string; way: Way; onChange: (way: Way) => void }) {
  const t = useTexts();
  return (
    <fieldset>
      <legend>{title}</legend>
      {kSliders.map(({ key, name, unit, max, step }) => (
        <label key={key} class="slider">
          <span>{t(name)}</span>
          <input
            type="range"
            min={key === "queue" ? 1 : 0}
            max={max}
            step={step}
            value={way[key]}
            onInput={(event) => onChange({ ...way, [key]: Number(event.currentTarget.value) })}
          />
          <output>
            {key === "rateMbit" && way[key] === 0 ? "∞" : way[key]} {unit}
          </output>
        </label>
      ))}
    </fieldset>
  );
}

function Applications({ form, onChange }: { form: Form; onChange: (more: Partial<Form>) => void }) {
  const t = useTexts();
  const number = (
    key: "clientWrites" | "serverWrites" | "readBytes" | "readEveryMs",
    name: string,
    most: number,
  ) => (
    <label class="slider">
      <span>{name}</span>
      <input
        type="number"
        min={key.startsWith("read") ? 1 : 0}
        max={most}
        value={form[key]}
        onInput={(event) => {
          const least = key.startsWith("read") ? 1 : 0;
          const value = Math.round(Number(event.currentTarget.value)) || 0;
          onChange({ [key]: Math.min(Math.max(value, least), most) });
        }}
      />
    </label>
  );
  const choice = <K extends "reading" | "closer" | "ending">(
    key: K,
    name: string,
    all: [Form[K], string][],
  ) => (
    <label class="slider">
      <span>{name}</span>
      <select
        value={form[key]}
        onChange={(event) => onChange({ [key]: event.currentTarget.value as Form[K] })}
      >
        {all.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <fieldset>
      <legend>{t("ownApplications")}</legend>
      {number("clientWrites", t("ownWrites", { side: t("client") }), 10_000_000)}
      {number("serverWrites", t("ownWrites", { side: t("server") }), 10_000_000)}
      {choice("reading", t("ownReads"), [
        ["all", t("ownReadsAll")],
        ["slowly", t("ownReadsSlowly")],
        ["never", t("ownReadsNever")],
      ])}
      {form.reading === "slowly" && number("readBytes", t("ownReadBytes"), 1_000_000)}
      {form.reading === "slowly" && number("readEveryMs", t("ownReadEvery"), 10_000)}
      {choice("closer", t("ownCloser"), [
        ["client", t("client")],
        ["server", t("server")],
      ])}
      {choice("ending", t("ownEnding"), [
        ["close", t("ownClose")],
        ["abort", t("ownAbort")],
      ])}
    </fieldset>
  );
}
